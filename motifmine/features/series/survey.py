"""Survey of series: the common words and time bins of all sources of an extraction.

Every source is surveyed first: channels or labels, sampling period, and a sample of its bins. The
surveys of all sources give one vocabulary.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from motifmine.errors import DataError
from motifmine.features.series.bin_length import (
    LONGEST_S,
    choose_bin_s,
    choose_event_bin_s,
    find_finer_bin_s,
)
from motifmine.features.series.binning import bin_series, find_onsets, measure_period_s
from motifmine.features.series.coding import CodingSpec, learn_coding
from motifmine.features.series.decibels import OnProgress, ProgressReader
from motifmine.features.series.derived import drop_derived
from motifmine.features.series.holding import HeldChannels, Hold
from motifmine.features.series.mixed import fill_states
from motifmine.features.series.raw_facts import FactsReader, RawFacts, describe_facts
from motifmine.features.series.sample import SeriesSample, merge_samples, sample_series
from motifmine.features.series.trends import (
    TrendSums,
    choose_trends,
    count_day_bins,
    find_trend_bins,
    select_sums,
)
from motifmine.features.series.word_choice import WordChoice, choose_words
from motifmine.io.readers import natural_key
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.spool import cache_binned, forget_if_warned
from motifmine.records.scene import Scene
from motifmine.records.series import (
    EventChunk,
    SeriesHeader,
    SeriesReader,
    UpdateChunk,
    concatenate_rows,
)
from motifmine.records.settings import sort_plain_values
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats
from motifmine.validation import make_record

# time between spectra of sound, seconds: short enough for onsets, two spectra per 10 ms bin
SOUND_HOP_S = 0.005
MOST_EVENTS = 200_000  # events of a source that its bins are chosen from


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """How sensor series, sounds and lists of events are converted to tables."""

    coding: CodingSpec = field(default_factory=CodingSpec)
    options: SeriesOptions = field(default_factory=lambda: SeriesOptions(hop_s=SOUND_HOP_S))
    bin_s: float | None = None
    """Length of a time bin, seconds; None: that of the workspace, or by the sampling period."""
    max_gap_s: float | None = None
    """A longer interval without samples ends a document, seconds; None: ten bins."""
    document_s: float | None = None
    """Longest document, seconds; None: no limit."""
    hold: Hold = "auto"
    """Which channels hold their last value, see `motifmine.features.series.holding`."""
    vocabulary: Vocabulary | None = None
    """Words to use; None: those of the workspace, or learned from the sources."""
    detrend: Literal["auto", "off"] = "auto"
    """Whether slow trends are taken out, see `motifmine.features.series.trends`."""
    join: bool = False
    """Whether all sources are parts of one recording."""
    seed: int = 0
    """Seed of the sample that words are learned from."""
    spool: Path | None = None
    """Folder that caches binned values between survey and coding; None: sources are read twice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """Properties of one source that are needed to choose words."""

    path: Path
    header: SeriesHeader
    bin_s: float
    labels: tuple[str, ...]
    """Labels of events, in the order in which they appear."""
    sample: SeriesSample | None = None
    """Sampled bins; None for events."""
    facts: RawFacts | None = None
    """On the samples before they were averaged; None for events."""
    trends: Floats | None = None
    """See `motifmine.features.series.trends.measure_trends`; None for events and sound."""
    last_s: float = math.nan
    """Time of the last row, seconds."""
    bin_reason: str = ""
    """Why bins are that long, "" if the length was given."""
    finer_bin_s: float | None = None
    """Length of shorter bins that may suit better, seconds; None if there are none."""
    onsets: EventChunk | None = None
    """The first events, or the first beginnings of states, if bins are to be chosen by them."""


