"""Drift: change of the motifs themselves over weeks, in their words, shift and speed.

Every motif is estimated separately in every period, from the observations aligned at its starts:
one M-step with the activations of the fit, in which the motif may also take words and relative
times that it does not have, as far as nothing else explains them. A period is compared with the
other periods by the cosine at the best shift.

Estimates from few observations differ by chance, which lowers their cosines. So the starts of each
period are partitioned into groups, and only products between different groups are used, which are
unbiased. Leaving out one group after the other (jackknife) gives the standard error.

Documents are processed one by one. Many words are hashed into fewer columns with random signs
(count sketch); inner products of sketches are unbiased, with a variance that falls with the number
of columns (Charikar, Chen, Farach-Colton 2004).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.analysis.calendar import find_day
from motifmine.analysis.period_similarity import FEWEST_PERIODS, GROUPS, compare_periods
from motifmine.kernels.aligned_counts import (
    Active,
    AlignedSums,
    Observed,
    add_expected_rates,
    add_explained,
)
from motifmine.records.drift import Drift
from motifmine.records.fit import Activations, Background, MotifSet
from motifmine.records.start_layout import compute_background_rates, start_layout
from motifmine.records.table import ObservationTable, Recording
from motifmine.records.wall_clock import (
    DAY_S,
    clock_start,
    clock_starts,
    find_time_zone,
    local_seconds,
)
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Floats32, Indices, Indices32

# length of a period, days, and the largest number of periods of this length
PERIODS = ((1, 21), (7, 60), (28, 60), (91, 60))
# length of the blocks of starts that stay in one group, in motif lengths; shorter in short periods
BLOCK = 8
# smallest number of blocks per period, as long as blocks are not shorter than a motif
LEAST_BLOCKS = 16
# share of a motif that is given to words and relative times other than its own
BROADENED_SHARE = 0.2
MOST_COLUMNS = 512
# most entries of the sums over all motifs, periods and groups; bounds the memory
MOST_CELLS = 1 << 26


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Periods:
    """Periods of equal length."""

    first_day: int
    n_days: int
    n: int
    start_s: Floats
    block_bins: int
    """Length of the blocks of starts that stay in one group."""


def measure_drift(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    *,
    time_zone: str = "UTC",
) -> Drift | None:
    """Return the change of motifs over the periods of an archive, None where there are too few.

    Periods are days up to three weeks, then weeks, then four weeks, and so on.
    """
    return measure_drift_of_documents(
        (
            (table.document(index), _select_document(activations, index))
            for index in range(table.n_documents)
        ),
        table.recordings,
        motifs,
        background,
        bin_s=table.bin_s,
        time_zone=time_zone,
    )


def measure_drift_of_documents(
    documents: Iterable[tuple[ObservationTable | None, Activations]],
    recordings: Sequence[Recording],
    motifs: MotifSet,
    background: Background,
    *,
    bin_s: float,
    time_zone: str = "UTC",
) -> Drift | None:
    """Return the change of motifs from documents that are read one by one.

    Parameters
    ----------
    documents : iterable of ObservationTable (or None) and Activations
        One document each, in the order of `recordings`; None for a table that does not exist.
    recordings : sequence of Recording
        All of them.
    motifs, background, time_zone
        See `measure_drift`.
    """
    periods = _make_periods(recordings, time_zone, motifs.motif_length)
    if periods is None or not len(motifs):
        return None
    broad_motifs = _broaden(motifs, background)
    sums = _make_sums(motifs, periods.n)
    n_bins = 0
    for (table, active), recording in zip(documents, recordings, strict=True):
        if table is not None and table.n_times:
            place = _assign_groups(recording, active.start, n_bins, periods, time_zone)
            _add_document(sums, table, background, active, place, broad_motifs)
        n_bins += recording.n_times
    shape = (len(motifs), periods.n, GROUPS)
    cells = sums.cells.reshape(*shape, *sums.cells.shape[2:])
    found = [
        compare_periods(own, held)
        for own, held in zip(cells, sums.explained.reshape(shape), strict=True)
    ]
    return Drift(
        period_start_s=periods.start_s,
        period_days=periods.n_days,
        similarity=np.stack([each.similarity for each in found]),
        error=np.stack([each.error for each in found]),
        shift_s=np.stack([each.shift for each in found]) * bin_s,
        stretch=np.stack([each.stretch for each in found]),
    )


def _select_document(activations: Activations, index: int) -> Activations:
    """Return the activations of one document."""
    part = slice(activations.offsets[index], activations.offsets[index + 1])
    return Activations(
        offsets=np.array([0, part.stop - part.start], dtype=np.int64),
        start=np.ascontiguousarray(activations.start[part]),
        motif=np.ascontiguousarray(activations.motif[part]),
        mass=np.ascontiguousarray(activations.mass[part]),
    )


def _make_periods(
    recordings: Sequence[Recording], time_zone: str, motif_length: int
) -> _Periods | None:
    clocks = clock_starts(recordings)
    days = [
        find_day(start.timestamp() + float(at), time_zone)
        for start, recording in zip(clocks, recordings, strict=True)
        if start is not None and recording.n_times
        for at in recording.bin_start_s[[0, -1]]
    ]
    if not days:
        return None
    first, n_all = min(days), max(days) - min(days) + 1
    n_days = next((n for n, most in PERIODS if n_all <= n * most), -(-n_all // 60))
    n = -(-n_all // n_days)
    if n < FEWEST_PERIODS:
        return None
    midnight_s = ((first + n_days * np.arange(n)) * DAY_S).astype(np.float64)
    zone, start_s = find_time_zone(time_zone), midnight_s
    for _ in range(2):
        # local midnight in UTC; twice, because the offset itself depends on the instant
        start_s = (midnight_s - (local_seconds(start_s, zone) - start_s)).astype(np.float64)
    per_period = sum(r.n_times for r in recordings) // n
    block_bins = min(max(per_period // LEAST_BLOCKS, motif_length), BLOCK * motif_length)
    return _Periods(first_day=first, n_days=n_days, n=n, start_s=start_s, block_bins=block_bins)


def _broaden(motifs: MotifSet, background: Background) -> Floats32:
    """Return motifs mixed with other words and relative times, float32 array (K, L, W)."""
    words = motifs.probability.sum(axis=1, dtype=np.float64)
    seen = motifs.weight @ words + background.weight * background.probability
    # half its own words at other times, half the words of everything: both kinds of change can show
    elsewhere = (words + seen / max(seen.sum(), 1e-300)) / 2 / motifs.motif_length
    opened = (1 - BROADENED_SHARE) * motifs.probability + BROADENED_SHARE * elsewhere[:, None, :]
    return np.ascontiguousarray(opened, dtype=np.float32)


def _make_sums(motifs: MotifSet, n_periods: int) -> AlignedSums:
    n_motifs, length, n_words = motifs.probability.shape
    places = n_periods * GROUPS
    most = max(MOST_CELLS // (n_motifs * places * length), 8)
    # without a sketch where the words fit: exact sums
    n_columns = min(n_words, MOST_COLUMNS, most)
    column, sign = np.arange(n_words), np.ones(n_words)
    if n_columns < n_words:
        rng = generator(0, Stream.SKETCH)
        column = rng.integers(n_columns, size=n_words)
        sign = np.where(rng.integers(2, size=n_words) > 0, 1.0, -1.0)
    return AlignedSums(
        cells=np.zeros((n_motifs, places, length, n_columns), dtype=np.float32),
        explained=np.zeros((n_motifs, places)),
        column=column.astype(np.int32),
        sign=sign.astype(np.float32),
    )


def _assign_groups(
    recording: Recording, start: Indices32, n_before: int, periods: _Periods, time_zone: str
) -> Indices:
    """Return period * GROUPS + group of every start, -1 without a wall clock.

    `n_before` is the number of time bins in the preceding documents.
    """
    clock = clock_start(recording)
    if clock is None:
        return np.full(len(start), -1, dtype=np.int64)
    # a motif that crosses the edge belongs to the day of what can be seen of it
    inside = np.clip(start.astype(np.int64), 0, recording.n_times - 1)
    utc_s = clock.timestamp() + recording.bin_start_s[inside]
    day = np.floor(local_seconds(utc_s, find_time_zone(time_zone)) / DAY_S).astype(np.int64)
    period = np.clip((day - periods.first_day) // periods.n_days, 0, periods.n - 1)
    block = (n_before + inside) // periods.block_bins
    # multiplicative hash: assigned in turn, the same hours of every day could share a group
    group = (block * 2_654_435_761 >> 16) % GROUPS
    return period * GROUPS + group


def _add_document(
    sums: AlignedSums,
    table: ObservationTable,
    background: Background,
    active: Activations,
    place: Indices,
    phi: Floats32,
) -> None:
    """Add one document and its activations to the sums, in place."""
    layout = start_layout(table, phi.shape[1])
    rate = compute_background_rates(layout, background.weight, background.probability)
    observed = Observed(table.offsets, table.word, table.count, rate)
    starts = Active(active.start, active.motif, active.mass)
    add_expected_rates(observed, starts, phi)
    add_explained(sums, place, observed, starts, phi)
