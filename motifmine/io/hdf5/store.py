"""Observation tables and fits in HDF5.

The README describes `motifmine.table/1` and `motifmine.fit/1`; every dataset names its `axes`.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError, FormatError
from motifmine.io.hdf5.dimensions import name_dimensions
from motifmine.io.hdf5.documents import (
    read_activations,
    read_recording,
    write_documents,
    write_recording,
)
from motifmine.io.hdf5.reader import Reader, read_file_format, write_dataset, write_strings
from motifmine.io.hdf5.records import (
    read_optional_record,
    read_record,
    read_state,
    write_record,
    write_state,
)
from motifmine.io.hdf5.vocabulary import read_vocabulary, write_vocabulary
from motifmine.io.hdf5.writing import open_new
from motifmine.io.regular import check_input
from motifmine.records.anomalies import Anomalies
from motifmine.records.drift import Drift
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Occurrences,
    Provenance,
    Segments,
    Stability,
    Trace,
)
from motifmine.records.forecast import ForecastScores
from motifmine.records.parts import is_mapped
from motifmine.records.posterior import Posterior, PredictiveChecks
from motifmine.records.settings import FitSpec
from motifmine.records.significance import Significance
from motifmine.records.table import ObservationTable, Recording
from motifmine.records.vocabulary import Vocabulary
from motifmine.version import __version__

TABLE_FORMAT = "motifmine.table/1"
FIT_FORMAT = "motifmine.fit/1"
# parts of a fit that grow with the length of its recordings
DOCUMENTS = ("activations", "recordings")
# optional parts of a fit, by field: group in the file, and record
PARTS: dict[str, tuple[str, type[Any]]] = {
    "stability": ("motifs/stability", Stability),
    "anomalies": ("anomalies", Anomalies),
    "segments": ("segments", Segments),
    "posterior": ("posterior", Posterior),
    "drift": ("drift", Drift),
    "forecast": ("forecast", ForecastScores),
    "significance": ("significance", Significance),
    "predictive": ("predictive", PredictiveChecks),
}


def recognise_file(path: Path) -> str:
    """Return the format of a file, `TABLE_FORMAT` or `FIT_FORMAT`.

    Raises `FormatError` when there is no such file, or it is none of ours.
    """
    check_input(path, "a table, a fit or a workspace")
    found = read_file_format(path)
    if found not in (TABLE_FORMAT, FIT_FORMAT):
        raise FormatError(
            f"{path} holds {found or 'no format attribute'}; expected {TABLE_FORMAT} or "
            f"{FIT_FORMAT}, as 'motifmine extract' and 'motifmine fit' write them"
        )
    return found


def write_table(path: Path, table: ObservationTable, *, force: bool = False) -> None:
    """Write a one-document table as `motifmine.table/1`, atomically.

    Raises `DataError` when the table does not hold exactly one document, `WorkspaceError` when
    `path` exists and `force` is not set.
    """
    if table.n_documents != 1:
        raise DataError(f"a table file holds one document, not {table.n_documents}")
    recording = table.recordings[0]
    with open_new(path, force=force, grows=is_mapped(table.word)) as file:
        file.attrs.update(
            format=TABLE_FORMAT,
            motifmine_version=__version__,
            recording=recording.name,
            spec=json.dumps(table.spec),
            bin_s=table.bin_s,
            n_times=table.n_times,
            n_words=table.n_words,
        )
        write_recording(file, recording)
        write_dataset(file, "observations/offsets", table.offsets, "time + 1")
        write_dataset(file, "observations/word", table.word, "observation")
        write_dataset(file, "observations/count", table.count, "observation", "observations")
        write_dataset(file, "time/bin_start_s", recording.bin_start_s, "time", "s")
        if table.series is not None:
            write_dataset(file, "series/value", table.series, "time, channel")
        _write_scene(file, table.vocabulary, table.picture)
        name_dimensions(file)


def read_table(path: Path) -> ObservationTable:
    """Read a `motifmine.table/1` file.

    Raises `FormatError` when the file is missing, damaged, or not such a table.
    """
    with Reader(path, TABLE_FORMAT) as reader:
        n_times = int(reader.attribute("n_times"))
        return ObservationTable(
            offsets=reader.array("observations/offsets", np.int64, (n_times + 1,)),
            word=reader.array("observations/word", np.int32, (None,)),
            count=reader.array("observations/count", np.float32, (None,)),
            recordings=(read_recording(reader, reader.file, n_times),),
            vocabulary=read_vocabulary(reader),
            bin_s=float(reader.attribute("bin_s")),
            spec=reader.json_attribute("spec"),
            picture=_read_picture(reader),
            series=_read_series(reader, n_times),
        )


def read_table_header(path: Path) -> dict[str, Any]:
    """Return the root attributes of a table file, `spec` decoded, without its observations."""
    with Reader(path, TABLE_FORMAT) as reader:
        return {**reader.file.attrs, "spec": reader.json_attribute("spec")}


def read_table_size(path: Path) -> int:
    """Return the number of observations of a table file, without reading them."""
    with Reader(path, TABLE_FORMAT) as reader:
        return int(reader.dataset("observations/word").shape[0])


def read_table_bins(path: Path) -> int:
    """Return the number of time bins of a table file."""
    with Reader(path, TABLE_FORMAT) as reader:
        return int(reader.dataset("observations/offsets").shape[0]) - 1


def read_table_vocabulary(path: Path) -> Vocabulary:
    """Return only the vocabulary of a table file."""
    with Reader(path, TABLE_FORMAT) as reader:
        return read_vocabulary(reader)


def has_picture(path: Path) -> bool:
    """Return whether a table file holds a picture of the scene."""
    with Reader(path, TABLE_FORMAT) as reader:
        return reader.find("picture/background") is not None


def write_fit(path: Path, record: FitRecord, *, force: bool = False) -> None:
    """Write a fit as `motifmine.fit/1`, atomically.

    Raises `WorkspaceError` when `path` exists and `force` is not set.
    """
    with open_new(path, force=force) as file:
        write_documents(file, record.recordings, record.activations)
        write_fit_head(file, record)


def write_fit_head(file: h5py.File, record: FitRecord) -> None:
    """Write a fit without its documents into an open file that has them already."""
    source = record.provenance
    inputs = [{"recording": name, "digest": digest} for name, digest in source.inputs]
    file.attrs.update(
        format=FIT_FORMAT,
        motifmine_version=source.motifmine_version,
        model=source.model,
        spec=json.dumps(source.spec.plain()),
        seed=source.seed,
        bin_s=record.bin_s,
        motif_length=record.motifs.motif_length,
        n_motifs=len(record.motifs),
        inputs=json.dumps(inputs),
        elapsed_s=source.elapsed_s,
        log_likelihood=record.log_likelihood,
        n_observations=record.n_observations,
    )
    write_record(file, "motifs", record.motifs)
    if record.names:
        write_strings(file, "motifs/name", record.names, "motif")
    write_dataset(file, "background/probability", record.background.probability, "word")
    file["background/probability"].attrs["weight"] = record.background.weight
    write_record(file, "occurrences", record.occurrences)
    write_record(file, "trace", record.trace)
    for name, (place, _) in PARTS.items():
        if (part := getattr(record, name)) is not None:
            write_record(file, place, part)
    write_state(file, record.model_state)
    write_zone_attribute(file, record.time_zone)
    _write_scene(file, record.vocabulary, record.picture)
    # last: scales are attached to all datasets that have their axes
    name_dimensions(file)


def is_fit(path: str | Path) -> bool:
    """Return whether a file is a fit."""
    return read_file_format(Path(path)) == FIT_FORMAT


def read_fit(path: Path, *, without: Collection[str] = ()) -> FitRecord:
    """Read a `motifmine.fit/1` file.

    Of `DOCUMENTS` and `occurrences`, which are nearly all of a long fit, those in `without` are not
    read and stay empty.

    Raises `FormatError` when the file is missing, damaged, or not such a fit.
    """
    with Reader(path, FIT_FORMAT) as reader:
        vocabulary = read_vocabulary(reader)
        sizes = {
            "motif": int(reader.attribute("n_motifs")),
            "relative_time": int(reader.attribute("motif_length")),
            "word": vocabulary.n_words,
            "document": len(_read_inputs(reader)),
        }
        # what is kept of each occurrence is checked against their number
        sizes["occurrence"] = _count_occurrences(reader)
        parts: dict[str, Any] = {
            name: read_optional_record(reader, place, kind, sizes)
            for name, (place, kind) in PARTS.items()
        }
        provenance = _read_provenance(reader)
        names = [name for name, _ in provenance.inputs]
        is_read = {name: name not in without for name in (*DOCUMENTS, "occurrences")}
        motifs = read_record(reader, "motifs", MotifSet, sizes)
        # before activations, whose tempos are indices of these
        if motifs.tempos is not None:
            sizes["tempo"] = len(motifs.tempos)
        return FitRecord(
            provenance=provenance,
            motifs=motifs,
            background=_read_background(reader, vocabulary.n_words),
            activations=read_activations(reader, names if is_read["activations"] else [], sizes),
            occurrences=read_record(reader, "occurrences", Occurrences, sizes)
            if is_read["occurrences"]
            else Occurrences.none(),
            trace=read_record(reader, "trace", Trace),
            log_likelihood=float(reader.attribute("log_likelihood")),
            n_observations=float(reader.attribute("n_observations")),
            bin_s=float(reader.attribute("bin_s")),
            vocabulary=vocabulary,
            recordings=tuple(
                read_recording(reader, reader.group(f"activations/{name}"))
                for name in (names if is_read["recordings"] else [])
            ),
            picture=_read_picture(reader),
            model_state=read_state(reader, sizes),
            time_zone=str(reader.file.attrs.get("time_zone", "UTC")),
            names=_read_names(reader, sizes["motif"]),
            **parts,
        )


def _read_provenance(reader: Reader) -> Provenance:
    return Provenance(
        motifmine_version=str(reader.attribute("motifmine_version")),
        model=str(reader.attribute("model")),
        spec=FitSpec.from_plain(reader.json_attribute("spec")),
        seed=int(reader.attribute("seed")),
        inputs=_read_inputs(reader),
        elapsed_s=float(reader.attribute("elapsed_s")),
    )


def _read_names(reader: Reader, n_motifs: int) -> tuple[str, ...]:
    if reader.find("motifs/name") is None:
        return ()
    return reader.strings("motifs/name", n_motifs)


def _read_inputs(reader: Reader) -> tuple[tuple[str, str], ...]:
    items = reader.json_attribute("inputs")
    return tuple((str(item["recording"]), str(item["digest"])) for item in items)


def _read_background(reader: Reader, n_words: int) -> Background:
    return Background(
        probability=reader.array("background/probability", np.float32, (n_words,)),
        weight=float(reader.dataset("background/probability").attrs["weight"]),
    )


def write_zone_attribute(file: h5py.File, time_zone: str) -> None:
    """Set the time zone of an open fit; UTC is not stored."""
    file.attrs.pop("time_zone", None)
    if time_zone != "UTC":
        file.attrs["time_zone"] = time_zone


def read_fit_time_zone(path: Path) -> str:
    """Return only the time zone of a fit."""
    with Reader(path, FIT_FORMAT) as reader:
        return str(reader.file.attrs.get("time_zone", "UTC"))


def read_fit_recordings(path: Path) -> tuple[Recording, ...]:
    """Return only the recordings of a fit."""
    with Reader(path, FIT_FORMAT) as reader:
        names = [name for name, _ in _read_inputs(reader)]
        return tuple(read_recording(reader, reader.group(f"activations/{name}")) for name in names)


def read_fit_size(path: Path) -> tuple[int, int]:
    """Return the numbers of time bins and occurrences of a fit, without reading any."""
    with Reader(path, FIT_FORMAT) as reader:
        names = [name for name, _ in _read_inputs(reader)]
        n_bins = (reader.dataset(f"activations/{name}/bin_start_s").shape[0] for name in names)
        return sum(map(int, n_bins)), _count_occurrences(reader)


def _count_occurrences(reader: Reader) -> int:
    return int(reader.dataset("occurrences/document").shape[0])


def read_document_activations(path: Path, document: int) -> Activations:
    """Return activations of all of a fit's documents, read of one and none of the others."""
    with Reader(path, FIT_FORMAT) as reader:
        names = [name for name, _ in _read_inputs(reader)]
        sizes = {
            "motif": int(reader.attribute("n_motifs")),
            "relative_time": int(reader.attribute("motif_length")),
        }
        found = read_activations(reader, [names[document]], sizes)
    offsets = np.zeros(len(names) + 1, np.int64)
    offsets[document + 1 :] = len(found.start)
    return replace(found, offsets=offsets)


