"""Temporal motifs from video and sensor series, and when each occurred."""

from importlib import import_module
from typing import TYPE_CHECKING

from motifmine.version import __version__

if TYPE_CHECKING:
    from motifmine.inference.comparison import compare_fits
    from motifmine.inference.evaluation import evaluate
    from motifmine.io.truth import Truth
    from motifmine.models.autoencoder import Tcae, TcaeFit
    from motifmine.models.hdlsm import Hdlsm, HdlsmFit
    from motifmine.models.plsm import Plsm, PlsmFit
    from motifmine.pipeline import locate, mine
    from motifmine.simulation import simulate

HOMES = {
    "Hdlsm": "motifmine.models.hdlsm",
    "HdlsmFit": "motifmine.models.hdlsm",
    "Plsm": "motifmine.models.plsm",
    "PlsmFit": "motifmine.models.plsm",
    "Tcae": "motifmine.models.autoencoder",
    "TcaeFit": "motifmine.models.autoencoder",
    "Truth": "motifmine.io.truth",
    "compare_fits": "motifmine.inference.comparison",
    "evaluate": "motifmine.inference.evaluation",
    "locate": "motifmine.pipeline",
    "mine": "motifmine.pipeline",
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
