"""The temporal convolutional auto-encoder: specification, and what a fit of it holds.

Bascol, Emonet, Fromont, Odobez: Unsupervised Interpretable Pattern Discovery in Time Series Using
Autoencoders, S+SSPR 2016. Torch is imported when something is fitted, not before.
"""

import json
import re
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

import numpy as np

from motifmine.errors import MissingExtraError, MotifmineWarning, SpecError
from motifmine.models.plsm.model import check_size
from motifmine.models.protocol import Located, Progress
from motifmine.records.encoder import Encoder
from motifmine.records.fit import Activations, Background, MotifSet, Provenance, Trace
from motifmine.records.start_layout import sparse_activations, start_layout
from motifmine.records.table import ObservationTable
from motifmine.seeding import resolve_seed
from motifmine.types import Floats, Floats32
from motifmine.version import __version__

if TYPE_CHECKING:
    from motifmine.models.tcae.fitting import Found
    from motifmine.models.tcae.training import EpochRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcae:
    """The specification of a fit of the auto-encoder.

    More filters than motifs may be given; the surplus dies. Terms of the loss whose weight is 0
    are switched off.

    Notes
    -----
    Deviations from the paper and its code, each measured in `docs/tcae-ablation.md`: AdaReLU cuts
    by energy over a batch and not by the peak of each filter; decoder and background cannot be
    negative; the reconstruction error is a share of a flat model's; and the activations of a fit
    are not the network's own but re-estimated at the start times it left open, motifs fixed
    (`motifmine.models.tcae.refit`), which undoes the shrinking by the penalties. Of two
    surviving filters that are nearly the same the lighter is dropped before that. Motifs are
    re-estimated together with their masses in the end, see `touch_up`. The weight of the group
    lasso falls with the square root of the number of observations.

    On a CPU one thread trains, so that the same seed gives the same bytes on any number of cores.
    """

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
    epochs: int = 80
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
    device: str = "auto"
    """`cpu`, `cuda`, `cuda:1`, `mps`, or `auto`: CUDA where there is one, else the CPU."""
    dtype: Literal["float32", "float64", "mixed"] = "float32"
    """Numbers of the network; `mixed` is bfloat16 with float32 sums, on CUDA devices."""

    def __post_init__(self) -> None:
        for name in (
            "n_motifs",
            "motif_length",
            "epochs",
            "patience",
            "window_bins",
            "batch_windows",
        ):
            if getattr(self, name) < 1:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        if self.touch_up < 0:
            raise SpecError(f"touch_up is {self.touch_up}; it must be 0 or more")
        for name in ("inhibition", "group_lasso", "neighbour_penalty", "usage_entropy"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise SpecError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        for name in ("energy_share", "open_share"):
            if not 0 < getattr(self, name) <= 1:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be above 0, at most 1")
        for name in ("masking", "held_out"):
            if not 0 <= getattr(self, name) < 1:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be 0 or more, below 1")
        if not (np.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise SpecError(f"learning_rate is {self.learning_rate}; it must be above 0")
        if self.loss not in ("squared", "poisson"):
            raise SpecError(f"loss is {self.loss!r}; it must be squared or poisson")
        if self.dtype not in ("float32", "float64", "mixed"):
            raise SpecError(f"dtype is {self.dtype!r}; it must be float32, float64 or mixed")
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", self.device):
            raise SpecError(f"device is {self.device!r}; it must be auto, cpu, mps, cuda or cuda:N")

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_iteration: Callable[[Progress], None] | None = None,
        checkpoint: Path | None = None,
    ) -> "TcaeFit":
        """Return a fit of `table`.

        Parameters
        ----------
        table : ObservationTable
        seed : int or None
        on_iteration : callable or None
            Called with a `Progress` after every epoch.
        checkpoint : Path or None
            File that training is resumed from if it exists, and that is written every few epochs.

        Raises
        ------
        DataError
            When the table is too small, or training too large for the memory.
        FitError
            When the loss is not finite, or no filter survives.
        SpecError
            When this machine has no such device.
        """
        began = time.perf_counter()
        check_size(table, n_motifs=1, motif_length=self.motif_length)
        seed = resolve_seed(seed)

        def report(row: "EpochRow") -> None:
            if on_iteration is not None:
                on_iteration(Progress(row.epoch + 1, self.epochs, row.log_likelihood))

        found: Found = _torch_side().fit_table(
            self, table, seed=seed, checkpoint=checkpoint, on_epoch=report
        )
        if found.course.interrupted:
            warnings.warn(
                f"stopped by Ctrl-C after epoch {len(found.course.rows)}; the best so far is kept",
                MotifmineWarning,
                stacklevel=2,
            )
        return _package(self, table, found, seed, time.perf_counter() - began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumable:
    """A specification whose training resumes from a file if it is there, and writes to it."""

    spec: Tcae
    checkpoint: Path

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_iteration: Callable[[Progress], None] | None = None,
    ) -> "TcaeFit":
        """Return a fit of `table`; see `Tcae.fit`."""
        return self.spec.fit(
            table, seed=seed, on_iteration=on_iteration, checkpoint=self.checkpoint
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TcaeFit:
    """Motifs that the auto-encoder found, and where they are active."""

    spec: Tcae
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    """One row an epoch with the log-likelihood that the network's reconstruction of the held-out
    windows leads to expect of all observations (nats), and a last row with the log-likelihood of
    the motifs, activations and background of this fit."""
    provenance: Provenance
    encoder: Encoder
    interrupted: bool
    """Whether Ctrl-C ended training early."""

    def transform(self, table: ObservationTable) -> Activations:
        """Return the activations of the documents of `table`, network and motifs held fixed."""
        return self.locate(table).activations

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return where the motifs are active in `table`.

        `reckoned_total` is not used: the network's threshold is that of the fit.
        """
        return locate_encoded(self.spec, self.motifs, self.background, self.encoder, table)

    def findings(self) -> dict[str, object]:
        """Return what else there is to know of the fit, plain values for its file."""
        return {"interrupted": True} if self.interrupted else {}

    def score(self, table: ObservationTable) -> float:
        """Return the log-likelihood per observation of `table`, nats; higher is better."""
        return self.locate(table).log_likelihood / table.total


def locate_encoded(
    spec: Tcae,
    motifs: MotifSet,
    background: Background,
    encoder: Encoder,
    table: ObservationTable,
) -> Located:
    """Return where motifs are active in `table`, at start times that their encoder leaves open.

    Of the specification, device, dtype and sizes of windows and batches are used.
    """
    found: tuple[Floats32, float] = _torch_side().locate(spec, motifs, background, encoder, table)
    activation, value = found
    explained = float(activation.sum(dtype=np.float64))
    weight = max(0.0, 1.0 - explained / max(table.total, 1e-9))
    return Located(
        activations=sparse_activations(start_layout(table, motifs.motif_length), activation),
        background=Background(probability=background.probability, weight=weight),
        log_likelihood=value,
    )


def _torch_side() -> ModuleType:
    """Return the module that imports torch."""
    try:
        from motifmine.models.tcae import fitting as tcae_fitting  # noqa: PLC0415 (torch takes seconds to import)
    except ImportError as error:
        if error.name != "torch":
            raise
        raise MissingExtraError("the model tcae needs PyTorch: pip install torch") from error
    return tcae_fitting


def _package(
    spec: Tcae, table: ObservationTable, found: "Found", seed: int, elapsed_s: float
) -> TcaeFit:
    """Return the records of what was found."""
    rows = found.course.rows
    value = [row.log_likelihood for row in rows] + [found.log_likelihood]
    return TcaeFit(
        spec=spec,
        motifs=found.motifs,
        background=found.background,
        activations=sparse_activations(start_layout(table, spec.motif_length), found.activation),
        trace=Trace(
            iteration=np.arange(len(value)),
            log_likelihood=np.array(value),
            seconds=np.array([row.seconds for row in rows] + [elapsed_s]),
        ),
        provenance=Provenance(
            motifmine_version=__version__,
            model="tcae",
            spec=json.dumps(asdict(spec)),
            seed=seed,
            inputs=tuple((r.name, r.source_digest) for r in table.recordings),
            elapsed_s=elapsed_s,
        ),
        encoder=found.encoder,
        interrupted=found.course.interrupted,
    )
