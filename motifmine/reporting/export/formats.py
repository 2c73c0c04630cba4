"""Writing occurrences in the formats of `FORMATS`, to one file or one file per recording."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from motifmine.analysis.occurrences import keep_occurrences
from motifmine.errors import DataError, WorkspaceError
from motifmine.files import open_atomic, refuse_overwriting
from motifmine.records.fit import FitRecord
from motifmine.reporting.export.boris import format_boris
from motifmine.reporting.export.elan import format_eaf
from motifmine.reporting.export.intervals import Span, make_spans
from motifmine.reporting.export.nwb import encode_nwb
from motifmine.reporting.export.subtitles import format_audacity_labels, format_srt, format_vtt
from motifmine.reporting.rows import OccurrenceRow, list_occurrences, tabulate_occurrences
from motifmine.reporting.tables.fit_tables import (
    stream_csv,
    stream_json,
    stream_text,
)
from motifmine.reporting.text_table import escape_undecodable

if TYPE_CHECKING:
    import pyarrow as pa

# longest stem of a file name, bytes. File systems allow 255; suffixes and the names of temporary
# files need some of them.
NAME_BYTES = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One output format."""

    suffix: str
    write: Callable[[FitRecord, list[int], Path | None], Iterable[bytes]]
    """Arguments: the fit, the documents to write and the path of the file, None without one.

    Of a year not all is in memory at one time."""
    one_timeline: bool = False
    """Whether a file holds only one recording."""
    is_binary: bool = False


def _make_table_writer(
    writer: Callable[[FitRecord], Iterable[bytes]],
) -> Callable[..., Iterable[bytes]]:
    return lambda record, documents, _: writer(_select_documents(record, documents))


def _make_timeline_writer(writer: Callable[[list[Span]], str]) -> Callable[..., list[bytes]]:
    return lambda record, documents, _: _encode(
        writer(_group_spans(record, documents)[documents[0]])
    )


def _write_eaf(record: FitRecord, documents: list[int], output: Path | None) -> list[bytes]:
    (document,) = documents
    spans = _group_spans(record, documents)[document]
    return _encode(format_eaf(record, record.recordings[document], spans, output=output))


def _write_boris(record: FitRecord, documents: list[int], _: Path | None) -> list[bytes]:
    return _encode(format_boris(record, _group_spans(record, documents)))


def _write_parquet(record: FitRecord, documents: list[int], _: Path | None) -> list[bytes]:
    return [encode_parquet(_select_documents(record, documents))]


def _write_nwb(record: FitRecord, documents: list[int], _: Path | None) -> list[bytes]:
    (document,) = documents
    rows = list_occurrences(_select_documents(record, documents))
    return [encode_nwb(record, document, rows)]


# by the name that `--format` takes
FORMATS = {
    "table": Format(suffix=".txt", write=_make_table_writer(stream_text)),
    "csv": Format(suffix=".csv", write=_make_table_writer(stream_csv)),
    "json": Format(suffix=".json", write=_make_table_writer(stream_json)),
    "parquet": Format(suffix=".parquet", write=_write_parquet, is_binary=True),
    "srt": Format(suffix=".srt", write=_make_timeline_writer(format_srt), one_timeline=True),
    "vtt": Format(suffix=".vtt", write=_make_timeline_writer(format_vtt), one_timeline=True),
    "eaf": Format(suffix=".eaf", write=_write_eaf, one_timeline=True),
    "boris": Format(suffix=".boris", write=_write_boris),
    "labels": Format(
        suffix=".txt", write=_make_timeline_writer(format_audacity_labels), one_timeline=True
    ),
    "nwb": Format(suffix=".nwb", write=_write_nwb, one_timeline=True, is_binary=True),
}


def encode_occurrences(record: FitRecord, form: str, *, recording: str | None = None) -> bytes:
    """Return occurrences as the content of one file; see `stream_occurrences`."""
    return b"".join(stream_occurrences(record, form, recording=recording))


def stream_occurrences(
    record: FitRecord, form: str, *, recording: str | None = None
) -> Iterable[bytes]:
    """Return the content of one file of occurrences in parts: those of a year are gigabytes.

    Raises `DataError` when there is no such recording, or the format holds one recording and there
    are several; `MissingExtraError` when the format needs a package that is not installed.
    """
    documents = _choose_documents(record, recording)
    if FORMATS[form].one_timeline and len(documents) != 1:
        raise _refuse_several(record, form)
    return FORMATS[form].write(record, documents, None)


