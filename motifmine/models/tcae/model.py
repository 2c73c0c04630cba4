"""The temporal convolutional auto-encoder: specification and fit.

Bascol, Emonet, Fromont, Odobez: Unsupervised Interpretable Pattern Discovery in Time Series Using
Autoencoders, S+SSPR 2016. Torch is imported only for fitting and locating.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from motifmine.errors import MotifmineWarning
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
    make_sparse_activations,
)
from motifmine.records.model_state import restore_state
from motifmine.records.start_layout import start_layout
from motifmine.records.table import ObservationTable
from motifmine.seeding import resolve_seed
from motifmine.types import Floats, Floats32
from motifmine.validation import require_package

if TYPE_CHECKING:
    from motifmine.models.tcae.fitting import TcaeResult
    from motifmine.models.tcae.training import EpochRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcae(TcaeSpec):
    """The specification of a fit of the auto-encoder.

    `n_motifs` is the number of filters; surplus filters are pruned. Terms of the loss with weight 0
    are not computed.

    Notes
    -----
    Deviations from the paper and its code, each measured in `docs/tcae-ablation.md`: the threshold
    of AdaReLU is by energy over a batch instead of the peak of each filter; decoder and background
    are non-negative; the reconstruction error is relative to a flat model; of two similar surviving
    filters the lighter is removed; and motifs and activations are refined by EM at the start times
    that the network selects (`motifmine.models.tcae.refit`), which undoes the shrinkage by the
    penalties. The weight of the group lasso is proportional to 1 / sqrt(observations).

    On a CPU, training uses one thread, so that the same seed gives the same bytes on any machine.
    """

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "TcaeFit":
        """Fit the auto-encoder to `table`.

        Raises
        ------
        DataError, FitError, SpecError
            See `fit_in`.
        """
        return self.fit_in(table, FitContext(), seed=seed, on_progress=on_progress)

    def fit_in(
        self,
        table: ObservationTable,
        context: FitContext,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "TcaeFit":
        """Fit the auto-encoder to `table`, optionally with a checkpoint.

        Parameters
        ----------
        context : FitContext
            `checkpoint` is a file that training resumes from if it exists, and that is written
            every few epochs.

        Raises
        ------
        DataError
            If the table is too small, or if training needs too much memory.
        FitError
            If the loss is not finite, or if no filter survives.
        SpecError
            If this machine does not have the device.
        """
        began = time.perf_counter()
        check_size(table, n_motifs=1, motif_length=self.motif_length)
        seed = resolve_seed(seed)

        def report(row: "EpochRow") -> None:
            if on_progress is not None:
                on_progress(Progress(row.epoch + 1, self.epochs, row.log_likelihood))

        found: TcaeResult = _import_fitting().fit_table(
            self, table, seed=seed, checkpoint=context.checkpoint, on_epoch=report
        )
        if found.course.interrupted:
            warnings.warn(
                f"stopped by Ctrl-C after epoch {len(found.course.rows)}; the best epoch is used",
                MotifmineWarning,
                stacklevel=2,
            )
        return _build_fit(self, table, found, seed, time.perf_counter() - began)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TcaeFit(FittedModel):
    """Motifs of the auto-encoder, and their activations."""

    spec: Tcae
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    """One row per epoch with the log-likelihood of all observations (nats), extrapolated from the
    network's reconstruction of the held-out windows, and a last row with the log-likelihood of the
    motifs, activations and background of this fit."""
    provenance: Provenance
    encoder: Encoder
    interrupted: bool
    """Whether Ctrl-C ended training early."""

    @property
    def model_state(self) -> Encoder:
        """Part of the network that is stored with the fit."""
        return self.encoder

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Locate the motifs in `table`.

        `reckoned_total` is ignored: the threshold of the network is that of the fit.
        """
        return locate_encoded(self.spec, self.motifs, self.background, self.encoder, table)

    def findings(self) -> dict[str, object]:
        """Return further properties of the fit as plain values for its file."""
        return {"interrupted": True} if self.interrupted else {}


def locate_in_record(record: FitRecord, table: ObservationTable) -> Located | None:
    """Locate the motifs of a saved fit in `table`; None if it has no encoder.

    Fits of older versions have none.
    """
    if record.model_state is None:
        return None
    known, kept = {item.name for item in fields(Tcae)}, record.provenance.spec.settings
    spec = Tcae(**{name: value for name, value in kept.items() if name in known})
    # a fit from a GPU must also be usable on machines without one
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
    """Locate motifs in `table`, at start times that the encoder selects.

    Parameters
    ----------
    spec : Tcae
        For device, dtype, and sizes of windows and batches.
    """
    found: tuple[Floats32, float] = _import_fitting().locate(
        spec, motifs, background, encoder, table
    )
    activation, value = found
    explained = float(activation.sum(dtype=np.float64))
    return Located(
        activations=make_sparse_activations(start_layout(table, motifs.motif_length), activation),
        background=remaining_background(background, explained, table.total),
        log_likelihood=value,
    )


def _import_fitting() -> ModuleType:
    """Import the module that needs torch."""
    require_package("torch", "the model tcae", "motifmine[tcae]")
    from motifmine.models.tcae import fitting as tcae_fitting  # noqa: PLC0415 (torch takes seconds to import)

    return tcae_fitting


def _build_fit(
    spec: Tcae, table: ObservationTable, found: "TcaeResult", seed: int, elapsed_s: float
) -> TcaeFit:
    """Build the records of a fit."""
    rows = found.course.rows
    value = [row.log_likelihood for row in rows] + [found.log_likelihood]
    return TcaeFit(
        spec=spec,
        motifs=found.motifs,
        background=found.background,
        activations=make_sparse_activations(
            start_layout(table, spec.motif_length), found.activation
        ),
        trace=Trace(
            iteration=np.arange(len(value)),
            log_likelihood=np.array(value),
            seconds=np.array([row.seconds for row in rows] + [elapsed_s]),
        ),
        provenance=provenance_of("tcae", spec, table, seed=seed, elapsed_s=elapsed_s),
        encoder=found.encoder,
        interrupted=found.course.interrupted,
    )
