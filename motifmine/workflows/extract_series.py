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
from motifmine.features.series.survey import (
    SeriesScene,
    SeriesSettings,
    find_channel_order,
    make_options,
    series_spec_to_values,
)
from motifmine.features.video.extract import Progress
from motifmine.files import sha256
from motifmine.io.hdf5 import store
from motifmine.io.readers import split_part
from motifmine.io.series.open import open_series
from motifmine.io.series.spool import is_cached, read_cached
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
    scene: SeriesScene


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
        For events whose labels the scene does not have, and for what a reader excludes.
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
    digest = sha256(split_part(task.path)[0])
    lost = 0.0
    n_documents = 0
    with open_series(task.path, settings.options) as reader:

        def on_position(position_s: float) -> None:
            on_progress(Progress(task.path, position_s, float("nan"), 0.0))

        for part in _parts(task, settings, ProgressReader(reader, on_position)):
            table, unknown = _table(task, reader, part)
            recording = Recording(
                name=task.name,
                bin_start_s=part.bin_start_s,
                source=str(task.path.resolve()),
                source_digest=digest,
                start_utc=task.start_utc or reader.header.start_utc,
            )
            lost += unknown
            n_documents += 1
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
    )


def _table(
    task: SeriesTask, reader: SeriesReader, part: BinnedSeries
) -> tuple[ObservationTable, float]:
    """Return one document's table, and the number of events that have no word."""
    vocabulary, unknown = task.scene.vocabulary, 0.0
    channels, series = vocabulary.layout.series_channels(), None
    if channels is not None:
        try:
            order = find_channel_order(reader.header, channels.channels)
        except DataError as error:
            raise DataError(f"{task.path}: {error}") from error
        part = replace(part, value=part.value[:, order], samples=part.samples[:, order])
        time, word, count = encode_series(part, channels)
        series = np.ascontiguousarray(part.value, dtype=np.float32)
    else:
        time, word, count, unknown = _event_rows(part, reader.labels(), vocabulary.labels)
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


def document_name(name: str, number: int, *, is_only: bool) -> str:
    """Return the name of a document of a source.

    Parameters
    ----------
    name : str
        Of the source.
    number : int
        Of the document in the source, from 1.
    is_only : bool
        Whether the source has no other document; then the number is not part of the name.
    """
    return name if is_only else f"{name}+{number:04d}"


def first_table(table_path: Path) -> Path | None:
    """Return the table of a source's first document, None when the source is not extracted yet.

    It is renamed last: where it exists, the others do.
    """
    first = table_path.with_name(f"{document_name(table_path.stem, 1, is_only=False)}.h5")
    found = [path for path in (table_path, first) if path.exists()]
    return found[0] if found else None


def document_tables(table_path: Path) -> list[Path]:
    """Return the tables of all documents of a source that are there, in order."""
    name = table_path.stem
    pattern = f"{_literal(name)}+[0-9][0-9][0-9][0-9]*.h5"
    several = [p for p in table_path.parent.glob(pattern) if p.stem[len(name) + 1 :].isdecimal()]
    return [path for path in [table_path] if path.exists()] + sorted(several)


def _literal(name: str) -> str:
    """Return a glob pattern that matches a name alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTable:
    """The written table of a document."""

    path: Path
    n_times: int
    n_observations: int


def write_series_tables(
    task: SeriesTask, table_path: Path, on_progress: Callable[[Progress], None]
) -> list[WrittenTable]:
    """Write the tables of all documents of a source and return them in order.

    They are renamed from temporary names when all are written, the first of them last; tables of an
    earlier extraction of the source are replaced.

    Parameters
    ----------
    task : SeriesTask
    table_path : Path
        Table of the source if it has one document; several are numbered, see `document_name`.
    on_progress : callable
        Called with the progress of the source.
    """
    # of a process that was killed
    for leftover in table_path.parent.glob(f".{_literal(table_path.stem)}+*.part.h5"):
        leftover.unlink(missing_ok=True)
    old = document_tables(table_path)
    aside: list[Path] = []
    placed: list[WrittenTable] = []
    try:
        for table, is_only in _with_ends(series_tables(task, on_progress)):
            number = len(aside) + 1
            name = document_name(task.name, number, is_only=is_only)
            aside.append(table_path.with_name(f".{task.name}+{number:04d}.part.h5"))
            named = table.of_recording(replace(table.recordings[0], name=name))
            store.write_table(aside[-1], named, force=True)
            placed.append(
                WrittenTable(
                    path=table_path.with_name(f"{name}.h5"),
                    n_times=table.n_times,
                    n_observations=len(table.word),
                )
            )
        for path in old:
            if path not in {table.path for table in placed}:
                path.unlink()
        # the first last: `first_table` takes its presence as a sign that the others are complete
        for part, written in reversed(list(zip(aside, placed, strict=True))):
            part.replace(written.path)
    finally:
        for part in aside:
            part.unlink(missing_ok=True)
    return placed


def _with_ends(tables: Iterator[ObservationTable]) -> Iterator[tuple[ObservationTable, bool]]:
    """Yield every table and whether it is the only one."""
    first = next(tables)
    second = next(tables, None)
    yield first, second is None
    if second is not None:
        yield second, False
    for table in tables:
        yield table, False
