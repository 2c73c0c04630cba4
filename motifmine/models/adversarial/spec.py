"""Specifications of adversarial networks."""

from dataclasses import dataclass
from typing import Literal

from motifmine.models.options import setting
from motifmine.validation import check_at_least, check_device, check_not_negative, check_one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AdversarialSpec:
    """Fields of all specifications, checked on construction."""

    steps: int = setting(900, help="Steps of generator and critic.")
    loss: Literal["hinge", "non-saturating"] = setting("hinge", help="Loss of the critic.")
    gradient_penalty: float = setting(
        0.0, help="Weight of the penalty on the critic's gradient, in addition to spectral norm."
    )
    device: str = setting(
        "auto", help="cpu, cuda, cuda:1, mps, or auto: CUDA where there is one.", metavar="DEVICE"
    )

    def __post_init__(self) -> None:
        check_at_least(self, 1, "steps")
        check_not_negative(self, "gradient_penalty")
        check_one_of(self, "loss", ("hinge", "non-saturating"))
        check_device(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSpec(AdversarialSpec):
    """Fields of networks that see windows of a length that is given."""

    motif_length: int = 20
    """Time bins, > 0; windows have twice this length."""

    def __post_init__(self) -> None:
        AdversarialSpec.__post_init__(self)
        check_at_least(self, 1, "motif_length")


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoganSpec(WindowSpec):
    """Fields of an InfoGAN."""

    n_motifs: int = 12
    """Motifs at first, > 0; those that the data do not need are pruned."""

    def __post_init__(self) -> None:
        WindowSpec.__post_init__(self)
        check_at_least(self, 1, "n_motifs")


@dataclass(frozen=True, slots=True, kw_only=True)
class CganSpec(AdversarialSpec):
    """Fields of a conditional generator; the length is that of its motifs."""

    base: str = setting(
        "", help="File of the fit whose motifs and starts are the condition.", metavar="FILE"
    )