def series_spec_to_values(settings: SeriesSettings, scene: Scene) -> dict[str, Any]:
    """Return a table's `spec`, JSON of all settings that its words and bins depend on."""
    values = {
        "bin_s": scene.bin_s,
        "words": scene.vocabulary.layout.series_words(),
        "max_gap_s": settings.max_gap_s,
        "document_s": settings.document_s,
        "hold": settings.hold,
        "series": asdict(settings.options),
    }
    return sort_plain_values(values)


def parse_series_settings(spec: Mapping[str, Any], vocabulary: Vocabulary) -> SeriesSettings:
    """Return the settings from `series_spec_to_values`, with `vocabulary` as words."""
    options = make_record(SeriesOptions, spec.get("series", {}), "the series of a table's settings")
    names = ("bin_s", "max_gap_s", "document_s", "hold")
    return make_record(
        SeriesSettings,
        {
            # the files of that recording, not of others
            "options": replace(options, join=()),
            "vocabulary": vocabulary,
            "hold": "off",
            **{name: spec[name] for name in names if name in spec},
        },
        "the settings of a table",
    )


def set_kind(settings: SeriesSettings, kind: str | None) -> SeriesSettings:
    """Return the settings for a kind of words that the user requests."""
    if kind == "labels" and settings.coding.words == "auto":
        return replace(settings, coding=replace(settings.coding, words="events"))
    if kind == "channels" and settings.options.is_events is None:
        return replace(settings, options=replace(settings.options, is_events=False))
    return settings


def make_options(settings: SeriesSettings) -> SeriesOptions:
    """Return the options for reading files; with `--words events` rows are events."""
    if settings.coding.words == "events":
        return replace(settings.options, is_events=True)
    if settings.coding.words != "auto" and settings.options.is_events is None:
        return replace(settings.options, is_events=False)
    return settings.options


def survey(
    path: Path,
    settings: SeriesSettings,
    *,
    bin_s: float | None,
    stream: int,
    on_progress: OnProgress,
) -> Survey:
    """Read a source once and return its survey.

    Parameters
    ----------
    bin_s : float or None
        Length of a time bin, seconds; None: by the sampling period.
    stream : int
        Index of the source among all sources, for the random stream.

    Raises
    ------
    FormatError, DataError
        If the source cannot be read as a series.
    """
    options, bin_reason, finer_s, onsets = make_options(settings), "", None, None
    with open_series(path, options) as opened:
        reader = ProgressReader(opened, on_progress)
        if reader.header.is_events:
            return _survey_events(path, reader, bin_s)
        if bin_s is None:
            first = next(iter(reader.chunks()), None)
            # the first chunk is enough, and the second pass needs the bins
            period_s = math.nan if first is None else measure_period_s(first)
            bin_s = choose_bin_s(period_s, reader.header.units)
            finer_s = find_finer_bin_s(period_s, reader.header.units)
            onsets = find_onsets(first) if isinstance(first, UpdateChunk) else None
            if onsets is not None:
                # a state is short or long as it happens: bins follow from when states begin
                n_states = int(onsets.label.max()) + 1
                bin_s = choose_event_bin_s(onsets.time_s, onsets.label, n_states)
                period_s = math.nan
            if period_s < bin_s:
                n_samples = round(bin_s / period_s)
                bin_reason = f" ({n_samples} samples; --bin if something shorter matters)"
    with open_series(path, options) as opened:
        found = survey_values(
            path, ProgressReader(opened, on_progress), settings, bin_s=bin_s, stream=stream
        )
        return replace(found, bin_reason=bin_reason, finer_bin_s=finer_s, onsets=onsets)


