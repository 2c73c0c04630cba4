"""Temporal motifs from video and sensor series, and when each occurred."""

from importlib import import_module
from typing import TYPE_CHECKING

from motifmine.version import __version__

if TYPE_CHECKING:
    from motifmine.models.plsm import Plsm, PlsmFit
    from motifmine.pipeline import locate, mine
    from motifmine.simulation import simulate

HOMES = {
    "Plsm": "motifmine.models.plsm",
    "PlsmFit": "motifmine.models.plsm",
    "locate": "motifmine.pipeline",
    "mine": "motifmine.pipeline",
    "simulate": "motifmine.simulation",
}

__all__ = ["Plsm", "PlsmFit", "__version__", "locate", "mine", "simulate"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import motifmine` stays light."""
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module 'motifmine' has no attribute {name!r}")
