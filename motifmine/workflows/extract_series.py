"""From one series of sensors, sound or list of events to its observation tables."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from motifmine.errors import DataError, MotifmineWarning, WorkspaceError
from motifmine.features.series.binning import bin_series
from motifmine.features.series.coding import encode_series
from motifmine.features.series.decibels import ProgressReader
from motifmine.features.series.mixed import fill_states
from motifmine.features.series.survey import (
    SeriesSettings,
    find_channel_order,
    make_options,
    series_spec_to_values,
)
from motifmine.files import sha256
from motifmine.io.readers import natural_key, split_part
from motifmine.io.series.open import open_series
from motifmine.io.series.spool import is_cached, read_cached
from motifmine.progress import Progress
from motifmine.records.scene import Scene
from motifmine.records.series import BinnedSeries, SeriesReader
from motifmine.records.table import ObservationTable, Recording, table_from_rows
from motifmine.types import Floats, Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesTask:
    """One source to be extracted."""

    path: Path
    name: str
    start_utc: str
    """Wall-clock time of second 0 given by the user, "" for that of the file."""
    settings: SeriesSettings
    scene: Scene


def series_tables(
    task: SeriesTask, on_progress: Callable[[Progress], None]
) -> Iterator[ObservationTable]:
    """Yield a table for each document of a source: a stretch without long gaps.

    Raises
    ------
    FormatError, DataError
        When the source cannot be read, or has other channels than the scene.
    WorkspaceError
        When the scene is not one of series.

    Warns
    -----
    MotifmineWarning
        For events and channels that the scene does not have, and for what a reader excludes.
    """
    scene, layout = task.scene, task.scene.vocabulary.layout
    if not layout.series_words():
        raise WorkspaceError(
            f"{task.path} is a series, and the other recordings have words of kind {layout.kind}; "
            "choose another folder with --workspace"
        )
    settings = replace(task.settings, options=make_options(task.settings))
    if settings.options.is_events is None:
        is_events = layout.series_channels() is None
        settings = replace(settings, options=replace(settings.options, is_events=is_events))
    # of the whole file: `file.h5:/dataset` names a part of it
    digest = sha256(split_part(task.path)[0])
    channels = layout.series_channels()
    known = set(channels.channels) if channels is not None else set()
    lost = 0.0
    others: set[str] = set()
    n_documents = 0
    with open_series(task.path, settings.options) as reader:

        def on_position(position_s: float) -> None:
            on_progress(Progress(position_s, source=task.path))

        for part in _parts(task, settings, ProgressReader(reader, on_position)):
            table, unknown = encode_part(task, reader, part)
            recording = Recording(
                name=task.name,
                bin_start_s=part.bin_start_s,
                source=str(task.path.resolve()),
                source_digest=digest,
                start_utc=task.start_utc or reader.header.start_utc,
            )
            lost += unknown
            n_documents += 1
            others |= set(part.channels) - known if known else set()
            spec = series_spec_to_values(task.settings, scene)
            yield replace(table.of_recording(recording), spec=spec)
    if not n_documents:
        raise DataError(f"{task.path} holds no value in any channel")
    if lost:
        warnings.warn(
            f"{task.path} has {lost:g} events with labels that the others do not have; excluded",
            MotifmineWarning,
            stacklevel=2,
        )
    if others:
        names = sorted(others, key=natural_key)
        listed = ", ".join(names[:5]) + ", ..." * (len(names) > 5)
        warnings.warn(
            f"{task.path} has channels that others do not have ({listed}); excluded",
            MotifmineWarning,
            stacklevel=2,
        )


def _parts(
    task: SeriesTask, settings: SeriesSettings, reader: SeriesReader
) -> Iterator[BinnedSeries]:
    """Return the documents of a source, as the survey left them or read again."""
    if task.settings.spool is not None and is_cached(task.settings.spool, task.path):
        return read_cached(task.settings.spool, task.path)
    return bin_series(
        reader,
        bin_s=task.scene.bin_s,
        max_gap_s=settings.max_gap_s,
        document_s=settings.document_s,
        hold=settings.hold,
    )


def encode_part(
    task: SeriesTask, reader: SeriesReader, part: BinnedSeries
) -> tuple[ObservationTable, float]:
    """Return one document's table, and the number of events that have no word."""
    vocabulary, unknown = task.scene.vocabulary, 0.0
    channels, series = vocabulary.layout.series_channels(), None
    if channels is not None:
        try:
            header = replace(reader.header, channels=part.channels or reader.header.channels)
            order = find_channel_order(header, channels.channels)
        except DataError as error:
            raise DataError(f"{task.path}: {error}") from error
        part = _reorder(part, order, channels.channels)
        time, word, count = encode_series(part, channels)
        series = np.ascontiguousarray(part.value, dtype=np.float32)
    else:
        time, word, count, unknown = _event_rows(
            part, part.channels or reader.labels(), vocabulary.labels
        )
    table = table_from_rows(
        time=time,
        word=word,
        count=count,
        n_times=len(part.bin_start_s),
        vocabulary=vocabulary,
        bin_s=task.scene.bin_s,
        name=task.name,
    )
    return replace(table, series=series), unknown


def _reorder(part: BinnedSeries, order: list[int], channels: tuple[str, ...]) -> BinnedSeries:
    """Return a document with the channels of the scene; -1 in `order` is one that it lacks."""
    if order == list(range(part.value.shape[1])):
        return replace(part, value=fill_states(part.value, channels), channels=channels)
    # a last column of missing values, which -1 in `order` refers to
    n_bins = len(part.value)
    value = np.concatenate([part.value, np.full((n_bins, 1), np.nan, np.float32)], axis=1)
    samples = np.concatenate([part.samples, np.zeros((n_bins, 1), np.int32)], axis=1)
    return replace(
        part,
        value=fill_states(value[:, order], channels),
        samples=samples[:, order],
        channels=channels,
    )


def _event_rows(
    part: BinnedSeries, labels: tuple[str, ...], words: tuple[str, ...]
) -> tuple[Indices, Indices, Floats, float]:
    """Return the events of a document as rows, and how many have labels that are no words."""
    where = {label: word for word, label in enumerate(words)}
    time, label = np.nonzero(part.value > 0)
    word = np.array([where.get(name, -1) for name in labels], dtype=np.int64)[label]
    count = part.value[time, label].astype(np.float64)
    known = word >= 0
    return time[known], word[known], count[known], float(count[~known].sum())