def write_occurrences(
    record: FitRecord,
    form: str,
    output: Path,
    *,
    recording: str | None = None,
    force: bool = False,
) -> list[Path]:
    """Write occurrences to a file, or to one file per recording; return the paths.

    With several recordings, formats that hold only one recording are written as a folder of
    files, named after the recordings. Characters that are unsafe in a file name become underscores.

    Raises `WorkspaceError` when a file exists and `force` is not set, or cannot be written,
    `DataError` when there is no such format.
    """
    if form not in FORMATS:
        raise DataError(f"{form!r} is no format of occurrences; choose of {', '.join(FORMATS)}")
    chosen, documents = FORMATS[form], _choose_documents(record, recording)
    per_recording = chosen.one_timeline and (len(documents) != 1 or output.is_dir())
    if not per_recording:
        parts = {output: documents}
    # a name with the suffix means a file, and would become a folder of files
    elif output.suffix == chosen.suffix and not output.is_dir():
        raise _refuse_several(record, form)
    else:
        names = make_file_names(record, documents, chosen.suffix)
        parts = {output / names[document]: [document] for document in documents}
    if output.is_dir() and not per_recording:
        raise WorkspaceError(f"{output} is a folder; name the file to write, in it or elsewhere")
    for path in parts:
        refuse_overwriting(path, force=force)
    # those of several files are made before the first is written, so that an error leaves no files
    contents = {path: chosen.write(record, part, path) for path, part in parts.items()}
    for path, content in contents.items():
        with open_atomic(path, force=force) as part, part.open("wb") as file:
            file.writelines(content)
    return list(contents)


def encode_parquet(record: FitRecord) -> bytes:
    """Return occurrences as a Parquet file, see `occurrences_to_arrow`."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (takes a while to import)

    buffer = io.BytesIO()
    pq.write_table(occurrences_to_arrow(record), buffer)
    return buffer.getvalue()


def occurrences_to_arrow(record: FitRecord) -> "pa.Table":
    """Return occurrences as a `pyarrow.Table`.

    `start_utc` is a time stamp (milliseconds, UTC), null where the wall clock is unknown; all else
    is as in the CSV file.
    """
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    table = tabulate_occurrences(record)
    text = table["start_utc"]
    known = pc.if_else(pc.equal(text, ""), None, text)
    moment = known.cast(pa.timestamp("ms", tz="UTC"))
    return table.set_column(table.column_names.index("start_utc"), "start_utc", moment)


def make_file_names(record: FitRecord, documents: list[int], suffix: str) -> dict[int, str]:
    """Return a safe file name per document, distinct also on file systems that ignore case.

    Letters and digits of any script are kept; other characters except ` ._-+` become underscores.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    for document in documents:
        name = record.recordings[document].name
        safe = "".join(letter if letter.isalnum() or letter in " ._-+" else "_" for letter in name)
        safe = safe.encode()[:NAME_BYTES].decode(errors="ignore").strip(" .-") or "recording"
        while safe.lower() in taken:
            safe = f"{safe}-{document}"
        taken.add(safe.lower())
        names[document] = safe + suffix
    return names


def _choose_documents(record: FitRecord, recording: str | None) -> list[int]:
    names = [part.name for part in record.recordings]
    if recording is None:
        return list(range(len(names)))
    if recording not in names:
        raise DataError(
            f"there is no recording {recording!r} in the fit; it has {_format_names(names)}"
        )
    return [names.index(recording)]


def _refuse_several(record: FitRecord, form: str) -> DataError:
    names = [part.name for part in record.recordings]
    return DataError(
        f"a file of format {form} holds one recording and there are {len(names)} "
        f"recordings; choose one with --recording ({_format_names(names)}), or name a folder "
        "with -o for a file each"
    )


def _format_names(names: list[str]) -> str:
    return ", ".join(map(repr, names[:4])) + (f" and {len(names) - 4} more" if names[4:] else "")


def _select_documents(record: FitRecord, documents: list[int]) -> FitRecord:
    """Return the fit with the occurrences of one document, or of all; indices do not change."""
    if len(documents) == len(record.recordings):
        return record
    found, posterior = record.occurrences, record.posterior
    keep = found.document == documents[0]
    if posterior is not None:
        probability = posterior.occurrence_probability[keep]
        posterior = replace(posterior, occurrence_probability=probability)
    return replace(record, occurrences=keep_occurrences(found, keep), posterior=posterior)


def _group_spans(record: FitRecord, documents: list[int]) -> dict[int, list[Span]]:
    rows: dict[int, list[OccurrenceRow]] = {document: [] for document in documents}
    for row in list_occurrences(_select_documents(record, documents)):
        rows[row.document].append(row)
    return {document: make_spans(record, part) for document, part in rows.items()}


def _encode(text: str) -> list[bytes]:
    return [escape_undecodable(text).encode()]
