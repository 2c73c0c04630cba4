"""Hidden Markov and hidden semi-Markov models whose states are motifs that exclude one another.

Rabiner: A tutorial on hidden Markov models, Proceedings of the IEEE 77(2), 1989. Yu: Hidden
semi-Markov models, Artificial Intelligence 174(2), 2010.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from motifmine.errors import DataError
from motifmine.models.checks import check_size
from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.protocol import Located
from motifmine.models.states.em import LEAST_RATE, expect, find_visits, log_emission, with_ages
from motifmine.models.states.fitting import MOST_AGES, Course, fit_states
from motifmine.models.states.parameters import Data, Emission, States
from motifmine.models.states.spec import StatesSpec
from motifmine.progress import Progress
from motifmine.records.fields import axes
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
from motifmine.types import Floats, Indices

RARE = 0.1  # share of the visits that last longer than a motif is
WITHIN = 1.96  # standard errors on each side of a mean in its 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SavedStates:
    """States as a fit stores them; motif k is state k."""

    emission: str
    rate: Floats = field(metadata=axes("motif, word", "observations"))
    initial: Floats = field(metadata=axes("motif"))
    transition: Floats = field(metadata=axes("motif, next_motif"))
    hazard: Floats = field(metadata=axes("motif, age"))
    duration_s: Floats = field(metadata=axes("motif", "s"))
    """Mean duration of a visit, and the limits of its 95 % interval."""
    duration_low_s: Floats = field(metadata=axes("motif", "s"))
    duration_high_s: Floats = field(metadata=axes("motif", "s"))

    def as_states(self) -> States:
        """Return the parameters."""
        emission: Emission = "categorical" if self.emission == "categorical" else "poisson"
        return States(
            emission=emission,
            # words that a fit of very many dropped are improbable, not impossible
            rate=np.maximum(self.rate, LEAST_RATE),
            initial=self.initial,
            transition=self.transition,
            hazard=self.hazard,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hsmm(StatesSpec):
    """The specification of a hidden semi-Markov model.

    Examples
    --------
    >>> from motifmine import simulate
    >>> from motifmine.models.states.model import Hsmm
    >>> table = simulate(n_motifs=2, n_times=400, seed=1).table
    >>> len(Hsmm(n_states=3).fit(table, seed=0).motifs)
    3
    """

    name: ClassVar[str] = "hsmm"
    has_ages: ClassVar[bool] = True

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "StatesFit":
        """Return the states of `table` and their visits.

        Raises `DataError` when the table has no observations, or fewer bins than states.
        """
        began = time.perf_counter()
        check_size(table, n_motifs=self.n_states or 1, motif_length=1)
        if (self.n_states or 1) > table.n_times:
            raise DataError(
                f"{self.n_states} states were asked of {table.n_times} time bins; ask for fewer"
            )
        seed = resolve_seed(seed)
        data = Data.of(table)

        def report(done: int, total: int, value: float) -> None:
            if on_progress is not None:
                on_progress(Progress(done, total, value))

        course, reason = fit_states(
            data, self.n_states, has_ages=self.has_ages, seed=seed, on_progress=report
        )
        saved, motifs = _heaviest_first(course, data, table)
        located = locate_states(saved, table)
        values = course.log_likelihood
        elapsed_s = time.perf_counter() - began
        return StatesFit(
            spec=self,
            motifs=motifs,
            background=located.background,
            activations=located.activations,
            trace=Trace(
                iteration=np.arange(len(values)),
                log_likelihood=np.array(values),
                seconds=np.linspace(0, elapsed_s, len(values)),
            ),
            provenance=provenance_of(self.name, self, table, seed=seed, elapsed_s=elapsed_s),
            model_state=saved,
            reason=reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hmm(Hsmm):
    """The specification of a hidden Markov model: durations of states are geometric."""

    name: ClassVar[str] = "hmm"
    has_ages: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StatesFit(FittedModel):
    """States, and their visits as occurrences."""

    spec: Any
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    provenance: Provenance
    model_state: SavedStates
    reason: str = ""
    """Why there are as many states, "" where the number was given."""

    def findings(self) -> dict[str, object]:
        """Return the decisions."""
        kind = f"{self.model_state.emission} emission"
        lines = [f"{self.reason}; {kind}" if self.reason else kind]
        return {"decisions": lines}

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return the visits of the states in `table`; `reckoned_total` is not used."""
        return locate_states(self.model_state, table)

    def occurrences_in(self, table: ObservationTable) -> Occurrences:
        """Return the visits of the states, each with its end."""
        return visits_of(self.model_state, table)


def find_states(
    table: ObservationTable, n_states: int | None, *, seed: int
) -> tuple[SavedStates, Occurrences]:
    """Return states of explicit durations of a table, and their visits."""
    fit = Hsmm(n_states=n_states).fit(table, seed=seed)
    return fit.model_state, fit.occurrences_in(table)


def locate_in_record(record: FitRecord, table: ObservationTable) -> Located:
    """Return the visits of the states of a saved fit as activations."""
    return locate_states(restore_state(SavedStates, record.model_state), table)


def occurrences_in_record(record: FitRecord, table: ObservationTable) -> Occurrences:
    """Return the visits of the states of a saved fit in `table`, each with its end."""
    return visits_of(restore_state(SavedStates, record.model_state), table)


