"""Specification of an InfoGAN."""

from dataclasses import dataclass
from typing import Literal

from motifmine.models.options import setting
from motifmine.validation import check_at_least, check_device, check_not_negative, check_one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoganSpec:
    """Fields of the specification, checked on construction."""

    n_motifs: int = 12
    """Motifs at first, > 0; those that the data do not need are pruned."""
    motif_length: int = 20
    """Time bins, > 0."""
    steps: int = setting(900, help="Steps of generator and critic.")
    loss: Literal["hinge", "non-saturating"] = setting("hinge", help="Loss of the critic.")
    gradient_penalty: float = setting(
        0.0, help="Weight of the penalty on the critic's gradient, in addition to spectral norm."
    )
    device: str = setting(
        "auto", help="cpu, cuda, cuda:1, mps, or auto: CUDA where there is one.", metavar="DEVICE"
    )

    def __post_init__(self) -> None:
        check_at_least(self, 1, "n_motifs", "motif_length", "steps")
        check_not_negative(self, "gradient_penalty")
        check_one_of(self, "loss", ("hinge", "non-saturating"))
        check_device(self)
