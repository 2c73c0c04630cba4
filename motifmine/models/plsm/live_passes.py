"""The pass of PLSM over live starts only, where the sparsity has closed most of them."""

import numpy as np

from motifmine.models.plsm.cell_layouts import aligned
from motifmine.models.plsm.kernels import live as lk
from motifmine.models.plsm.kernels.ratios import Background
from motifmine.models.plsm.passes import (
    NO_BACKGROUND,
    TINY,
    Expectation,
    Plan,
    make_halo,
    sum_units,
)
from motifmine.types import Floats, Floats32, Indices32

CROSSOVER = 0.05
"""Share of live starts below which this pass is faster than that over all starts."""
FEW = 1 << 24
"""Multiplications up to which it does not matter, of events, which pass is faster: that over all
starts takes seconds to compile, which the choice of their bins never needs."""
WORTH_ADDING = 4
"""Multiplications of a unit of work for each cell that its sums have: adding them stays cheap."""
LEAST_UNIT = 1 << 18
"""Multiplications of a unit at least, as every unit is a call."""


def few_live_starts(plan: Plan, starts: Floats32) -> lk.Live | None:
    """Return the starts (R, K) above zero, None where they are too many for this pass.

    Sparsity closes most starts in the first iterations, and a closed start stays closed under EM.
    """
    n_live = int(np.count_nonzero(starts > 0))
    are_events = len(plan.table.word) < plan.n_rows
    is_cheap = are_events and n_multiplications(plan, n_live) <= FEW
    if n_live >= CROSSOVER * starts.size and not is_cheap:
        return None
    return lk.live_cells(np.ascontiguousarray(starts, np.float32))


def live_expectation(
    plan: Plan,
    places: lk.Places,
    live: lk.Live,
    motifs: Floats32,
    *,
    background: Background = NO_BACKGROUND,
    learn: bool = True,
    n_threads: int = 1,
) -> Expectation:
    """Return what `expectation` returns, but from live starts only and with their masses (M,).

    Parameters
    ----------
    places : Places
        See `live_places`.
    live : Live
        See `few_live_starts`.
    motifs : float32 array (K, L, W)
    learn : bool
        When not set, the counts of motif cells are not computed (fold-in).
    """
    size = (plan.n_motifs, plan.motif_length, plan.n_words)
    phi = np.ascontiguousarray(motifs, np.float32).reshape(plan.n_motifs, -1)
    sums = np.zeros_like(live.mass)
    halo = make_halo(plan)
    first_chunk = _units(plan, len(live.mass), phi.size if learn else 0)

    def sweep(
        unit: int,
        part: Floats32,
        words: Floats,
        documents: Floats,
        room: tuple[Floats32, Indices32],
    ) -> tuple[float, float]:
        return lk.sweep_live_chunks(
            live,
            places,
            phi.reshape(-1),
            plan.table,
            plan.tiles,
            (first_chunk[unit], first_chunk[unit + 1]),
            background,
            size,
            sums,
            halo,
            part.reshape(-1),
            words,
            documents,
            room,
        )

    def room() -> tuple[Floats32, Indices32]:
        return aligned(plan.largest_tile), np.zeros(plan.largest_tile, np.int32)

    weight = phi if learn else phi[:0]
    counts, words, documents, value, unexplained = sum_units(
        plan, len(first_chunk) - 1, weight, background, n_threads, room, sweep
    )
    lk.sweep_live_masses(live, halo, plan.tiles.chunk_row, TINY, sums)
    cells = counts.reshape(-1, *size[1:])
    return Expectation(sums, cells, words, documents, value, unexplained)


def _units(plan: Plan, n_live: int, n_cells: int) -> list[int]:
    """Return the first chunk of every unit of work, and the number of chunks at the end.

    By the amount of work alone, so that sums have the same bytes at any number of threads.
    """
    n_chunks = plan.n_chunks
    work = n_multiplications(plan, n_live)
    n_units = int(work // max(LEAST_UNIT, WORTH_ADDING * n_cells)) + 1
    n_units = min(n_units, n_chunks)
    return [unit * n_chunks // max(n_units, 1) for unit in range(n_units + 1)]


def n_multiplications(plan: Plan, n_live: int) -> float:
    """Return about how many starts the observations meet in all."""
    return n_live * plan.motif_length * len(plan.table.word) / max(plan.n_rows, 1)


def live_places(plan: Plan) -> lk.Places:
    """Return places of the observations, made once for all passes over live cells."""
    if (plan.widest_tile + 1) * plan.n_words >= 1 << 31:
        raise ValueError("tiles of rows x words beyond int32; make the plan with fewer tile_rows")
    return lk.places_of(plan.table, plan.tiles, plan.n_words)


def dense_starts(live: lk.Live, n_rows: int) -> Floats32:
    """Return the starts (R, K) of live cells."""
    n_motifs = len(live.motif_offsets) - 1
    starts = np.zeros((n_rows, n_motifs), np.float32)
    starts[live.row, np.repeat(np.arange(n_motifs), np.diff(live.motif_offsets))] = live.mass
    return starts
