"""Temporal motifs from video and sensor series, and when each occurred."""

from importlib import import_module
from typing import TYPE_CHECKING

from motifmine.version import __version__

if TYPE_CHECKING:
    from motifmine.analysis.comparison import compare_fits
    from motifmine.analysis.evaluation import evaluate
    from motifmine.models.hdlsm.fitted import HdlsmFit
    from motifmine.models.hdlsm.model import Hdlsm
    from motifmine.models.plsm.model import Plsm, PlsmFit
    from motifmine.models.tcae.model import Tcae, TcaeFit
    from motifmine.records.truth import Truth
    from motifmine.simulation import simulate
    from motifmine.workflows.mine import locate, mine

HOMES = {
    "Hdlsm": "motifmine.models.hdlsm.model",
    "HdlsmFit": "motifmine.models.hdlsm.fitted",
    "Plsm": "motifmine.models.plsm.model",
    "PlsmFit": "motifmine.models.plsm.model",
    "Tcae": "motifmine.models.tcae.model",
    "TcaeFit": "motifmine.models.tcae.model",
    "Truth": "motifmine.records.truth",
    "compare_fits": "motifmine.analysis.comparison",
    "evaluate": "motifmine.analysis.evaluation",
    "locate": "motifmine.workflows.mine",
    "mine": "motifmine.workflows.mine",
    "simulate": "motifmine.simulation",
}

__all__ = [
    "Hdlsm",
    "HdlsmFit",
    "Plsm",
    "PlsmFit",
    "Tcae",
    "TcaeFit",
    "Truth",
    "__version__",
    "compare_fits",
    "evaluate",
    "locate",
    "mine",
    "simulate",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import motifmine` stays light."""
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module 'motifmine' has no attribute {name!r}")
