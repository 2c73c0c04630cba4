"""What a fit of the auto-encoder is asked for."""

import re
from dataclasses import dataclass
from typing import Literal

from motifmine.errors import SpecError
from motifmine.models.options import setting
from motifmine.validation import at_least, not_negative, one_of, positive, positive_share, share


@dataclass(frozen=True, slots=True, kw_only=True)
class TcaeSpec:
    """Fields of the specification, checked on construction."""

    n_motifs: int = 40
    """Filters given, > 0; those that survive are the motifs."""
    motif_length: int = 20
    """Length of the filters in time bins, > 0."""
    loss: Literal["squared", "poisson"] = "squared"
    """Reconstruction error."""
    energy_share: float = 0.9
    """Share of the activations' energy that AdaReLU keeps, 0 < share <= 1; 1 is a plain ReLU."""
    inhibition: float = 1.0
    """How much of a blurred copy is subtracted from the activations, >= 0; 0 is none."""
    group_lasso: float = 0.9
    """Weight of the filters' norms, >= 0, in units of 1 / sqrt(observations): with fewer
    observations more of what a filter could explain is chance."""
    neighbour_penalty: float = 0.0
    """Weight of the penalty on activations of one filter in a row, >= 0."""
    usage_entropy: float = 0.0
    """Weight of the term that asks for all filters to be used alike, >= 0."""
    masking: float = 0.0
    """Share of the input's cells that is set to 0 in training (denoising), 0 <= share < 1."""
    non_negative: bool = True
    """Whether decoder and background are kept from falling below 0."""
    open_share: float = 0.97
    """Share of the energy whose start times stay open for the final masses, 0 < share <= 1."""
    touch_up: int = 20
    """Iterations of EM in which the motifs follow their masses, >= 0."""
    epochs: int = setting(80, help="Passes over the data at most.")
    """Passes over the windows at most (of 10 gradient steps at least each), > 0."""
    patience: int = 10
    """Epochs without gain on the windows held out after which training stops, > 0."""
    held_out: float = 0.1
    """Share of the windows held out for that, 0 <= share < 1; of few windows none."""
    window_bins: int = 256
    """Time bins of a window, > 0; documents are cut into windows."""
    batch_windows: int = 16
    """Windows of a gradient step, > 0."""
    learning_rate: float = 0.01
    """Of Adam, > 0."""
    device: str = setting(
        "auto", help="cpu, cuda, cuda:1, mps, or auto: CUDA where there is one.", metavar="DEVICE"
    )
    """`cpu`, `cuda`, `cuda:1`, `mps`, or `auto`: CUDA where there is one, else the CPU."""
    dtype: Literal["float32", "float64", "mixed"] = "float32"
    """Numbers of the network; `mixed` is bfloat16 with float32 sums, on CUDA devices."""

    def __post_init__(self) -> None:
        at_least(self, 1, "n_motifs", "motif_length", "epochs", "patience")
        at_least(self, 1, "window_bins", "batch_windows")
        at_least(self, 0, "touch_up")
        not_negative(self, "inhibition", "group_lasso", "neighbour_penalty", "usage_entropy")
        positive_share(self, "energy_share", "open_share")
        share(self, "masking", "held_out")
        positive(self, "learning_rate")
        one_of(self, "loss", ("squared", "poisson"))
        one_of(self, "dtype", ("float32", "float64", "mixed"))
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", self.device):
            raise SpecError(f"device is {self.device!r}; it must be auto, cpu, mps, cuda or cuda:N")