def read_fit_activations(path: Path) -> Iterator[Activations]:
    """Yield the activations of a fit's documents one by one."""
    with Reader(path, FIT_FORMAT) as reader:
        sizes = {
            "motif": int(reader.attribute("n_motifs")),
            "relative_time": int(reader.attribute("motif_length")),
        }
        for name, _ in _read_inputs(reader):
            yield read_activations(reader, [name], sizes)


def read_fit_spec(path: Path) -> FitSpec:
    """Return only the settings of a fit."""
    with Reader(path, FIT_FORMAT) as reader:
        return FitSpec.from_plain(reader.json_attribute("spec"))


def read_n_motifs(path: Path) -> int:
    """Return only the number of motifs of a fit."""
    with Reader(path, FIT_FORMAT) as reader:
        return int(reader.attribute("n_motifs"))


def read_fit_inputs(path: Path) -> tuple[tuple[str, str], ...]:
    """Return only the names and digests of a fit's documents."""
    with Reader(path, FIT_FORMAT) as reader:
        return _read_inputs(reader)


def _write_scene(
    file: h5py.File, vocabulary: Vocabulary, picture: NDArray[np.uint8] | None
) -> None:
    write_vocabulary(file.create_group("vocabulary"), vocabulary)
    if picture is not None:
        write_dataset(file, "picture/background", picture, "row, column, rgb")


def _read_picture(reader: Reader) -> NDArray[np.uint8] | None:
    if reader.find("picture/background") is None:
        return None
    return reader.array("picture/background", np.uint8, (None, None, 3))


def _read_series(reader: Reader, n_times: int) -> NDArray[np.float32] | None:
    if reader.find("series/value") is None:
        return None
    return reader.array("series/value", np.float32, (n_times, None))
