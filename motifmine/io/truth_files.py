"""Ground truth for evaluation: labelled events as CSV or JSON, and motifs as arrays."""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import h5py
import numpy as np

from motifmine.errors import FormatError
from motifmine.io.hdf5.nodes import check_size, find_node, list_datasets, open_file
from motifmine.io.regular import check_input
from motifmine.records.fit import FitRecord
from motifmine.records.table import Recording
from motifmine.records.truth import Truth
from motifmine.types import Floats32

# columns with the recording; the first that exists is used
NAMES_OF_DOCUMENT = ("recording", "document")


def read_truth(path: Path, record: FitRecord) -> Truth:
    """Read ground truth for the recordings of a fit from a CSV or JSON file.

    CSV has the columns `document`, `label`, `start_s` and optionally `end_s`; JSON is a list of
    objects with these fields. Other columns are ignored. A document is the name of a recording, or
    of its file, even if the file was cut into several recordings (the one at that time is used); it
    is optional if the fit has only one recording.

    Raises `FormatError` if the file cannot be read or a row is invalid; the message names line,
    column and value.
    """
    rows = _read_json_rows(path) if path.suffix.lower() == ".json" else _read_csv_rows(path)
    return parse_truth(path, rows, record)


def parse_truth(
    source: str | Path, rows: Iterable[tuple[str, Mapping[str, Any]]], record: FitRecord
) -> Truth:
    """Return ground truth from rows with the fields of a file, see `read_truth`.

    Parameters
    ----------
    source : str or path
        What the rows are of, for messages.
    rows : iterable of (str, mapping)
        Place of each row, for messages, and its fields.
    record : FitRecord
    """
    found = [_parse_row(source, place, row, record) for place, row in rows]
    if not found:
        raise FormatError(f"{source} has no rows; write document,label,start_s lines")
    return Truth(
        document=np.array([row[0] for row in found], dtype=np.int64),
        label=tuple(row[1] for row in found),
        start_s=np.array([row[2] for row in found]),
        end_s=np.array([row[3] for row in found]),
    )


def read_starts(path: Path, record: FitRecord) -> list[tuple[str, int, float]]:
    """Read occurrences that are asked for: document, motif and start in seconds, as in `truth.csv`.

    A label is the name of a motif, `motif N`, or N, counted from 1. Documents may have any name.
    The file is CSV with the columns `label`, `start_s`, and optionally `document`.

    Raises `FormatError` if the file cannot be read or a row is invalid.
    """
    known = {str(k + 1): k for k in range(len(record.motifs))}
    known |= {f"motif {k + 1}": k for k in range(len(record.motifs))}
    known |= {record.title_of(k): k for k in range(len(record.motifs))}
    found = []
    for place, row in _read_csv_rows(path):
        where, label = f"{path}, {place}", row["label"].strip()
        if label not in known:
            raise FormatError(
                f"{where}, column 'label' is {label!r}; expected a motif of the fit, 1 to "
                f"{len(record.motifs)} or its name"
            )
        column = next((name for name in NAMES_OF_DOCUMENT if row.get(name)), None)
        document = "document-000" if column is None else row[column].strip()
        found.append((document, known[label], _parse_seconds(where, "start_s", row["start_s"])))
    if not found:
        raise FormatError(f"{path} has no rows; write document,label,start_s lines")
    return found


def read_true_motifs(path: Path) -> Floats32:
    """Read motifs from a `.npz` or HDF5 file, float32 array (K, L, W).

    The file is a fit of motifmine, or has one array with the axes motif, relative time, word.

    Raises `FormatError` if there is no such file or no such array.
    """
    check_input(path, "a .npz or HDF5 file with an array (K, L, W)")
    try:
        arrays = (
            _read_npz_arrays(path) if path.suffix.lower() == ".npz" else _read_hdf5_arrays(path)
        )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise FormatError(f"{path} cannot be read: {error}") from error
    if len(arrays) != 1:
        have = ", ".join(arrays) or "none"
        raise FormatError(
            f"{path} must have one array of numbers with three axes (motif, relative time, word); "
            f"found {have}"
        )
    (motifs,) = arrays.values()
    if not np.all(np.isfinite(motifs)) or motifs.min(initial=0.0) < 0:
        raise FormatError(f"the motifs of {path} have values that are negative or not finite")
    return motifs


