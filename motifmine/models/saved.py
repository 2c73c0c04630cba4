"""Models by name."""

from typing import Any

from motifmine.models.plsm import Plsm

MODELS: dict[str, Any] = {"plsm": Plsm}
