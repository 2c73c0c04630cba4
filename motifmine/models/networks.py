"""What models that are trained in torch have in common: how they are fitted, saved and used again.

Torch takes seconds to import: it is behind the module that a model names in `fitting`.
"""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
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


class NetworkModel:
    """A base for specifications, which have a field `device` and may have `motif_length`."""

    __slots__ = ()

    name: ClassVar[str]
    """In the registry."""
    fitting: ClassVar[str]
    """Module with `fit_table` (spec, table, seed, context, report), which returns what it `Learned`
    and may report a round's number, the number of rounds, and the log-likelihood; and, for models
    with motifs, `locate` (spec, motifs, background, state, table)."""
    state: ClassVar[type]
    """Record of the network."""

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "NetworkFit":
        """Fit the network to `table`; see `fit_in`."""
        return self.fit_in(table, FitContext(), seed=seed, on_progress=on_progress)

    def fit_in(
        self,
        table: ObservationTable,
        context: FitContext,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "NetworkFit":
        """Fit the network to `table`.

        Parameters
        ----------
        table : ObservationTable
        context : FitContext
            `checkpoint` is a file that training resumes from if it exists, and writes to.
        seed : int or None
            None draws fresh entropy.
        on_progress : callable or None
            Called with a `Progress` now and then.

        Raises
        ------
        DataError
            If the table is too small, or too large for the memory.
        FitError
            If the numbers go wrong, the training collapses, or no motif is left.
        SpecError
            If this machine does not have the device.
        """
        began = time.perf_counter()
        check_size(table, n_motifs=1, motif_length=getattr(self, "motif_length", 2))
        seed = resolve_seed(seed)

        def report(done: int, total: int, log_likelihood: float) -> None:
            if on_progress is not None:
                on_progress(Progress(done, total, log_likelihood))

        learned: Learned = self._import().fit_table(
            self, table, seed=seed, context=context, report=report
        )
        if learned.stopped:
            warnings.warn(f"stopped by Ctrl-C after {learned.stopped}", MotifmineWarning, 3)
        return NetworkFit(
            spec=self,
            motifs=learned.motifs,
            background=learned.located.background,
            activations=learned.located.activations,
            trace=learned.trace,
            provenance=provenance_of(
                self.name, self, table, seed=seed, elapsed_s=time.perf_counter() - began
            ),
            model_state=learned.state,
            occurrences=learned.occurrences,
            notes={**learned.findings, **({"interrupted": True} if learned.stopped else {})},
        )

    def locate(
        self, motifs: MotifSet, background: Background, state: object, table: ObservationTable
    ) -> Located:
        """Locate motifs in `table` with the network of a fit.

        Parameters
        ----------
        motifs : MotifSet
        background : Background
            Its words are kept.
        state : object
            Record of the network, or the state of a file.
        table : ObservationTable
        """
        network: object = restore_state(self.state, state)
        found: Located = self._import().locate(
            self._on_any_device(), motifs, background, network, table
        )
        return found

    def judge(self, state: object, table: ObservationTable) -> list[Verdicts]:
        """Return the verdicts of the network of a fit on documents.

        Parameters
        ----------
        state : object
            Record of the network, or the state of a file.
        table : ObservationTable
        """
        network: object = restore_state(self.state, state)
        found: list[Verdicts] = self._import().judge(self._on_any_device(), network, table)
        return found

    def draw_rates(self, state: object, base: Floats, seed: int) -> Floats:
        """Return the rates of a document that the network of a fit draws, float64 (T, W).

        Parameters
        ----------
        state : object
            Record of the network, or the state of a file.
        base : float64 array (T, W)
            What occurrences and background add up to.
        seed : int
        """
        network: object = restore_state(self.state, state)
        found: Floats = self._import().draw_rates(self._on_any_device(), network, base, seed)
        return found

    def _on_any_device(self) -> Any:
        # a fit from a GPU must also be usable on machines without one
        spec: Any = self
        return replace(spec, device="cpu" if spec.device == "cpu" else "auto")

    def _import(self) -> Any:
        require_package("torch", f"the model {self.name}", "motifmine[tcae]")
        return import_module(self.fitting)


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
        located: Located = self.spec.locate(self.motifs, self.background, self.model_state, table)
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
    return _spec_of(record).locate(record.motifs, record.background, record.model_state, table)


def judge_with_record(record: FitRecord, table: ObservationTable) -> list[Verdicts]:
    """Return the verdicts of the network of a saved fit on documents."""
    return [] if record.model_state is None else _spec_of(record).judge(record.model_state, table)


def draw_with_record(record: FitRecord, base: Floats, seed: int) -> Floats:
    """Return the rates of a document that the network of a saved fit draws, float64 (T, W).

    Parameters
    ----------
    record : FitRecord
    base : float64 array (T, W)
        What occurrences and background add up to.
    seed : int
    """
    return _spec_of(record).draw_rates(record.model_state, base, seed)


def _spec_of(record: FitRecord) -> NetworkModel:
    spec: NetworkModel = specification_of(record.provenance.model, record.provenance.spec.settings)
    return spec
