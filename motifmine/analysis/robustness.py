"""How little change of the counts makes occurrences vanish, appear, or change their motif.

A greedy search changes the observations that move the log-likelihood ratio of an occurrence most;
the model itself then looks for its motifs in the changed counts, and in counts with random changes
of the same size. What is found is an upper bound of the least change: a better search could do with
less. Of models that do not infer by likelihood the search knows the motifs, and not the network.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from motifmine.analysis.occurrences import FLOOR, SPREAD_BINS, find_occurrences
from motifmine.errors import DataError
from motifmine.kernels.likelihood import compute_rates
from motifmine.models.protocol import Located
from motifmine.records.fit import FitRecord, make_dense_activation, separate_tempos
from motifmine.records.start_layout import compute_background_rates, make_phi, start_layout
from motifmine.records.table import ObservationTable, cut_documents, table_from_rows
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

Change = Literal["moved", "counts"]
# changed observations, as shares of a usual occurrence of the motif
BUDGETS = (0.05, 0.1, 0.2, 0.4, 0.8)
MOST_OCCURRENCES = 15  # occurrences, and places without one, that are tried of each motif
MARGIN = 2  # motif lengths before and after an occurrence that are part of what is changed
NEAR_SHARE = 4  # an occurrence is the same as before within this part of its length, or two bins

Locate = Callable[[ObservationTable], Located]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robustness:
    """Shares of tried occurrences and places, by motif and budget, float64 arrays (K, B).

    Shares of none are NaN.
    """

    change: Change
    budgets: Floats
    """Changed observations as shares of a usual occurrence, (B,)."""
    n_occurrences: Indices
    """Occurrences that were tried and are found without a change, (K,)."""
    vanished: Floats
    vanished_by_chance: Floats
    """After random changes of the same size."""
    changed: Floats
    """Vanished, with an occurrence of another motif in its place that was not there before."""
    n_places: Indices
    """Places without an occurrence that were tried, (K,)."""
    appeared: Floats
    appeared_by_chance: Floats


class _Window(NamedTuple):
    """Observations around an occurrence or place, times relative to the window."""

    motif: int
    is_occurrence: bool
    start: int
    time: Indices
    word: Indices
    amount: Floats
    own: Floats
    """What the occurrence explains of each, as a share of the rate."""


class _Variant(NamedTuple):
    """A window with changes: number of the window, budget (-1: unchanged), whether by chance."""

    window: int
    budget: int
    by_chance: bool
    rows: tuple[Indices, Indices, Floats]


def measure_robustness(
    record: FitRecord,
    tables: dict[int, ObservationTable],
    locate: Locate,
    *,
    change: Change = "moved",
    seed: int = 0,
) -> Robustness:
    """Return how often occurrences vanish or appear after small changes of the counts.

    Parameters
    ----------
    tables : dict of int to ObservationTable
        Documents of the fit by number, prepared as for it.
    locate : callable
        Infers the motifs of the fit in other counts.
    change : {"moved", "counts"}
        Move observations in time, or remove them (to make an occurrence vanish) and add some (to
        make one appear).

    Raises
    ------
    DataError
        When no occurrence is far enough from the edges of its recording.
    """
    length = record.motifs.motif_length
    rng = generator(seed, Stream.ROBUSTNESS)
    windows = [w for d, table in tables.items() for w in _cut_windows(record, table, d, rng)]
    windows = _choose(windows, len(record.motifs), rng)
    if not any(window.is_occurrence for window in windows):
        raise DataError(
            f"no occurrence is {MARGIN} motif lengths ({MARGIN * length} bins) away from the edges "
            "of its recording; nothing can be tried"
        )
    found = record.occurrences
    usual = [
        float(np.median(found.weight[found.motif == k])) if (found.motif == k).any() else 0.0
        for k in range(len(record.motifs))
    ]
    variants = [
        variant
        for number, window in enumerate(windows)
        for variant in _vary(record, window, number, usual[window.motif], change, rng)
    ]
    return _count(record, change, windows, variants, _find_in(record, variants, locate))


def _cut_windows(
    record: FitRecord, table: ObservationTable, document: int, rng: np.random.Generator
) -> Iterator[_Window]:
    """Yield a window for every occurrence, and for as many places without one of each motif."""
    length, margin = record.motifs.motif_length, MARGIN * record.motifs.motif_length
    mine = record.occurrences.document == document
    starts, motifs = record.occurrences.start_bin[mine], record.occurrences.motif[mine]
    places = [(int(s), int(k), True) for s, k in zip(starts, motifs, strict=True)]
    last = table.n_times - length - margin
    for k in range(len(record.motifs)):
        own = starts[motifs == k]
        for start in rng.integers(0, max(last, 1), min(len(own), MOST_OCCURRENCES)).tolist():
            if not len(own) or np.abs(own - start).min() > length:
                places.append((start, k, False))
    rates, own_of = _measure_rates(record, table)
    time = np.repeat(np.arange(table.n_times), np.diff(table.offsets))
    word = table.word.astype(np.int64)
    for start, k, is_occurrence in places:
        if start < margin or start >= last:
            continue
        first, end = table.offsets[[start - margin, start + length + margin]]
        part = slice(int(first), int(end))
        yield _Window(
            motif=k,
            is_occurrence=is_occurrence,
            start=margin,
            time=time[part] - (start - margin),
            word=word[part],
            amount=table.count[part].astype(np.float64),
            own=own_of(k, start, time[part], word[part]) / rates[part],
        )


def _measure_rates(
    record: FitRecord, table: ObservationTable
) -> tuple[Floats, Callable[[int, int, Indices, Indices], Floats]]:
    """Return the rate of every observation of a document, and that of an occurrence as a function.

    The latter is of motif, start, times and words; the shape is that of the usual tempo.
    """
    document = next(
        d for d, r in enumerate(record.recordings) if r.name == table.recordings[0].name
    )
    motifs, every = separate_tempos(record.motifs, record.activations)
    part = slice(every.offsets[document], every.offsets[document + 1])
    layout = start_layout(table, motifs.motif_length)
    alone = type(every)(
        offsets=np.array([0, part.stop - part.start]),
        start=every.start[part],
        motif=every.motif[part],
        mass=every.mass[part],
    )
    activation = make_dense_activation(layout, alone, len(motifs))
    even = np.full(table.n_words, 1 / table.n_words, dtype=np.float32)
    base = compute_background_rates(layout, FLOOR, even) + compute_background_rates(
        layout, record.background.weight, record.background.probability
    )
    phi = make_phi(motifs.probability)
    rates = compute_rates(layout.bin_row, layout.offsets, layout.word, base, activation, phi)
    length = motifs.motif_length

    def own_of(k: int, start: int, time: Indices, word: Indices) -> Floats:
        own = np.zeros(len(time))
        for near in range(start - SPREAD_BINS, start + SPREAD_BINS + 1):
            inside = (time >= near) & (time < near + length)
            mass = activation[near + length - 1, k]
            own[inside] += mass * record.motifs.probability[k, time[inside] - near, word[inside]]
        return own

    return rates, own_of


def _choose(windows: list[_Window], n_motifs: int, rng: np.random.Generator) -> list[_Window]:
    """Return at most `MOST_OCCURRENCES` windows of each motif and kind, drawn at random."""
    kept = []
    for k in range(n_motifs):
        for kind in (True, False):
            mine = [w for w in windows if w.motif == k and w.is_occurrence == kind]
            order = rng.permutation(len(mine))[:MOST_OCCURRENCES]
            kept += [mine[i] for i in np.sort(order).tolist()]
    return kept


def _vary(
    record: FitRecord,
    window: _Window,
    number: int,
    usual: float,
    change: Change,
    rng: np.random.Generator,
) -> Iterator[_Variant]:
    """Yield a window unchanged, and with the worst and with random changes of every budget."""
    yield _Variant(number, -1, False, (window.time, window.word, window.amount))
    phi = record.motifs.probability[window.motif].astype(np.float64)
    for budget, share in enumerate(BUDGETS):
        for by_chance in (False, True):
            vary = _take_apart if window.is_occurrence else _put_together
            rows = vary(window, phi, share * usual, change, rng, by_chance=by_chance)
            yield _Variant(number, budget, by_chance, rows)


def _take_apart(
    window: _Window,
    phi: Floats,
    budget: float,
    change: Change,
    rng: np.random.Generator,
    *,
    by_chance: bool,
) -> tuple[Indices, Indices, Floats]:
    """Return the rows of a window after the observations that speak for its occurrence changed."""
    length = len(phi)
    inside = (window.time >= window.start) & (window.time < window.start + length)
    # the evidence of an observation: log of its rate over its rate without the occurrence
    gain = -np.log1p(-np.minimum(window.own, 1 - 1e-9))
    order = np.argsort(-gain, kind="stable")
    order = rng.permutation(np.flatnonzero(inside)) if by_chance else order[gain[order] > 0]
    taken = _take(window.amount, order, budget)
    rows = (window.time, window.word, window.amount - taken)
    if change == "counts":
        return rows
    outside = np.setdiff1d(np.arange(length * (2 * MARGIN + 1)), window.start + np.arange(length))
    some = np.flatnonzero(taken)
    return (
        np.concatenate([rows[0], rng.choice(outside, len(some))]),
        np.concatenate([rows[1], window.word[some]]),
        np.concatenate([rows[2], taken[some]]),
    )


def _put_together(
    window: _Window,
    phi: Floats,
    budget: float,
    change: Change,
    rng: np.random.Generator,
    *,
    by_chance: bool,
) -> tuple[Indices, Indices, Floats]:
    """Return the rows of a window after observations went where a motif would have them."""
    length, n_words = phi.shape
    if change == "counts":
        n = max(1, round(budget))
        # as an occurrence of that size would bring them, or anywhere
        likely = phi.ravel() / phi.sum()
        cells = rng.choice(phi.size, n, p=None if by_chance else likely)
        time, word = np.divmod(cells, n_words)
        taken, count = np.zeros(len(window.amount)), np.ones(n)
    else:
        best = phi.max(axis=0)[window.word]
        order = np.argsort(-best, kind="stable")
        order = rng.permutation(len(order)) if by_chance else order[best[order] > 0]
        taken = _take(window.amount, order, budget)
        some = np.flatnonzero(taken)
        word, count = window.word[some], taken[some]
        time = rng.integers(0, length, len(some)) if by_chance else phi.argmax(axis=0)[word]
    return (
        np.concatenate([window.time, window.start + time]),
        np.concatenate([window.word, word]),
        np.concatenate([window.amount - taken, count]),
    )


def _take(count: Floats, order: Indices, budget: float) -> Floats:
    """Return how much is taken of every count: all of the first in order, until the budget ends."""
    before = np.cumsum(count[order]) - count[order]
    taken = np.zeros(len(count))
    taken[order] = np.clip(budget - before, 0.0, count[order])
    return taken


def _find_in(record: FitRecord, variants: list[_Variant], locate: Locate) -> list[set[int]]:
    """Return the motifs that are found where the middle of each window is."""
    length = record.motifs.motif_length
    n_bins = length * (2 * MARGIN + 1)
    # one long document, cut into windows: the model is run once
    table = table_from_rows(
        time=np.concatenate([i * n_bins + v.rows[0] for i, v in enumerate(variants)]),
        word=np.concatenate([v.rows[1] for v in variants]),
        count=np.concatenate([v.rows[2] for v in variants]),
        n_times=n_bins * len(variants),
        vocabulary=record.vocabulary,
        bin_s=record.bin_s,
        name="variants",
    )
    pieces = cut_documents(table, n_bins)
    located = locate(pieces)
    found = find_occurrences(
        pieces,
        record.motifs,
        located.background,
        located.activations,
        is_gathered=located.is_gathered,
    )
    near = np.abs(found.start_bin - MARGIN * length) <= max(2, length // NEAR_SHARE)
    sure = near & (found.score >= record.provenance.spec.detection.least_score)
    motifs: list[set[int]] = [set() for _ in variants]
    for document, motif in zip(found.document[sure], found.motif[sure], strict=True):
        motifs[document].add(int(motif))
    return motifs


def _count(
    record: FitRecord,
    change: Change,
    windows: list[_Window],
    variants: list[_Variant],
    found: list[set[int]],
) -> Robustness:
    """Return the shares of windows in which the motif vanished, changed or appeared."""
    shape = (len(record.motifs), len(BUDGETS))
    names = ("vanished", "vanished_by_chance", "changed", "appeared", "appeared_by_chance")
    sums = {name: np.zeros(shape) for name in names}
    n_tried = {True: np.zeros(shape[0], np.int64), False: np.zeros(shape[0], np.int64)}
    clean: dict[int, set[int]] = {}
    for variant, motifs in zip(variants, found, strict=True):
        window = windows[variant.window]
        k, is_there = window.motif, window.motif in motifs
        if variant.budget < 0:
            clean[variant.window] = motifs
            n_tried[window.is_occurrence][k] += is_there == window.is_occurrence
        elif (k in clean[variant.window]) == window.is_occurrence:
            kind = "vanished" if window.is_occurrence else "appeared"
            suffix = "_by_chance" if variant.by_chance else ""
            sums[kind + suffix][k, variant.budget] += is_there != window.is_occurrence
            is_other = bool(motifs - clean[variant.window]) and not is_there
            if window.is_occurrence and not variant.by_chance:
                sums["changed"][k, variant.budget] += is_other
    with np.errstate(invalid="ignore"):
        shares = {
            name: total / n_tried[name.startswith(("vanished", "changed"))][:, None]
            for name, total in sums.items()
        }
    return Robustness(
        change=change,
        budgets=np.array(BUDGETS),
        n_occurrences=n_tried[True],
        n_places=n_tried[False],
        **shares,
    )
