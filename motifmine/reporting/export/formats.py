"""The formats that occurrences are written in, and how many files that makes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from motifmine.analysis.occurrences import keep_occurrences
from motifmine.errors import DataError, WorkspaceError
from motifmine.files import refuse_overwriting, write_bytes
from motifmine.records.fit import FitRecord
from motifmine.reporting.export.boris import boris_text
from motifmine.reporting.export.elan import eaf_text
from motifmine.reporting.export.intervals import Span, spans_of
from motifmine.reporting.export.parquet import encodable, parquet_bytes
from motifmine.reporting.export.subtitles import labels_text, srt_text, vtt_text
from motifmine.reporting.rows import OccurrenceRow, occurrence_rows
from motifmine.reporting.tables.fit_tables import (
    occurrences_csv,
    occurrences_json,
    occurrences_text,
)

NAME_BYTES = 150
"""File systems hold 255 bytes of a name; this leaves room for suffixes and temporary neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a format can hold, and who writes it."""

    suffix: str
    write: Callable[[FitRecord, list[int], Path | None], bytes]
    """Gets the fit, the documents wanted and the place of the file, if there is one."""
    one_timeline: bool = False
    """Whether a file holds one recording only."""
    is_binary: bool = False


def _tabular(writer: Callable[[FitRecord], str]) -> Callable[..., bytes]:
    return lambda record, documents, _: _bytes(writer(_only(record, documents)))


def _timeline(writer: Callable[[list[Span]], str]) -> Callable[..., bytes]:
    return lambda record, documents, _: _bytes(writer(_spans(record, documents)[documents[0]]))


def _eaf(record: FitRecord, documents: list[int], beside: Path | None) -> bytes:
    (document,) = documents
    spans = _spans(record, documents)[document]
    return _bytes(eaf_text(record, record.recordings[document], spans, beside=beside))


def _boris(record: FitRecord, documents: list[int], _: Path | None) -> bytes:
    return _bytes(boris_text(record, _spans(record, documents)))


def _parquet(record: FitRecord, documents: list[int], _: Path | None) -> bytes:
    return parquet_bytes(occurrence_rows(_only(record, documents)))


FORMATS = {
    "table": Format(suffix=".txt", write=_tabular(occurrences_text)),
    "csv": Format(suffix=".csv", write=_tabular(occurrences_csv)),
    "json": Format(suffix=".json", write=_tabular(occurrences_json)),
    "parquet": Format(suffix=".parquet", write=_parquet, is_binary=True),
    "srt": Format(suffix=".srt", write=_timeline(srt_text), one_timeline=True),
    "vtt": Format(suffix=".vtt", write=_timeline(vtt_text), one_timeline=True),
    "eaf": Format(suffix=".eaf", write=_eaf, one_timeline=True),
    "boris": Format(suffix=".boris", write=_boris),
    "labels": Format(suffix=".txt", write=_timeline(labels_text), one_timeline=True),
}
"""By the name that `--format` takes."""


def occurrences_bytes(record: FitRecord, form: str, *, recording: str | None = None) -> bytes:
    """Return occurrences as the content of one file.

    Parameters
    ----------
    record : FitRecord
    form : str
        A name of `FORMATS`.
    recording : str or None
        Only the occurrences of this recording.

    Raises
    ------
    DataError
        When there is no such recording, or the format knows one timeline and there are several.
    MissingExtraError
        When the format needs a package that is not installed.
    """
    documents = _documents(record, recording)
    if FORMATS[form].one_timeline and len(documents) != 1:
        raise _several(record, form)
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

    A format that knows one timeline makes a folder of files when there are several recordings,
    each named after its recording. Letters that could make such a name more than a file's name
    become underscores.

    Parameters
    ----------
    record, form, recording
        See `occurrences_bytes`.
    output : Path
        The file; with several recordings a folder, also where it exists as one.
    force : bool
        Overwrite what exists.

    Raises
    ------
    WorkspaceError
        When a file exists and `force` is not set, or the disk refuses.
    """
    chosen, documents = FORMATS[form], _documents(record, recording)
    per_recording = chosen.one_timeline and (len(documents) != 1 or output.is_dir())
    if not per_recording:
        parts = {output: documents}
    elif output.suffix == chosen.suffix and not output.is_dir():
        raise _several(record, form)
    else:
        names = file_names(record, documents, chosen.suffix)
        parts = {output / names[document]: [document] for document in documents}
    if output.is_dir() and not per_recording:
        raise WorkspaceError(f"{output} is a folder; name the file to write, in it or elsewhere")
    for path in parts:
        refuse_overwriting(path, force=force)
    contents = {path: chosen.write(record, part, path) for path, part in parts.items()}
    for path, content in contents.items():
        write_bytes(path, content, force=force)
    return list(contents)


def file_names(record: FitRecord, documents: list[int], suffix: str) -> dict[int, str]:
    """Return a safe file name per document, no two alike even where case does not count.

    Letters and digits of any script stay; all else that is not ` ._-+` becomes an underscore.
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


def _documents(record: FitRecord, recording: str | None) -> list[int]:
    names = [part.name for part in record.recordings]
    if recording is None:
        return list(range(len(names)))
    if recording not in names:
        raise DataError(f"there is no recording {recording!r} in the fit; it has {_some(names)}")
    return [names.index(recording)]


def _several(record: FitRecord, form: str) -> DataError:
    names = [part.name for part in record.recordings]
    return DataError(
        f"{form} knows one timeline and there are {len(names)} recordings; choose one with "
        f"--recording ({_some(names)}), or name a folder with -o for a file each"
    )


def _some(names: list[str]) -> str:
    return ", ".join(map(repr, names[:4])) + (f" and {len(names) - 4} more" if names[4:] else "")


def _only(record: FitRecord, documents: list[int]) -> FitRecord:
    """Return the fit with the occurrences of some documents; numbers of documents stay."""
    if len(documents) == len(record.recordings):
        return record
    found, posterior = record.occurrences, record.posterior
    keep = found.document == documents[0]
    if posterior is not None:
        probability = posterior.occurrence_probability[keep]
        posterior = replace(posterior, occurrence_probability=probability)
    return replace(record, occurrences=keep_occurrences(found, keep), posterior=posterior)


def _spans(record: FitRecord, documents: list[int]) -> dict[int, list[Span]]:
    rows: dict[int, list[OccurrenceRow]] = {document: [] for document in documents}
    for row in occurrence_rows(_only(record, documents)):
        rows[row.document].append(row)
    return {document: spans_of(record, part) for document, part in rows.items()}


def _bytes(text: str) -> bytes:
    return encodable(text).encode()
