"""EDF and BDF recordings as channels, and MIDI files as notes with their ends."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import FormatError
from motifmine.io.series.annotation_files import Event, open_events
from motifmine.io.series.arrays import NamedArray, open_arrays
from motifmine.io.series.column_names import make_distinct
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.typed_reader import TableReader
from motifmine.records.series import SeriesReader
from motifmine.validation import require_package

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
DRUMS = 9  # the MIDI channel whose notes are drums, from 0


def open_edf(path: Path, options: SeriesOptions) -> SeriesReader:
    """Return a reader of the signals of an EDF or BDF recording that have one sampling rate.

    It is the rate of most signals, or of the first that `options.columns` names; others are
    excluded with a note.

    Raises `MissingExtraError` if edfio is not installed, `FormatError` if the file is damaged or
    has interruptions.
    """
    edfio = require_package("edfio", f"{path}, an EDF or BDF recording,", "motifmine[formats]")
    read = edfio.read_bdf if path.suffix.lower() == ".bdf" else edfio.read_edf
    try:
        # of headers that break the standard, and of files that were cut off
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            record = read(path)
        signals: dict[str, Any] = dict(
            zip(make_distinct(record.labels), record.signals, strict=True)
        )
        start = np.datetime64(record.startdatetime, "ns")
    except Exception as error:  # edfio raises many kinds for damaged files
        raise FormatError(f"{path} cannot be read as an EDF or BDF recording: {error}") from error
    if not signals or not record.num_data_records > 0:
        raise FormatError(f"{path} has no signals")
    if not record.is_continuous:
        raise FormatError(f"{path} has interruptions (EDF+D); export its parts as files")
    rates = Counter(signal.sampling_frequency for signal in signals.values())
    asked = [signals[name].sampling_frequency for name in options.columns or () if name in signals]
    rate = asked[0] if asked else rates.most_common(1)[0][0]
    arrays = {}
    for name, signal in signals.items():
        if signal.sampling_frequency == rate:
            n = int(record.num_data_records * signal.samples_per_data_record)
            arrays[name] = _make_array(name, n, partial(_read_values, signal))
            arrays[name] = replace(arrays[name], unit=signal.physical_dimension)
            arrays["time"] = _make_array("time", n, partial(_make_times, start, rate))
    others = [name for name in signals if name not in arrays]
    notes = [f"signals of {rate:g} Hz", *(str(warning.message) for warning in caught)]
    if others:
        listed = ", ".join(others[:5])
        notes.append(f"excluded because of another rate: {listed}; --columns chooses")
    return open_arrays(str(path), arrays, options, notes)


def _make_array(name: str, n: int, read: Callable[[int, int], NDArray[Any]]) -> NamedArray:
    return NamedArray(name=name, shape=(n,), dtype=read(0, 1).dtype, pieces=partial(_cut, n, read))


def _cut(n: int, read: Callable[[int, int], NDArray[Any]], n_rows: int) -> Iterator[NDArray[Any]]:
    for start in range(0, n, n_rows):
        yield read(start, min(start + n_rows, n))


def _read_values(signal: Any, start: int, stop: int) -> NDArray[np.float64]:
    rate = signal.sampling_frequency
    values: NDArray[np.float64] = signal.get_data_slice(start / rate, stop / rate)
    return values


def _make_times(first: np.datetime64, rate: float, start: int, stop: int) -> NDArray[Any]:
    ns: NDArray[Any] = np.round(np.arange(start, stop) * (1e9 / rate)).astype("timedelta64[ns]")
    return first + ns


def open_midi(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of the notes of a MIDI file.

    A note is called `C4`, with its channel in front where there are several, and `drum 36` in the
    channel of drums.

    Raises `MissingExtraError` if mido is not installed, `FormatError` if it is no MIDI file.
    """
    mido = require_package("mido", f"{path}, a MIDI file,", "motifmine[formats]")
    try:
        events = list(_list_notes(mido.MidiFile(path, clip=True)))
    except Exception as error:  # mido does, too; also for a file of several songs
        raise FormatError(f"{path} cannot be read as a MIDI file: {error!r}") from error
    return open_events(path, events, options)


def _list_notes(song: Any) -> Iterator[Event]:
    now = 0.0
    sounding: dict[tuple[int, int], float] = {}
    found: list[tuple[float, float, int, int]] = []
    for message in song:
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = message.channel, message.note
        # a key that is struck again before it was released is another note
        if key in sounding:
            found.append((sounding.pop(key), now, *key))
        if message.type == "note_on" and message.velocity > 0:
            sounding[key] = now
    found += [(start, now, *key) for key, start in sounding.items()]
    has_several = len({channel for *_, channel, _ in found} - {DRUMS}) > 1
    for start, end, channel, note in found:
        name = f"{NOTES[note % 12]}{note // 12 - 1}"
        if channel == DRUMS:
            name = f"drum {note}"
        elif has_several:
            name = f"channel {channel + 1} {name}"
        yield start, end, name
