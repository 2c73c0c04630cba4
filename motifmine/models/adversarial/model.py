"""InfoGAN as a model: specification, fit, and its motifs in other documents."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from motifmine.models.adversarial.coder import Coder
from motifmine.models.adversarial.spec import InfoganSpec
from motifmine.models.checks import check_size
from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.protocol import Located
from motifmine.progress import Progress
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Provenance,
    Trace,
)
from motifmine.records.model_state import restore_state
from motifmine.records.table import ObservationTable
from motifmine.seeding import resolve_seed
from motifmine.types import Floats
from motifmine.validation import require_package

if TYPE_CHECKING:
    from motifmine.models.adversarial.training import Course, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Infogan(InfoganSpec):
    """The specification of a fit.

    A generator adds up motifs that are switched on at random starts, a critic learns to distinguish
    its windows from those of the data, and a coder reads starts and strengths off windows: the
    feed-forward way from data to occurrences. Densities of starts follow what the coder finds in
    the data, and motifs that it finds nowhere are pruned.

    On a CPU, training uses one thread; the same seed gives the same bytes on the same device.
    """

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "InfoganFit":
        """Fit generator, critic and coder to `table`.

        Parameters
        ----------
        table : ObservationTable
        seed : int or None
            None draws fresh entropy.
        on_progress : callable or None
            Called with a `Progress` now and then.

        Raises
        ------
        DataError
            If the table is too small, or too large for the memory.
        FitError
            If the training collapses again and again, or leaves no motif.
        SpecError
            If this machine does not have the device.
        """
        began = time.perf_counter()
        check_size(table, n_motifs=1, motif_length=self.motif_length)
        seed = resolve_seed(seed)

        def report(row: "Row") -> None:
            if on_progress is not None:
                on_progress(Progress(row.step, self.steps, row.value))

        found = _import_fitting().fit_table(self, table, seed=seed, on_check=report)
        elapsed_s = time.perf_counter() - began
        located = _import_fitting().locate(
            self.device, found.motifs, found.background, found.coder, table
        )
        return InfoganFit(
            spec=self,
            motifs=replace(found.motifs, weight=_weights(located, found.motifs, table)),
            background=located.background,
            activations=located.activations,
            trace=_make_trace(found.course, located.log_likelihood, elapsed_s),
            provenance=provenance_of("infogan", self, table, seed=seed, elapsed_s=elapsed_s),
            coder=found.coder,
            restarts=tuple(found.course.restarts),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InfoganFit(FittedModel):
    """Motifs of the generator, and where the coder finds them."""

    spec: Infogan
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    """The losses at every check of the training, and the log-likelihood of all observations at
    what the coder reads; the last row is that of this fit."""
    provenance: Provenance
    coder: Coder
    restarts: tuple[str, ...]
    """Why the training went back to its last good state, a sentence each time."""

    @property
    def model_state(self) -> Coder:
        """The coder, which is stored with the fit."""
        return self.coder

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Locate the motifs in `table`; `reckoned_total` is ignored: the coder has no prior."""
        located: Located = _import_fitting().locate(
            self.spec.device, self.motifs, self.background, self.coder, table
        )
        return located

    def findings(self) -> dict[str, object]:
        """Return further properties of the fit as plain values for its file."""
        return {"restarts of the training": "; ".join(self.restarts)} if self.restarts else {}


def locate_in_record(record: FitRecord, table: ObservationTable) -> Located | None:
    """Locate the motifs of a saved fit in `table`; None if it has no coder."""
    if record.model_state is None:
        return None
    coder = restore_state(Coder, record.model_state)
    located: Located = _import_fitting().locate(
        # a fit from a GPU must also be usable on machines without one
        "auto",
        record.motifs,
        record.background,
        coder,
        table,
    )
    return located


def _import_fitting() -> ModuleType:
    """Import the module that needs torch."""
    require_package("torch", "the model infogan", "motifmine[tcae]")
    from motifmine.models.adversarial import fitting  # noqa: PLC0415 (torch takes seconds)

    return fitting


def _weights(located: Located, motifs: MotifSet, table: ObservationTable) -> Floats:
    found = located.activations
    return np.bincount(found.motif, found.mass, minlength=len(motifs)) / table.total


def _make_trace(course: "Course", log_likelihood: float, elapsed_s: float) -> Trace:
    rows = course.rows
    names = tuple(rows[0].losses)
    losses = [[row.losses[name] for name in names] for row in rows]
    return Trace(
        iteration=np.array([*(row.step for row in rows), rows[-1].step + 1]),
        log_likelihood=np.array([*(row.value for row in rows), log_likelihood]),
        seconds=np.array([*(row.seconds for row in rows), elapsed_s]),
        loss_names=names,
        # the row of the finished fit has no loss of its own
        losses=np.array([*losses, losses[-1]]),
    )
