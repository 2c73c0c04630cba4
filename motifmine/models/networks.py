"""What models that are trained in torch have in common: how they are fitted, saved and used again.

Torch takes seconds to import: it is behind the module that a model names in `fitting`.
"""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from motifmine.errors import MotifmineWarning
from motifmine.models.checks import check_size, locate_nothing, no_occurrences
from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.protocol import FitContext, Located, Verdicts
from motifmine.models.registry import specification_of
from motifmine.progress import Progress
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Occurrences,
    Provenance,
    Trace,
)
from motifmine.records.model_state import restore_state
from motifmine.records.table import ObservationTable
from motifmine.seeding import resolve_seed
from motifmine.types import Floats
from motifmine.validation import require_package


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """What training leads to."""

    motifs: MotifSet
    located: Located
    """Where the motifs are in the table of the fit."""
    state: Any
    """Record of the network, see `motifmine.records.model_state`."""
    trace: Trace
    stopped: str = ""
    """After what Ctrl-C ended the training, and what is used instead of its end."""
    findings: Mapping[str, object] = field(default_factory=dict)
    occurrences: Occurrences | None = None
    """None: they are peaks of activations, or there are no motifs."""


NO_CONTEXT = FitContext()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Training:
    """What the training of a model is given."""

    spec: Any
    table: ObservationTable
    seed: int
    checkpoint: Path | None
    """File to resume from if it exists, and to save to."""
    on_progress: Callable[[Progress], None] | None
    began: float = field(default_factory=time.perf_counter)

    def report(self, done: int, total: int, log_likelihood: float) -> None:
        """Report progress, if anybody wants to know.

        Parameters
        ----------
        done, total : int
            Number of a round, and of rounds.
        log_likelihood : float
            After the round, nats.
        """
        if self.on_progress is not None:
            self.on_progress(Progress(done, total, log_likelihood))

    def elapsed_s(self) -> float:
        """Return the time since the fit began, seconds."""
        return time.perf_counter() - self.began


class NetworkModel:
    """A base for specifications, which have a field `device` and may have `motif_length`."""

    __slots__ = ()

    name: ClassVar[str]
    """In the registry."""
    fitting: ClassVar[str]
    """Module with `fit_table`, which takes a `Training` and returns what it `Learned`, and what
    `use_network` asks for: `locate` (spec, state, motifs, background, table) of models with
    motifs, `judge` (spec, state, table) of those with a critic, `draw_rates` (spec, state, base,
    seed) of samplers."""
    state: ClassVar[type]
    """Record of the network."""

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
        context: FitContext = NO_CONTEXT,
    ) -> "NetworkFit":
        """Fit the network to `table`.

        Parameters
        ----------
        table : ObservationTable
        seed : int or None
            None draws fresh entropy.
        on_progress : callable or None
            Called with a `Progress` now and then.
        context : FitContext
            `checkpoint` is a file that training resumes from if it exists, and writes to.

        Raises
        ------
        DataError
            If the table is too small, or too large for the memory.
        FitError
            If the numbers go wrong, the training collapses, or no motif is left.
        SpecError
            If this machine does not have the device.
        """
        check_size(table, n_motifs=1, motif_length=getattr(self, "motif_length", 2))
        training = Training(
            spec=self,
            table=table,
            seed=resolve_seed(seed),
            checkpoint=context.checkpoint,
            on_progress=on_progress,
        )
        learned: Learned = _import_fitting(self).fit_table(training)
        if learned.stopped:
            warnings.warn(f"stopped by Ctrl-C after {learned.stopped}", MotifmineWarning, 2)
        return NetworkFit(
            spec=self,
            motifs=learned.motifs,
            background=learned.located.background,
            activations=learned.located.activations,
            trace=learned.trace,
            provenance=provenance_of(
                self.name, self, table, seed=training.seed, elapsed_s=training.elapsed_s()
            ),
            model_state=learned.state,
            occurrences=learned.occurrences,
            notes={**learned.findings, **({"interrupted": True} if learned.stopped else {})},
        )


def use_network(spec: NetworkModel, task: str, state: object, *arguments: object) -> Any:
    """Return what the network of a fit makes of other documents.

    Parameters
    ----------
    spec : NetworkModel
    task : {"locate", "judge", "draw_rates"}
        Function of the module that the model names in `fitting`.
    state : object
        Record of the network, or the state of a file.
    *arguments : object
        Further arguments of the function.
    """
    # a fit from a GPU must also be usable on machines without one
    here = replace(spec, device="cpu" if spec.device == "cpu" else "auto")  # type: ignore[type-var, attr-defined]
    return getattr(_import_fitting(spec), task)(here, restore_state(spec.state, state), *arguments)


def _import_fitting(spec: NetworkModel) -> Any:
    require_package("torch", f"the model {spec.name}", "motifmine[tcae]")
    return import_module(spec.fitting)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkFit(FittedModel):
    """A trained network, and the motifs that it has, if any."""

    spec: Any
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    provenance: Provenance
    model_state: Any
    """Record of the network."""
    occurrences: Occurrences | None
    notes: dict[str, object]

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Locate the motifs in `table`; `reckoned_total` is ignored: networks have no prior."""
        if not len(self.motifs):
            return locate_nothing(self.background, table)
        known = (self.motifs, self.background)
        located: Located = use_network(self.spec, "locate", self.model_state, *known, table)
        return located

    def findings(self) -> dict[str, object]:
        """Return further properties of the fit as plain values for its file."""
        return self.notes

    def occurrences_in(self, table: ObservationTable) -> Occurrences | None:
        """Return no occurrences for a model without motifs; None: they are peaks."""
        return self.occurrences if len(self.motifs) else no_occurrences(table)


def locate_in_record(record: FitRecord, table: ObservationTable) -> Located | None:
    """Locate the motifs of a saved fit in `table`; None if it has no network.

    Fits of older versions have none.
    """
    if record.model_state is None:
        return None
    known = (record.motifs, record.background)
    located: Located = use_network(_spec_of(record), "locate", record.model_state, *known, table)
    return located


def judge_with_record(record: FitRecord, table: ObservationTable) -> list[Verdicts]:
    """Return the verdicts of the network of a saved fit on documents."""
    if record.model_state is None:
        return []
    found: list[Verdicts] = use_network(_spec_of(record), "judge", record.model_state, table)
    return found


def draw_with_record(record: FitRecord, base: Floats, seed: int) -> Floats:
    """Return the rates of a document that the network of a saved fit draws, float64 (T, W).

    Parameters
    ----------
    record : FitRecord
    base : float64 array (T, W)
        What occurrences and background add up to.
    seed : int
    """
    rates: Floats = use_network(_spec_of(record), "draw_rates", record.model_state, base, seed)
    return rates


def _spec_of(record: FitRecord) -> NetworkModel:
    spec: NetworkModel = specification_of(record.provenance.model, record.provenance.spec.settings)
    return spec
