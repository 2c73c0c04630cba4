"""Tables drawn from a fit, with known truth: occurrences at random or at given starts."""

from dataclasses import dataclass

import numpy as np

from motifmine.errors import DataError
from motifmine.models.registry import draw_rates, has_sampler
from motifmine.records.expected import add_occurrences
from motifmine.records.fit import FitRecord, MotifSet, Occurrences
from motifmine.records.table import ObservationTable, join_tables, table_from_rows
from motifmine.records.tempo import at_tempos
from motifmine.seeding import Stream, generator
from motifmine.simulation import Simulation
from motifmine.types import Floats, Floats32, Indices

# starts of one motif are this part of its length apart, or more: of closer ones one is found
APART_SHARE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """An occurrence that is asked for."""

    document: str
    motif: int
    start_bin: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Law:
    """What a fit says of its occurrences."""

    shapes: Floats32
    """(K * V, L, W), each motif at each of its V tempos."""
    rate: Floats
    """Starts a bin of each motif, (K,)."""
    sizes: tuple[Floats, ...]
    """Observations of the occurrences of each motif."""
    columns: tuple[Indices, ...]
    """Rows of `shapes` of the same occurrences."""
    background: Floats
    """Observations a bin of every word that belong to no occurrence, (W,)."""


def draw_from_fit(
    record: FitRecord,
    *,
    n_times: int | None = None,
    n_documents: int | None = None,
    starts: tuple[Start, ...] = (),
    seed: int = 0,
) -> Simulation:
    """Return tables drawn from a fit, with the occurrences that they hold.

    Starts are a Poisson process with the rate that the fit found, without its rhythms and pauses;
    sizes and tempos are those of found occurrences, drawn again. What motifs explain outside of
    occurrences is background, constant in time. Models with a network that draws correct the rates
    that follow, or give others where they have no motifs.

    Parameters
    ----------
    n_times, n_documents : int or None
        Bins of a document and number of documents; None: those of the fit, or of `starts`.
    starts : tuple of Start
        All occurrences, instead of random ones.

    Raises
    ------
    DataError
        When the fit has no occurrences, or these have no fixed shape.
    """
    if record.occurrences.end_s is not None and record.occurrences.tempo is None:
        raise DataError(
            f"occurrences of {record.provenance.model} have lengths of their own, which are not "
            "drawn; use a fit of a model of motifs"
        )
    law = _read_law(record)
    rng = generator(seed, Stream.DRAWING)
    tables, rows = [], []
    for document, (name, bins) in enumerate(_plan_documents(record, n_times, n_documents, starts)):
        asked = [(s.motif, s.start_bin) for s in starts if s.document == name]
        for k, _ in asked:
            if not len(law.sizes[k]):
                raise DataError(f"the fit has no occurrence of {record.title_of(k)} to draw from")
        found = asked if starts else _draw_starts(law, bins, record.motifs.motif_length, rng)
        draw = _sample_document if has_sampler(record.provenance.model) else _draw_document
        table, sizes = draw(record, law, name, bins, found, rng)
        tables.append(table)
        rows += [(document, start, k, size) for (k, start), size in zip(found, sizes, strict=True)]
    table = join_tables(tables)
    return Simulation(
        table=table, motifs=record.motifs, occurrences=_make_occurrences(table, record.motifs, rows)
    )


def _read_law(record: FitRecord) -> _Law:
    found, motifs = record.occurrences, record.motifs
    if not len(found) and not has_sampler(record.provenance.model):
        raise DataError("the fit has no occurrences; there is nothing to draw from")
    n_times = sum(r.n_times for r in record.recordings)
    tempos = np.ones(1) if motifs.tempos is None else motifs.tempos
    shapes = motifs.probability if motifs.tempos is None else at_tempos(motifs.probability, tempos)
    tempo = np.zeros(len(found), np.int64)
    if found.tempo is not None:
        tempo = np.abs(found.tempo[:, None] - tempos).argmin(axis=1)
    mine = [np.flatnonzero(found.motif == k) for k in range(len(motifs))]
    held = np.array([found.weight[m].sum() for m in mine])
    loose = np.maximum(motifs.weight * record.n_observations - held, 0.0)
    words = motifs.probability.sum(axis=1, dtype=np.float64)
    total = record.background.weight * record.n_observations * record.background.probability
    return _Law(
        shapes=shapes,
        rate=np.array([len(m) for m in mine]) / n_times,
        sizes=tuple(found.weight[m] for m in mine),
        columns=tuple(k * len(tempos) + tempo[m] for k, m in enumerate(mine)),
        background=(total + loose @ words) / n_times,
    )


