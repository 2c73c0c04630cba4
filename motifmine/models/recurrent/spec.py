"""Specification of recurrent networks."""

from dataclasses import dataclass

from motifmine.models.options import setting
from motifmine.validation import check_at_least, check_device


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentSpec:
    """Fields of the specification, checked on construction."""

    units: int = setting(64, help="Units of the network's memory.")
    epochs: int = setting(200, help="Largest number of passes over the data.")
    device: str = setting(
        "auto", help="cpu, cuda, cuda:1, mps, or auto: CUDA where there is one.", metavar="DEVICE"
    )

    def __post_init__(self) -> None:
        check_at_least(self, 1, "units", "epochs")
        check_device(self)
