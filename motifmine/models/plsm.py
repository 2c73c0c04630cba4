"""PLSM, Probabilistic Latent Sequential Motifs, fitted by expectation maximisation.

Varadarajan, Emonet and Odobez: BMVC 2010; International Journal of Computer Vision 103(1), 2013.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from motifmine.errors import DataError, FitError, SpecError
from motifmine.kernels.plsm import sweep_expectations
from motifmine.layout import (
    StartLayout,
    flat_rates,
    motifs_of,
    phi_of,
    sparse_activations,
    start_layout,
)
from motifmine.models.protocol import Progress
from motifmine.motifs import Activations, Background, MotifSet, Provenance, Trace
from motifmine.seeding import generator, resolve_seed
from motifmine.table import Floats32, ObservationTable
from motifmine.version import __version__

FOLD_IN_ITERATIONS = 50
FLOOR = 1e-3
"""Share of new documents that is left to chance when motifs are held fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plsm:
    """The specification of a PLSM fit.

    Examples
    --------
    >>> from motifmine import Plsm, simulate
    >>> table = simulate(n_motifs=2, n_times=400, seed=1).table
    >>> fit = Plsm(n_motifs=2, motif_length=10, restarts=2).fit(table, seed=0)
    >>> fit.motifs
    MotifSet(2 motifs of 10 bins x 20 words)
    """

    n_motifs: int = 10
    """Number of motifs, > 0."""
    motif_length: int = 20
    """Length of the motifs in time bins, > 0."""
    iterations: int = 100
    """EM iterations of each restart at most, > 0."""
    restarts: int = 4
    """Random starts; the one of best likelihood is kept, > 0."""
    tolerance: float = 1e-6
    """Stop when the log-likelihood per observation rises by less, nats, >= 0."""

    def __post_init__(self) -> None:
        for name in ("n_motifs", "motif_length", "iterations", "restarts"):
            if getattr(self, name) < 1:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        if not (np.isfinite(self.tolerance) and self.tolerance >= 0):
            raise SpecError(f"tolerance is {self.tolerance}; it must be 0 or more")

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_iteration: Callable[[Progress], None] | None = None,
    ) -> "PlsmFit":
        """Return the best of `restarts` fits of `table`.

        Raises
        ------
        DataError
            When the table is too small for the specification.
        FitError
            When the log-likelihood is not finite.
        """
        began = time.perf_counter()
        check_size(table, n_motifs=self.n_motifs, motif_length=self.motif_length)
        seed = resolve_seed(seed)
        layout = start_layout(table, self.motif_length)
        runs = (
            _climb(self, table, layout, generator(seed, restart), began, restart, on_iteration)
            for restart in range(self.restarts)
        )
        best = max(runs, key=lambda run: run.trace[-1][1])
        return _package(self, table, layout, best, seed, time.perf_counter() - began)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlsmFit:
    """Motifs that PLSM found, and where they are active."""

    spec: Plsm
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    provenance: Provenance

    def transform(self, table: ObservationTable) -> Activations:
        """Return the activations of the documents of `table`, motifs held fixed."""
        return fold_in(self.motifs, table)[0]

    def score(self, table: ObservationTable) -> float:
        """Return the log-likelihood per observation of `table`, nats; higher is better."""
        return fold_in(self.motifs, table)[1] / table.total


class PlsmState(NamedTuple):
    """The parameters between two iterations."""

    activation: Floats32
    """Expected mass per start row and motif, float32 array (R, K)."""
    phi: Floats32
    """Motifs by word, relative time reversed, float32 array (W, L * K)."""


class _Run(NamedTuple):
    state: PlsmState
    trace: list[tuple[int, float, float]]


def check_size(table: ObservationTable, *, n_motifs: int, motif_length: int) -> None:
    """Raise `DataError` when a table is too small for so many motifs of this length."""
    if len(table.word) == 0:
        raise DataError("the tables hold no observations; there is nothing to fit")
    longest = max(table.recordings, key=lambda r: r.n_times)
    if motif_length > longest.n_times:
        raise DataError(
            f"motif_length is {motif_length} bins ({motif_length * table.bin_s:g} s) but the "
            f"longest document, {longest.name!r}, has {longest.n_times} "
            f"({longest.n_times * table.bin_s:g} s); use shorter motifs or longer documents"
        )
    if n_motifs > len(table.word):
        raise DataError(
            f"{n_motifs} motifs were asked of {len(table.word)} observations; ask for fewer"
        )


def start(layout: StartLayout, n_motifs: int, n_words: int, rng: np.random.Generator) -> PlsmState:
    """Return a random start: motifs near uniform, start times uniform."""
    length = layout.motif_length
    phi = rng.gamma(5.0, size=(n_words, length * n_motifs)).astype(np.float32)
    return PlsmState(uniform_activation(layout, n_motifs), _normalised(phi, n_motifs))