def _read_csv_rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    check_input(path, "CSV with the columns document, label, start_s")
    try:
        # Excel writes a byte order mark
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            # Excel writes semicolons where the decimal is a comma
            delimiter = max(",;\t", key=head.count)
            names = [name.strip() for name in next(csv.reader([head], delimiter=delimiter), [])]
            check_columns(path, names)
            reader = csv.reader(file, delimiter=delimiter)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    line = f"line {reader.line_num + 1}"
                    if len(cells) != len(names):
                        raise FormatError(
                            f"{path}, {line} has {len(cells)} cells and the header {len(names)}"
                        )
                    yield line, dict(zip(names, cells, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{path} cannot be read as CSV: {error}") from error


def _read_json_rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    check_input(path, "a JSON list of objects with document, label, start_s")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(rows, list):
        raise FormatError(f"{path} is not a JSON list; expected one of label, start_s objects")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise FormatError(f"{path}, entry {number} is {row!r}; expected an object")
        check_columns(path, list(row), f", entry {number}")
        yield f"entry {number}", row


def check_columns(source: str | Path, names: Sequence[str], place: str = "") -> None:
    """Raise `FormatError` unless rows of truth have the fields that they need."""
    missing = [name for name in ("label", "start_s") if name not in names]
    if missing:
        raise FormatError(
            f"{source}{place} lacks {' and '.join(missing)}; expected document, label, start_s and "
            f"optionally end_s, found {', '.join(map(repr, names)) or 'nothing'}"
        )


def _parse_row(
    source: str | Path, place: str, row: Mapping[str, Any], record: FitRecord
) -> tuple[int, str, float, float]:
    where = f"{source}, {place}"
    label = row["label"] if isinstance(row["label"], str) else str(row["label"])
    if not label.strip():
        raise FormatError(f"{where}, column 'label' is empty; every row needs a label")
    start_s = _parse_seconds(where, "start_s", row["start_s"])
    document = _find_document(where, row, start_s, record)
    end_s = math.nan
    if row.get("end_s") not in (None, ""):
        end_s = _parse_seconds(where, "end_s", row["end_s"])
        if end_s < start_s:
            raise FormatError(f"{where}, column 'end_s' is {end_s:g}, before start_s, {start_s:g}")
    recording = record.recordings[document]
    length_s = float(recording.bin_start_s[-1]) + record.bin_s if recording.n_times else 0.0
    if start_s > length_s:
        raise FormatError(
            f"{where}, column 'start_s' is {start_s:g}, past the end of {recording.name!r} at "
            f"{length_s:g} s; times are seconds of the recording"
        )
    return document, label.strip(), start_s, end_s


def _find_document(where: str, row: Mapping[str, Any], start_s: float, record: FitRecord) -> int:
    names = [recording.name for recording in record.recordings]
    column = next((name for name in NAMES_OF_DOCUMENT if row.get(name) not in (None, "")), None)
    if column is None:
        if len(names) == 1:
            return 0
        raise FormatError(f"{where} names no document and the fit has {len(names)} recordings")
    given = str(row[column]).strip()
    # whole first: names of recordings may hold dots
    for name in (given, Path(given).stem):
        if name in names:
            return names.index(name)
    pieces = [i for i, r in enumerate(record.recordings) if _is_piece_of(r, Path(given).stem)]
    if pieces:
        begun = [i for i in pieces if record.recordings[i].bin_start_s[0] <= start_s]
        # the last piece that has begun by then
        return (begun or pieces[:1])[-1]
    known = ", ".join(map(repr, names[:4])) + (", ..." if names[4:] else "")
    raise FormatError(
        f"{where}, column {column!r} is {given!r}, no recording of the fit; it has {known}"
    )


def _is_piece_of(recording: Recording, source: str) -> bool:
    """Return whether a recording was cut from a longer source of that name."""
    return bool(recording.n_times) and Path(recording.source).stem == source


def _parse_seconds(where: str, column: str, value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    # JSON's true is a number to Python
    if not math.isfinite(seconds) or isinstance(value, bool):
        raise FormatError(f"{where}, column {column!r} is {value!r}; expected seconds, as 12.5")
    return seconds


def _read_npz_arrays(path: Path) -> dict[str, Floats32]:
    # a pickle could run any code
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return {
        name: np.ascontiguousarray(array, dtype=np.float32)
        for name, array in arrays.items()
        if array.ndim == 3 and array.dtype.kind in "fiu"
    }


def _read_hdf5_arrays(path: Path) -> dict[str, Floats32]:
    with open_file(path) as file:
        motifs = find_node(file, "motifs/probability")
        nodes = {"motifs/probability": motifs} if motifs is not None else dict(list_datasets(file))
        found: dict[str, Floats32] = {}
        for name, node in nodes.items():
            if isinstance(node, h5py.Dataset) and node.ndim == 3 and node.dtype.kind in "fi":
                check_size(node)
                found[name] = np.ascontiguousarray(node[:], dtype=np.float32)
    return found