def _plan_documents(
    record: FitRecord,
    n_times: int | None,
    n_documents: int | None,
    starts: tuple[Start, ...],
) -> list[tuple[str, int]]:
    """Return name and bins of every document."""
    length = record.motifs.motif_length
    if starts:
        last: dict[str, int] = {}
        for start in starts:
            last[start.document] = max(last.get(start.document, 0), start.start_bin)
        return [(name, n_times or bins + 2 * length) for name, bins in last.items()]
    lengths = [r.n_times for r in record.recordings]
    n = len(lengths) if n_documents is None else n_documents
    return [(f"document-{i:03d}", n_times or lengths[i % len(lengths)]) for i in range(n)]


def _draw_starts(
    law: _Law, n_times: int, length: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Return motif and start of random occurrences."""
    apart = max(2, length // APART_SHARE)
    found = []
    for k, rate in enumerate(law.rate.tolist()):
        last = -apart
        for start in np.sort(rng.integers(0, n_times, rng.poisson(rate * n_times))).tolist():
            if start - last >= apart:
                found.append((k, start))
                last = start
    return sorted(found, key=lambda item: item[1])


def _draw_document(
    record: FitRecord,
    law: _Law,
    name: str,
    n_times: int,
    found: list[tuple[int, int]],
    rng: np.random.Generator,
) -> tuple[ObservationTable, list[int]]:
    """Return a table with occurrences and background, and the observations of each occurrence."""
    n_words = record.motifs.n_words
    times, words, sizes = [], [], []
    for k, start in found:
        like = rng.integers(len(law.sizes[k]))
        flat = law.shapes[law.columns[k][like]].astype(np.float64).ravel()
        cell = rng.choice(len(flat), size=round(law.sizes[k][like]), p=flat / flat.sum())
        time, word = np.divmod(cell, n_words)
        inside = (start + time >= 0) & (start + time < n_times)
        times.append((start + time)[inside])
        words.append(word[inside])
        sizes.append(int(inside.sum()))
    n_background = rng.poisson(law.background * n_times)
    words.append(np.repeat(np.arange(n_words), n_background))
    times.append(rng.integers(0, n_times, int(n_background.sum())))
    word = np.concatenate(words)
    return table_from_rows(
        time=np.concatenate(times),
        word=word,
        count=np.ones(len(word)),
        n_times=n_times,
        vocabulary=record.vocabulary,
        bin_s=record.bin_s,
        name=name,
    ), sizes


def _sample_document(
    record: FitRecord,
    law: _Law,
    name: str,
    n_times: int,
    found: list[tuple[int, int]],
    rng: np.random.Generator,
) -> tuple[ObservationTable, list[int]]:
    """Return the same of a model with a network that draws; sizes are those asked of it."""
    like = [int(rng.choice(np.flatnonzero(law.sizes[k] > 0))) for k, _ in found]
    weight = np.array([law.sizes[k][i] for (k, _), i in zip(found, like, strict=True)])
    columns = np.array([law.columns[k][i] for (k, _), i in zip(found, like, strict=True)], int)
    starts = np.array([start for _, start in found], int)
    base = add_occurrences(law.shapes, columns, starts, weight, n_times) + law.background
    drawn = rng.poisson(draw_rates(record, base, int(rng.integers(2**31))))
    time, word = np.nonzero(drawn)
    return table_from_rows(
        time=time,
        word=word,
        count=drawn[time, word],
        n_times=n_times,
        vocabulary=record.vocabulary,
        bin_s=record.bin_s,
        name=name,
    ), np.round(weight).astype(int).tolist()


def _make_occurrences(
    table: ObservationTable, motifs: MotifSet, rows: list[tuple[int, int, int, int]]
) -> Occurrences:
    """Return the records; rows are document, start, motif and observations."""
    found = np.array(sorted(rows), dtype=np.int64).reshape(-1, 4)
    return Occurrences(
        document=found[:, 0].astype(np.int32),
        start_bin=found[:, 1].astype(np.int32),
        start_s=found[:, 1].astype(np.float64) * table.bin_s,
        motif=found[:, 2].astype(np.int32),
        weight=found[:, 3].astype(np.float64),
        score=np.zeros(len(found)),
    )
