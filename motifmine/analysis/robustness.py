"""How little change of the counts makes occurrences vanish, appear, or change their motif.

A greedy search changes the observations that move the log-likelihood ratio of an occurrence most,
and, of models whose network finds the starts, those that its gradient points to; the model itself
then looks for its motifs in the changed counts, and in counts with random changes of the same size.
What is found is an upper bound of the least change: a better search could do with less.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.attacks import Change, nearness, take_first
from motifmine.analysis.occurrences import FLOOR, SPREAD_BINS, find_occurrences
from motifmine.errors import DataError
from motifmine.kernels.likelihood import compute_rates
from motifmine.models.protocol import Located
from motifmine.records.fit import FitRecord, make_dense_activation, separate_tempos
from motifmine.records.start_layout import compute_background_rates, make_phi, start_layout
from motifmine.records.table import ObservationTable, cut_documents, table_from_rows
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

# changed observations, as shares of a usual occurrence of the motif
BUDGETS = (0.05, 0.1, 0.2, 0.4, 0.8)
MOST_OCCURRENCES = 15  # occurrences, and places without one, that are tried of each motif
MARGIN = 2  # motif lengths before and after an occurrence that are part of what is changed

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
    response: Floats | None = None,
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
    response : float64 array (K, L + 2 * margin, W) or None
        What an observation adds to a start in the eyes of the model's network, from `margin` bins
        before it, see `motifmine.models.registry.Entry`; None: starts are those of the likelihood.
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
    weight, motif = record.occurrences.weight, record.occurrences.motif
    usual = {k: float(np.median(weight[motif == k])) for k in np.unique(motif).tolist()}
    variants = [
        variant
        for number, window in enumerate(windows)
        for variant in _vary(record, window, number, usual[window.motif], response, change, rng)
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
    flat = record.background
    base = compute_background_rates(layout, flat.weight, flat.probability)
    base += compute_background_rates(layout, FLOOR, even)
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
    response: Floats | None,
    change: Change,
    rng: np.random.Generator,
) -> Iterator[_Variant]:
    """Yield a window unchanged, and with the worst and with random changes of every budget."""
    yield _Variant(number, -1, False, (window.time, window.word, window.amount))
    phi = record.motifs.probability[window.motif].astype(np.float64)
    for b, share in enumerate(BUDGETS):
        budget = share * usual
        vary = _take_apart if window.is_occurrence else _put_together
        for by_chance in (False, True):
            rows = vary(window, phi, budget, change, rng, by_chance=by_chance)
            yield _Variant(number, b, by_chance, rows)
        if response is not None and window.is_occurrence:
            rows = _mislead(window, response[window.motif], len(phi), budget, change)
            yield _Variant(number, b, False, rows)


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
    taken = take_first(window.amount, order, budget)
    outside = np.setdiff1d(np.arange(length * (2 * MARGIN + 1)), window.start + np.arange(length))
    some = np.flatnonzero(taken)
    return _changed(window, taken, some, rng.choice(outside, len(some)), change)


def _mislead(
    window: _Window, response: Floats, length: int, budget: float, change: Change
) -> tuple[Indices, Indices, Floats]:
    """Return the rows of a window whose observations go where they speak most against its start.

    The response (L + 2 * margin, W) says what speaks for it.
    """
    margin = (len(response) - length) // 2
    place = window.time - window.start + margin
    inside = (place >= 0) & (place < len(response))
    lowest, where = response.min(axis=0)[window.word], response.argmin(axis=0)[window.word]
    gain = np.where(inside, response[np.clip(place, 0, len(response) - 1), window.word], 0.0)
    if change == "moved":
        gain = gain - lowest
    order = np.argsort(-gain, kind="stable")
    taken = take_first(window.amount, order[gain[order] > 0], budget)
    some = np.flatnonzero(taken)
    return _changed(window, taken, some, window.start - margin + where[some], change)


def _changed(
    window: _Window, taken: Floats, some: Indices, moved_to: Indices, change: Change
) -> tuple[Indices, Indices, Floats]:
    """Return the rows of a window less what is taken, which is moved or removed."""
    if change == "counts":
        return window.time, window.word, window.amount - taken
    return (
        np.concatenate([window.time, moved_to]),
        np.concatenate([window.word, window.word[some]]),
        np.concatenate([window.amount - taken, taken[some]]),
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
        return (
            np.concatenate([window.time, window.start + time]),
            np.concatenate([window.word, word]),
            np.concatenate([window.amount, np.ones(n)]),
        )
    best = phi.max(axis=0)[window.word]
    order = np.argsort(-best, kind="stable")
    order = rng.permutation(len(order)) if by_chance else order[best[order] > 0]
    taken = take_first(window.amount, order, budget)
    some = np.flatnonzero(taken)
    likeliest = phi.argmax(axis=0)[window.word[some]]
    time = rng.integers(0, length, len(some)) if by_chance else likeliest
    return _changed(window, taken, some, window.start + time, change)


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
    known = (record.motifs, located.background, located.activations)
    found = find_occurrences(pieces, *known, is_gathered=located.is_gathered)
    near = np.abs(found.start_bin - MARGIN * length) <= nearness(length)
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
    motif = np.array([window.motif for window in windows])
    is_occurrence = np.array([window.is_occurrence for window in windows])
    # after any of the searches, and by chance
    wrong = np.zeros((2, len(windows), len(BUDGETS)), dtype=np.bool_)
    is_other = np.zeros(wrong.shape[1:], dtype=np.bool_)
    as_expected = np.zeros(len(windows), dtype=np.bool_)
    clean: dict[int, set[int]] = {}
    for variant, motifs in zip(variants, found, strict=True):
        at = (variant.window, variant.budget)
        is_wrong = (motif[at[0]] in motifs) != is_occurrence[at[0]]
        if variant.budget < 0:
            clean[at[0]], as_expected[at[0]] = motifs, not is_wrong
            continue
        wrong[int(variant.by_chance)][at] |= is_wrong
        is_other[at] |= is_wrong and not variant.by_chance and bool(motifs - clean[at[0]])

    def share(values: NDArray[np.bool_], tried: NDArray[np.bool_]) -> Floats:
        sums = np.zeros((len(record.motifs), len(BUDGETS)))
        np.add.at(sums, motif[tried], values[tried])
        with np.errstate(invalid="ignore"):
            return sums / np.bincount(motif[tried], minlength=len(sums))[:, None]

    occurrences, places = as_expected & is_occurrence, as_expected & ~is_occurrence
    return Robustness(
        change=change,
        budgets=np.array(BUDGETS),
        n_occurrences=np.bincount(motif[occurrences], minlength=len(record.motifs)),
        vanished=share(wrong[0], occurrences),
        vanished_by_chance=share(wrong[1], occurrences),
        changed=share(is_other, occurrences),
        n_places=np.bincount(motif[places], minlength=len(record.motifs)),
        appeared=share(wrong[0], places),
        appeared_by_chance=share(wrong[1], places),
    )
