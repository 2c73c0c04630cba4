"""Specification of a fit of the auto-encoder."""

from dataclasses import dataclass
from typing import Literal

from motifmine.models.options import setting
from motifmine.validation import (
    check_at_least,
    check_device,
    check_not_negative,
    check_one_of,
    check_positive,
    check_positive_share,
    check_share,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TcaeSpec:
    """Fields of the specification, checked on construction."""

    n_motifs: int = 40
    """Number of filters, > 0; those that are not pruned are the motifs."""
    motif_length: int = 20
    """Length of the filters in time bins, > 0."""
    energy_share: float = 0.9
    """Share of the activations' energy that AdaReLU keeps, 0 < share <= 1; 1 is a plain ReLU."""
    inhibition: float = 1.0
    """Weight of the blurred copy that is subtracted from the activations, >= 0; 0 for none."""
    group_lasso: float = 0.9
    """Weight of the norms of filters, >= 0, in units of 1 / sqrt(observations): with fewer
    observations filters fit more chance structure."""
    adversarial_training: float = setting(
        0.0, help="Share of the observations that attacks move in training, 0 for none."
    )
    """Share of the observations of a window that are moved in time so that the network errs most,
    0 <= share < 1, see `motifmine.models.tcae.attack`; half of the loss is on them."""
    open_share: float = 0.97
    """Share of the energy that determines the start times of the final masses, 0 < share <= 1."""
    touch_up: int = 20
    """EM iterations of the final refinement of motifs, >= 0."""
    epochs: int = setting(80, help="Largest number of passes over the data.")
    """Largest number of epochs (of at least 10 gradient steps each), > 0."""
    patience: int = 10
    """Epochs without improvement on held-out windows before training stops, > 0."""
    held_out: float = 0.1
    """Share of held-out windows, 0 <= share < 1; with few windows none is held out."""
    window_bins: int = 256
    """Length of the windows that documents are cut into, time bins, > 0."""
    batch_windows: int = 16
    """Windows per gradient step, > 0."""
    learning_rate: float = 0.01
    """Learning rate of Adam, > 0."""
    device: str = setting(
        "auto", help="cpu, cuda, cuda:1, mps, or auto: CUDA where there is one.", metavar="DEVICE"
    )
    """`cpu`, `cuda`, `cuda:1`, `mps`, or `auto`: CUDA if available, else the CPU."""
    dtype: Literal["float32", "float64", "mixed"] = "float32"
    """Precision of the network; `mixed` is bfloat16 with float32 sums, on CUDA devices."""

    def __post_init__(self) -> None:
        check_at_least(self, 1, "n_motifs", "motif_length", "epochs", "patience")
        check_at_least(self, 1, "window_bins", "batch_windows")
        check_at_least(self, 0, "touch_up")
        check_not_negative(self, "inhibition", "group_lasso")
        check_positive_share(self, "energy_share", "open_share")
        check_share(self, "held_out", "adversarial_training")
        check_positive(self, "learning_rate")
        check_one_of(self, "dtype", ("float32", "float64", "mixed"))
        check_device(self)