def survey_values(
    path: Path, reader: SeriesReader, settings: SeriesSettings, *, bin_s: float, stream: int
) -> Survey:
    """Read all values of an open source and return its survey.

    Parameters
    ----------
    path : Path
        Of the source.
    reader : SeriesReader
        Of channels.
    bin_s : float
        Length of a time bin, seconds.
    stream : int
        Index of the source among all sources, for the random stream.
    """
    raw = FactsReader(reader)
    held = HeldChannels(settings.hold, bin_s)
    parts = bin_series(
        raw,
        bin_s=bin_s,
        max_gap_s=settings.max_gap_s,
        document_s=settings.document_s,
        hold=held,
    )
    if settings.spool is not None and settings.options.on_bad == "fail":
        # with --on-bad skip the file is read again, so that warnings are given by extraction
        parts = cache_binned(parts, settings.spool, path)
    with forget_if_warned(settings.spool, path):
        trends = TrendSums(count_day_bins(bin_s))
        is_sound = bool(reader.header.centres_hz)
        gathered = parts if is_sound else trends.gather(parts)
        sample = sample_series(gathered, seed=settings.seed, stream=stream)
    n_channels = len(raw.labels())
    return Survey(
        path=path,
        header=replace(raw.header, notes=(*raw.header.notes, *held.describe(raw.labels()))),
        bin_s=bin_s,
        labels=(),
        sample=sample.widen(n_channels),
        facts=raw.facts.widen(n_channels),
        trends=None if is_sound else trends.widen(n_channels),
        last_s=raw.last_s,
    )


def _survey_events(path: Path, reader: SeriesReader, bin_s: float | None) -> Survey:
    parts: list[EventChunk] = []
    n_events = 0
    for chunk in reader.chunks():
        # all are read: the labels are those of the whole source
        if isinstance(chunk, EventChunk) and n_events < MOST_EVENTS:
            parts.append(chunk)
            n_events += len(chunk.time_s)
    labels, onsets = reader.labels(), None
    if bin_s is None and parts:
        onsets = concatenate_rows(parts)
        bin_s = choose_event_bin_s(onsets.time_s, onsets.label, len(labels))
    bin_s = bin_s or LONGEST_S
    return Survey(path=path, header=reader.header, bin_s=bin_s, labels=labels, onsets=onsets)


def merge_surveys(
    surveys: Sequence[Survey], settings: SeriesSettings, fixed_labels: Vocabulary | None
) -> Scene:
    """Merge surveys into the common words and time bins of all sources.

    Parameters
    ----------
    surveys : sequence of Survey
        At least one; those that are incompatible with the first are ignored here, and refused by
        the extraction.
    fixed_labels : Vocabulary or None
        For events: labels of the workspace's tables, which come first.

    Raises
    ------
    DataError
        If there are no values or events to learn words from.
    """
    first = surveys[0]
    surveys = [found for found in surveys if _is_compatible(found.header, first.header)]
    # notes that all sources have are given once
    notes = list(dict.fromkeys(note for found in surveys for note in found.header.notes))
    if first.header.is_events:
        vocabulary = _merge_labels(surveys, fixed_labels)
        bins = f"time bins of {first.bin_s:g} s{first.bin_reason}"
        notes.append(f"words: events of {vocabulary.n_words} labels; {bins}")
        return Scene(vocabulary=vocabulary, bin_s=first.bin_s, notes=tuple(notes))
    header = _join_channels(surveys)
    orders = [find_channel_order(found.header, header.channels) for found in surveys]
    sample = merge_samples(
        [found.sample.select(o) for found, o in zip(surveys, orders, strict=True) if found.sample]
    )
    sample = replace(sample, value=fill_states(sample.value, header.channels))
    facts = RawFacts.empty(len(header.channels))
    for found, order in zip(surveys, orders, strict=True):
        facts = facts.join(found.facts.select(order)) if found.facts is not None else facts
    notes += _describe_overlaps(surveys)
    sample, derived = drop_derived(sample, facts, header.channels)
    notes += [*describe_facts(header.channels, facts, on_change=header.is_open), *derived]
    choice = WordChoice(words=settings.coding.words, reason="as requested")
    if settings.coding.words == "auto":
        choice = choose_words(sample, header.units, facts, on_change=header.is_open)
    trends = None
    if settings.detrend == "auto":
        found_sums = zip(surveys, orders, strict=True)
        sums = [select_sums(s.trends, order) for s, order in found_sums if s.trends is not None]
        trends = choose_trends(sums, count_day_bins(first.bin_s)) if sums else None
    vocabulary = learn_coding(
        sample,
        channels=header.channels,
        units=header.units,
        spec=replace(settings.coding, words=choice.words),
        facts=facts,
        trends=trends,
        on_change=header.is_open,
    )
    if trends is not None:
        notes += trends.describe(header.channels, find_trend_bins(vocabulary.layout), first.bin_s)
    notes.append(
        f"words: {choice.words} ({choice.reason}), {vocabulary.n_words} words of "
        f"{len(header.channels)} channels; time bins of {first.bin_s:g} s{first.bin_reason}"
    )
    return Scene(vocabulary=vocabulary, bin_s=first.bin_s, notes=tuple(notes))


