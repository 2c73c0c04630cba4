"""What all series of one extraction share: their words and their time bins, and how both are found.

Every source is surveyed first: its channels or labels, its sampling, and a fair draw of its bins.
From the surveys of all sources one vocabulary is made.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from motifmine.errors import DataError, SpecError
from motifmine.features.series.binning import bin_series, native_period_s
from motifmine.features.series.coding import Choice, CodingSpec, choose_words, learn_coding
from motifmine.features.series.decibels import Heard, Listened
from motifmine.features.series.sample import SeriesSample, merged, sample_series
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.spool import cache_binned
from motifmine.io.sources import natural_key
from motifmine.records.series import SeriesHeader, SeriesReader
from motifmine.records.settings import plain_values
from motifmine.records.vocabulary import Vocabulary

SAMPLES_PER_BIN = 5
"""Samples that a bin holds by default, of series of more than one sample a second."""
SPECTRA_PER_BIN = 2
SOUND_HOP_S = 0.005
"""Time between two spectra of sound, seconds: onsets stay sharp, and bins of 10 ms steady."""
BINS_PER_EVENT = 10
"""By default two events of one label lie so many bins apart in the mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """How series of sensors, sounds and lists of events become tables."""

    coding: CodingSpec = field(default_factory=CodingSpec)
    options: SeriesOptions = field(default_factory=lambda: SeriesOptions(hop_s=SOUND_HOP_S))
    bin_s: float | None = None
    """Length of a time bin, seconds; None: as the workspace's tables, else by the sampling."""
    max_gap_s: float | None = None
    """A longer stretch without samples ends a document, seconds; None: ten bins."""
    document_s: float | None = None
    """Longest document, seconds; None: as long as there is no gap."""
    vocabulary: Vocabulary | None = None
    """Words that are given; None: those of the workspace, else learned from the sources."""
    seed: int = 0
    """Of the draw that words are learned from."""
    spool: Path | None = None
    """Folder where binned values wait between survey and words; None: sources are read twice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """What is known of one source before its words are."""

    path: Path
    header: SeriesHeader
    bin_s: float
    labels: tuple[str, ...]
    """Of events, in the order in which they appear."""
    sample: SeriesSample | None
    """Bins of samples; None for events."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesScene:
    """What all tables of an extraction share."""

    vocabulary: Vocabulary
    bin_s: float
    notes: tuple[str, ...] = ()
    """What was recognised and decided, a line each."""


def series_spec_values(settings: SeriesSettings, scene: SeriesScene) -> dict[str, Any]:
    """Return what a table's `spec` says: all that its words and bins depend on."""
    layout = scene.vocabulary.layout
    values = {
        "bin_s": scene.bin_s,
        "words": layout.series_words(),
        "max_gap_s": settings.max_gap_s,
        "document_s": settings.document_s,
        "series": asdict(settings.options),
    }
    return plain_values(values)


def series_settings_of(spec: Mapping[str, Any], vocabulary: Vocabulary) -> SeriesSettings:
    """Return the settings that `series_spec_values` made plain, with the words given."""
    options = dict(spec.get("series", {}))
    if options.get("columns"):
        options["columns"] = tuple(options["columns"])
    return SeriesSettings(
        options=SeriesOptions(**options),
        bin_s=spec["bin_s"],
        max_gap_s=spec.get("max_gap_s"),
        document_s=spec.get("document_s"),
        vocabulary=vocabulary,
    )


def of_kind(settings: SeriesSettings, kind: str | None) -> SeriesSettings:
    """Return the settings for sources whose kind of words was asked for."""
    if kind == "labels" and settings.coding.words == "auto":
        return replace(settings, coding=replace(settings.coding, words="events"))
    if kind == "channels" and settings.options.is_events is None:
        return replace(settings, options=replace(settings.options, is_events=False))
    return settings


def options_of(settings: SeriesSettings) -> SeriesOptions:
    """Return how files are to be read; `--words events` says that rows are events."""
    if settings.coding.words == "events":
        return replace(settings.options, is_events=True)
    if settings.coding.words != "auto" and settings.options.is_events is None:
        return replace(settings.options, is_events=False)
    return settings.options


def survey(
    path: Path, settings: SeriesSettings, *, bin_s: float | None, stream: int, heard: Heard
) -> Survey:
    """Read a source once and return what its words can be made from.

    Parameters
    ----------
    path : Path
    settings : SeriesSettings
    bin_s : float or None
        Length of a time bin, seconds; None: by the sampling.
    stream : int
        Position of the source in the plan.
    heard : callable

    Raises
    ------
    FormatError, DataError
        When the source cannot be read as a series.
    """
    options = options_of(settings)
    with open_series(path, options) as opened:
        reader = Listened(opened, heard)
        if reader.header.is_events:
            return _survey_of_events(path, reader, bin_s)
        if bin_s is None:
            bin_s = bin_of_samples(native_period_s(reader), reader.header.units)
    with open_series(path, options) as opened:
        reader = Listened(opened, heard)
        parts = bin_series(
            reader, bin_s=bin_s, max_gap_s=settings.max_gap_s, document_s=settings.document_s
        )
        if settings.spool is not None and options.on_bad == "fail":
            # what is left out otherwise is told by whom reads the source for its words
            parts = cache_binned(parts, settings.spool, path)
        sample = sample_series(
            parts, n_channels=len(reader.header.channels), seed=settings.seed, stream=stream
        )
        return Survey(path=path, header=reader.header, bin_s=bin_s, labels=(), sample=sample)


