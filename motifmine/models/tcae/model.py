"""The temporal convolutional auto-encoder: specification, and what a fit of it holds.

Bascol, Emonet, Fromont, Odobez: Unsupervised Interpretable Pattern Discovery in Time Series Using
Autoencoders, S+SSPR 2016. Torch is imported when something is fitted, not before.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from motifmine.errors import MissingExtraError, MotifmineWarning
from motifmine.models.checks import check_size
from motifmine.models.fitted import FittedModel, provenance_of, remaining_background
from motifmine.models.protocol import FitContext, Located
from motifmine.models.tcae.encoder import Encoder
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.progress import Progress
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Provenance,
    Trace,
    sparse_activations,
)
from motifmine.records.model_state import restore_state
from motifmine.records.start_layout import start_layout
from motifmine.records.table import ObservationTable
from motifmine.seeding import resolve_seed
from motifmine.types import Floats, Floats32

if TYPE_CHECKING:
    from motifmine.models.tcae.fitting import Found
    from motifmine.models.tcae.training import EpochRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcae(TcaeSpec):
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

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "TcaeFit":
        """Return a fit of `table`; see `fit_in`."""
        return self.fit_in(table, FitContext(), seed=seed, on_progress=on_progress)

    def fit_in(
        self,
        table: ObservationTable,
        context: FitContext,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "TcaeFit":
        """Return a fit of `table`.

        Parameters
        ----------
        table : ObservationTable
        context : FitContext
            Its `checkpoint` is the file that training is resumed from if it exists, and that is
            written every few epochs.
        seed : int or None
        on_progress : callable or None
            Called with a `Progress` after every epoch.

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
            if on_progress is not None:
                on_progress(Progress(row.epoch + 1, self.epochs, row.log_likelihood))

        found: Found = _torch_side().fit_table(
            self, table, seed=seed, checkpoint=context.checkpoint, on_epoch=report
        )
        if found.course.interrupted:
            warnings.warn(
                f"stopped by Ctrl-C after epoch {len(found.course.rows)}; the best so far is kept",
                MotifmineWarning,
                stacklevel=2,
            )
        return _package(self, table, found, seed, time.perf_counter() - began)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TcaeFit(FittedModel):
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

    @property
    def model_state(self) -> Encoder:
        """What the file of the fit keeps of the network."""
        return self.encoder

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return where the motifs are active in `table`.

        `reckoned_total` is not used: the network's threshold is that of the fit.
        """
        return locate_encoded(self.spec, self.motifs, self.background, self.encoder, table)

    def findings(self) -> dict[str, object]:
        """Return what else there is to know of the fit, plain values for its file."""
        return {"interrupted": True} if self.interrupted else {}


def locate_in_record(record: FitRecord, table: ObservationTable) -> Located | None:
    """Return where the motifs of a saved fit are active in `table`, None without an encoder.

    Fits of older versions have none.
    """
    if record.model_state is None:
        return None
    known, kept = {item.name for item in fields(Tcae)}, record.provenance.spec.settings
    spec = Tcae(**{name: value for name, value in kept.items() if name in known})
    # a fit made on a GPU is found again on machines that have none
    spec = replace(
        spec,
        device="cpu" if spec.device == "cpu" else "auto",
        dtype="float64" if spec.dtype == "float64" else "float32",
    )
    encoder = restore_state(Encoder, record.model_state)
    return locate_encoded(spec, record.motifs, record.background, encoder, table)


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
    return Located(
        activations=sparse_activations(start_layout(table, motifs.motif_length), activation),
        background=remaining_background(background, explained, table.total),
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
        provenance=provenance_of("tcae", spec, table, seed=seed, elapsed_s=elapsed_s),
        encoder=found.encoder,
        interrupted=found.course.interrupted,
    )