def _merge_labels(surveys: Sequence[Survey], fixed_labels: Vocabulary | None) -> Vocabulary:
    """Return the fixed labels, followed by the new ones in natural order."""
    known = fixed_labels.labels if fixed_labels is not None else ()
    new = {label for found in surveys for label in found.labels} - set(known)
    if not known and not new:
        raise DataError("there are no events, hence no words")
    # words keep their numbers when later sources bring new labels
    return Vocabulary.of_labels([*known, *sorted(new, key=natural_key)])


def _is_compatible(header: SeriesHeader, other: SeriesHeader) -> bool:
    """Return whether two sources are both events, or may have their channels together."""
    if header.is_events or other.is_events:
        return header.is_events == other.is_events
    if header.is_open and other.is_open:
        return True
    return sorted(header.channels) == sorted(other.channels)


def _describe_overlaps(surveys: Sequence[Survey]) -> list[str]:
    """Return a note on sources that share a stretch of time and channels, if there are some."""
    dated = [
        (datetime.fromisoformat(found.header.start_utc).timestamp(), found)
        for found in surveys
        if found.header.start_utc and found.last_s > 0
    ]
    dated.sort(key=lambda one: one[0])
    for (start, one), (next_start, two) in pairwise(dated):
        shared_s = min(start + one.last_s, next_start + two.last_s) - next_start
        if shared_s > 0 and set(one.header.channels) & set(two.header.channels):
            return [
                f"{one.path.name} and {two.path.name} share {shared_s:.6g} s and channels; if they "
                "are parts of one recording, --join counts that stretch once"
            ]
    return []


def _join_channels(surveys: Sequence[Survey]) -> SeriesHeader:
    """Return the first header, with the channels that only later sources have at the end."""
    first = surveys[0].header
    units = dict(zip(first.channels, first.units, strict=True))
    for found in surveys[1:]:
        for name, unit in zip(found.header.channels, found.header.units, strict=True):
            units.setdefault(name, unit)
    return replace(first, channels=tuple(units), units=tuple(units.values()))


def find_channel_order(header: SeriesHeader, channels: Sequence[str]) -> list[int]:
    """Return the index of each of `channels` in a source; -1 if a log of senders lacks it.

    Raises `DataError` if a source that is a table has other channels, or a log of senders none.
    """
    place = {name: index for index, name in enumerate(header.channels)}
    # a log of senders only has those that sent something
    if header.is_open and not place.keys().isdisjoint(channels):
        return [place.get(name, -1) for name in channels]
    missing = [name for name in channels if name not in header.channels]
    more = [name for name in header.channels if name not in channels]
    if missing or more:
        parts = [f"{len(missing)} missing ({missing[0]!r})"] if missing else []
        parts += [f"{len(more)} more ({more[0]!r})"] if more else []
        raise DataError(
            f"its channels differ from those of the other recordings: {', '.join(parts)}; choose "
            "the common ones with --columns, or another folder with --workspace"
        )
    return [place[name] for name in channels]