def _survey_of_events(path: Path, reader: SeriesReader, bin_s: float | None) -> Survey:
    n_events, first_s, last_s = 0, math.inf, -math.inf
    for chunk in reader.chunks():
        n_events += len(chunk.time_s)
        if len(chunk.time_s):
            first_s, last_s = min(first_s, chunk.time_s[0]), max(last_s, chunk.time_s[-1])
    labels = reader.labels()
    if bin_s is None:
        apart_s = (last_s - first_s) * max(len(labels), 1) / max(n_events, 1)
        bin_s = round_up(apart_s / BINS_PER_EVENT) if apart_s > 0 and n_events > 1 else 1.0
    return Survey(path=path, header=reader.header, bin_s=bin_s, labels=labels, sample=None)


def bin_of_samples(period_s: float, units: Sequence[str] = ()) -> float:
    """Return the usual length of a time bin for samples that lie `period_s` apart.

    Examples
    --------
    >>> [bin_of_samples(period) for period in (1 / 360, 0.02, 1.0, 300.0)]
    [0.02, 0.1, 1.0, 300.0]
    """
    if not period_s > 0:
        return 1.0
    if units and all(unit == "dB" for unit in units):
        return round_up(SPECTRA_PER_BIN * period_s)
    if period_s < 1:
        return round_up(SAMPLES_PER_BIN * period_s)
    return float(f"{period_s:.6g}")


def round_up(value: float) -> float:
    """Return the next number of 1, 2, 5, 10, ... that is not below `value` (by more than 1 %)."""
    power = math.floor(math.log10(value))
    steps = (m * 10.0**p for p in (power, power + 1) for m in (1, 2, 5))
    return float(f"{next(step for step in steps if step >= 0.99 * value):.6g}")


def agreed(
    surveys: Sequence[Survey], settings: SeriesSettings, staying: Vocabulary | None
) -> SeriesScene:
    """Return the words and bins that all surveyed sources share.

    Parameters
    ----------
    surveys : sequence of Survey
        At least one; those that do not go with the first are left out, and refused when they are
        extracted.
    settings : SeriesSettings
    staying : Vocabulary or None
        Of lists of events: labels that come first, those of the workspace's tables.

    Raises
    ------
    DataError
        When there is nothing that words could be learned from.
    """
    first = surveys[0]
    surveys = [found for found in surveys if _goes_with(found.header, first.header)]
    notes = list(dict.fromkeys(note for found in surveys for note in found.header.notes))
    if first.header.is_events:
        vocabulary = _labels_of(surveys, staying)
        notes.append(
            f"words: events of {vocabulary.n_words} labels; time bins of {first.bin_s:g} s"
        )
        return SeriesScene(vocabulary=vocabulary, bin_s=first.bin_s, notes=tuple(notes))
    sample = merged([_aligned(found, first.header) for found in surveys])
    choice = Choice(words=settings.coding.words, reason="as asked for")
    if settings.coding.words == "auto":
        choice = choose_words(sample, first.header.units)
    vocabulary = learn_coding(
        sample,
        channels=first.header.channels,
        units=first.header.units,
        spec=replace(settings.coding, words=choice.words),
    )
    notes.append(
        f"words: {choice.words} ({choice.reason}), {vocabulary.n_words} words of "
        f"{len(first.header.channels)} channels; time bins of {first.bin_s:g} s"
    )
    return SeriesScene(vocabulary=vocabulary, bin_s=first.bin_s, notes=tuple(notes))


def _labels_of(surveys: Sequence[Survey], staying: Vocabulary | None) -> Vocabulary:
    """Return the labels that are known, then the new ones in natural order."""
    known = staying.labels if staying is not None else ()
    new = {label for found in surveys for label in found.labels} - set(known)
    if not known and not new:
        raise DataError("there are no events, and so no words")
    return Vocabulary.of_labels([*known, *sorted(new, key=natural_key)])


def _goes_with(header: SeriesHeader, other: SeriesHeader) -> bool:
    """Return whether two sources are lists of events, or have the same channels."""
    if header.is_events or other.is_events:
        return header.is_events == other.is_events
    return sorted(header.channels) == sorted(other.channels)


def _aligned(found: Survey, header: SeriesHeader) -> SeriesSample:
    """Return a source's sample with its channels in the order of `header`."""
    assert found.sample is not None, "lists of events have no sample, and are told apart before"
    order = channel_order(found.header, header.channels)
    return replace(
        found.sample, value=found.sample.value[:, order], change=found.sample.change[:, order]
    )


def channel_order(header: SeriesHeader, channels: Sequence[str]) -> list[int]:
    """Return where each of `channels` stands in a source.

    Raises
    ------
    DataError
        When the source has other channels.
    """
    missing = [name for name in channels if name not in header.channels]
    more = [name for name in header.channels if name not in channels]
    if missing or more:
        told = [f"{len(missing)} missing ({missing[0]!r})"] if missing else []
        told += [f"{len(more)} more ({more[0]!r})"] if more else []
        raise DataError(
            f"its channels differ from those of the other recordings: {', '.join(told)}; choose "
            "the common ones with --columns, or another folder with --workspace"
        )
    where = {name: index for index, name in enumerate(header.channels)}
    return [where[name] for name in channels]


def refuse_other_settings(
    settings: SeriesSettings, vocabulary: Vocabulary, bin_s: float, place: Path
) -> None:
    """Raise `SpecError` when settings ask for other words or bins than a workspace has."""
    layout = vocabulary.layout
    words = layout.series_words()
    asked = settings.coding.words
    differs = []
    if words and asked not in ("auto", words):
        differs.append(f"words by {words} instead of {asked}")
    if settings.bin_s is not None and settings.bin_s != bin_s:
        differs.append(f"time bins of {bin_s:g} s instead of {settings.bin_s:g} s")
    if differs:
        raise SpecError(
            f"the tables of {place} have {' and '.join(differs)}; leave the option out, make them "
            "again with --force, or choose another folder with --workspace"
        )
