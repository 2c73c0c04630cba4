"""Temporal motifs from video and sensor series, and when each occurred.

Examples
--------
>>> import motifmine as mm
>>> table = mm.simulate(n_motifs=2, n_times=600, seed=2).table
>>> fit = mm.Plsm().fit(table)
>>> fit.motifs.weight.shape
(2,)
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING

from motifmine.version import __version__

if TYPE_CHECKING:
    from motifmine.api.features import MotifFeatures
    from motifmine.api.fit import Fit, Motifs, compare_fits, evaluate, load_fit
    from motifmine.api.models import Hdlsm, Plsm, Tcae, fit_model
    from motifmine.api.tables import Table, extract
    from motifmine.errors import MotifmineError
    from motifmine.records.truth import Truth
    from motifmine.simulation import simulate

# written out, not found by a search: an import of every module would take seconds
HOMES = {
    "Fit": "motifmine.api.fit",
    "Hdlsm": "motifmine.api.models",
    "MotifFeatures": "motifmine.api.features",
    "MotifmineError": "motifmine.errors",
    "Motifs": "motifmine.api.fit",
    "Plsm": "motifmine.api.models",
    "Table": "motifmine.api.tables",
    "Tcae": "motifmine.api.models",
    "Truth": "motifmine.records.truth",
    "compare_fits": "motifmine.api.fit",
    "evaluate": "motifmine.api.fit",
    "extract": "motifmine.api.tables",
    "fit_model": "motifmine.api.models",
    "load_fit": "motifmine.api.fit",
    "simulate": "motifmine.simulation",
}

__all__ = [
    "Fit",
    "Hdlsm",
    "MotifFeatures",
    "MotifmineError",
    "Motifs",
    "Plsm",
    "Table",
    "Tcae",
    "Truth",
    "__version__",
    "compare_fits",
    "evaluate",
    "extract",
    "fit_model",
    "load_fit",
    "simulate",
]


# names that the next minor version no longer has: their home, and what to use instead
DEPRECATED = {
    "locate": ("motifmine.workflows.mine", "Fit.locate"),
    "mine": ("motifmine.workflows.mine", "fit_model"),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import motifmine` stays light."""
    if name in DEPRECATED:
        home, successor = DEPRECATED[name]
        message = f"motifmine.{name} is deprecated and goes in the next minor version"
        # the caller's line, so that Python shows the warning in scripts and pytest
        warnings.warn(f"{message}; use motifmine.{successor}", DeprecationWarning, stacklevel=2)
        return getattr(import_module(home), name)
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module 'motifmine' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names, which are not attributes yet before their first use."""
    return sorted(__all__)