def uniform_activation(layout: StartLayout, n_motifs: int) -> Floats32:
    """Return each document's mass spread evenly over motifs and start times, (R, K)."""
    rows = np.diff(layout.document_rows)
    level = (layout.document_total / (rows * n_motifs)).astype(np.float32)
    return np.ascontiguousarray(np.repeat(level, rows)[:, None].repeat(n_motifs, axis=1))


def step(layout: StartLayout, state: PlsmState, base: Floats32) -> tuple[PlsmState, float]:
    """Return the parameters after one EM iteration, and the log-likelihood before it, nats."""
    factors, value = expectations(layout, state, base)
    activation = state.activation * factors.activation
    phi = _normalised(state.phi * factors.phi, activation.shape[1])
    return PlsmState(activation, phi), value


def expectations(layout: StartLayout, state: PlsmState, base: Floats32) -> tuple[PlsmState, float]:
    """Return what the E-step multiplies the parameters by, and sum n log p(w, t | d), nats."""
    activation_factor = np.zeros_like(state.activation)
    phi_factor = np.zeros_like(state.phi)
    log_rates = sweep_expectations(
        layout.bin_row,
        layout.offsets,
        layout.word,
        layout.count,
        base,
        state.activation,
        state.phi,
        activation_factor,
        phi_factor,
    )
    return PlsmState(activation_factor, phi_factor), log_rates - _log_totals(layout)


def _log_totals(layout: StartLayout) -> float:
    """Return sum over documents of N_d log N_d: what turns rates into probabilities."""
    total = layout.document_total[layout.document_total > 0]
    return float(np.sum(total * np.log(total)))


def _normalised(phi: Floats32, n_motifs: int) -> Floats32:
    """Return `phi` scaled so that each motif sums to 1 (an empty motif stays empty)."""
    total = phi.reshape(-1, n_motifs).sum(axis=0, dtype=np.float64)
    scale = np.where(total > 0, 1.0 / np.where(total > 0, total, 1.0), 0.0).astype(np.float32)
    return np.ascontiguousarray(phi * np.tile(scale, phi.shape[1] // n_motifs))


def _climb(
    spec: Plsm,
    table: ObservationTable,
    layout: StartLayout,
    rng: np.random.Generator,
    began: float,
    restart: int,
    on_iteration: Callable[[Progress], None] | None,
) -> _Run:
    """Return one random start climbed until it rises no more."""
    state = start(layout, spec.n_motifs, table.n_words, rng)
    trace: list[tuple[int, float, float]] = []
    no_base = np.zeros_like(table.count)
    for iteration in range(spec.iterations):
        state, value = step(layout, state, no_base)
        if not np.isfinite(value):
            raise FitError(f"the log-likelihood is {value} at iteration {iteration}")
        trace.append((iteration, value, time.perf_counter() - began))
        if on_iteration is not None:
            done = restart * spec.iterations + iteration + 1
            on_iteration(Progress(done, spec.restarts * spec.iterations, value))
        if iteration and value - trace[-2][1] < spec.tolerance * table.total:
            break
    return _Run(state, trace)


def _package(
    spec: Plsm,
    table: ObservationTable,
    layout: StartLayout,
    run: _Run,
    seed: int,
    elapsed_s: float,
) -> PlsmFit:
    """Return the records of a finished run, motifs sorted by weight."""
    mass = run.state.activation.sum(axis=0, dtype=np.float64)
    order = np.argsort(-mass, kind="stable")
    iteration, value, seconds = (np.array(column) for column in zip(*run.trace, strict=True))
    return PlsmFit(
        spec=spec,
        motifs=MotifSet(
            probability=motifs_of(run.state.phi, spec.n_motifs)[order],
            weight=mass[order] / mass.sum(),
        ),
        background=Background(
            probability=np.full(table.n_words, 1 / table.n_words, dtype=np.float32), weight=0.0
        ),
        activations=sparse_activations(layout, run.state.activation[:, order]),
        trace=Trace(iteration=iteration, log_likelihood=value, seconds=seconds),
        provenance=Provenance(
            motifmine_version=__version__,
            model="plsm",
            spec=json.dumps(asdict(spec)),
            seed=seed,
            inputs=tuple((r.name, r.source_digest) for r in table.recordings),
            elapsed_s=elapsed_s,
        ),
    )


def fold_in(motifs: MotifSet, table: ObservationTable) -> tuple[Activations, float]:
    """Return activations of `table` with motifs held fixed, and their log-likelihood, nats.

    A share of `FLOOR` is spread evenly over words and time bins, so that an observation that no
    motif can explain costs much but not everything. The problem is convex: any start will do.
    """
    layout = start_layout(table, motifs.motif_length)
    state = PlsmState(uniform_activation(layout, len(motifs)), phi_of(motifs.probability))
    even = np.full(table.n_words, 1 / table.n_words, dtype=np.float32)
    floor = flat_rates(layout, FLOOR, even)
    value = -np.inf
    for _ in range(FOLD_IN_ITERATIONS):
        factors, value = expectations(layout, state, floor)
        state = state._replace(activation=state.activation * factors.activation)
    return sparse_activations(layout, state.activation), value