def locate_states(saved: SavedStates, table: ObservationTable) -> Located:
    """Return where visits begin, with the observations during them."""
    data, states = _data_for(saved, table), saved.as_states()
    state, first, end = find_visits(states, data)
    mass = _observations(data, first, end)
    document = data.document_of(first)
    some = mass > 0
    offsets = np.searchsorted(document[some], np.arange(table.n_documents + 1))
    words = np.asarray(data.counts.sum(axis=0)).ravel()
    return Located(
        activations=Activations(
            offsets=offsets.astype(np.int64),
            start=(first - data.edges[document])[some].astype(np.int32),
            motif=state[some].astype(np.int32),
            mass=mass[some].astype(np.float32),
        ),
        background=Background(
            probability=(words / max(words.sum(), 1e-9)).astype(np.float32), weight=0.0
        ),
        log_likelihood=expect(states, data).log_likelihood,
    )


def visits_of(saved: SavedStates, table: ObservationTable) -> Occurrences:
    """Return the visits of the most probable path as occurrences.

    The score is the log-likelihood ratio against the mean of all bins, and the probability of
    being false that of any other state, averaged over the visit.
    """
    data, states = _data_for(saved, table), saved.as_states()
    state, first, end = find_visits(states, data)
    posterior = expect(states, data).posterior
    emission = log_emission(states, data)
    usual = States(
        emission=states.emission,
        rate=(data.mean / (data.mean.sum() if states.emission == "categorical" else 1))[None],
        initial=np.ones(1),
        transition=np.zeros((1, 1)),
        hazard=np.full((1, 1), 0.5),
    )
    gain = emission - log_emission(usual, data)
    document = data.document_of(first)
    start_bin = first - data.edges[document]
    starts = np.concatenate([recording.bin_start_s for recording in table.recordings])
    return Occurrences(
        document=document.astype(np.int32),
        start_bin=start_bin.astype(np.int32),
        start_s=starts[first],
        motif=state.astype(np.int32),
        weight=_observations(data, first, end),
        score=_sum_of_visits(gain, state, first, end),
        false_probability=1 - _sum_of_visits(posterior, state, first, end) / (end - first),
        end_s=starts[end - 1] + table.bin_s,
    )


def _data_for(saved: SavedStates, table: ObservationTable) -> Data:
    if table.n_words != saved.rate.shape[1]:
        raise DataError(
            f"the table has {table.n_words} words but the states {saved.rate.shape[1]}; it was not "
            "made with the vocabulary of the fit"
        )
    return Data.of(table)


def _observations(data: Data, first: Indices, end: Indices) -> Floats:
    total = np.append(0.0, np.cumsum(np.asarray(data.counts.sum(axis=1)).ravel()))
    found: Floats = total[end] - total[first]
    return found


def _sum_of_visits(values: Floats, state: Indices, first: Indices, end: Indices) -> Floats:
    """Return the sums over each visit of the values (T, K) of its state."""
    summed = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    found: Floats = summed[end, state] - summed[first, state]
    return found


def _heaviest_first(
    course: Course, data: Data, table: ObservationTable
) -> tuple[SavedStates, MotifSet]:
    """Return states in the order of their observations, as they are stored and as motifs."""
    totals = np.asarray(data.counts.sum(axis=1)).ravel()
    weight = totals @ course.expected.posterior / max(totals.sum(), 1e-9)
    order = np.argsort(-weight, kind="stable")
    states = course.states
    mean, error = duration_bins(states, course.expected.visits.left.sum(axis=1))
    margin = WITHIN * error
    saved = SavedStates(
        emission=states.emission,
        rate=states.rate[order],
        initial=states.initial[order],
        transition=states.transition[np.ix_(order, order)],
        hazard=states.hazard[order],
        duration_s=mean[order] * table.bin_s,
        duration_low_s=np.maximum(mean - margin, 1)[order] * table.bin_s,
        duration_high_s=(mean + margin)[order] * table.bin_s,
    )
    return saved, MotifSet(probability=make_motifs(saved), weight=weight[order])


def duration_bins(states: States, n_visits: Floats) -> tuple[Floats, Floats]:
    """Return the mean duration of every state and its standard error, bins, float64 arrays (K,).

    `n_visits` are those whose end was seen.
    """
    survival, tail = states.survival, states.hazard[:, -1]
    ages = np.arange(survival.shape[1] - 1)
    mean = survival[:, :-1].sum(axis=1) + survival[:, -1] / tail
    # E[d (d + 1) / 2] is the sum of (age + 1) survival; of the geometric tail it has this form
    n_ages = len(ages)
    pairs = survival[:, :-1] @ (ages + 1.0) + survival[:, -1] * (n_ages / tail + 1 / tail**2)
    variance = np.maximum(2 * pairs - mean - mean**2, 0)
    return mean, np.sqrt(variance / np.maximum(n_visits, 1))


def make_motifs(saved: SavedStates) -> Any:
    """Return states as motifs: survival times words, float32 array (K, L, W)."""
    survival = with_ages(saved.as_states(), MOST_AGES).survival
    lasting = np.flatnonzero((survival >= RARE).any(axis=0))
    length = int(lasting[-1]) + 1
    probability = survival[:, :length, None] * saved.rate[:, None, :]
    return (probability / probability.sum(axis=(1, 2), keepdims=True)).astype(np.float32)
