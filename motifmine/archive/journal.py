"""Journal of an archive: the record of every finished job, from which a run resumes.

A run writes its records to numbered segments, each a few lines of JSON, and merges segments from
time to time. Files are never appended to, since object stores cannot. Records that a killed run had
not written yet are recovered from the tables, which name their source and settings.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from motifmine.archive.json_values import read_record
from motifmine.archive.storage import Storage
from motifmine.errors import WorkspaceError

Status = Literal["ok", "partial", "failed", "lost", "unsettled"]
DONE = ("ok", "partial")
FOLDER = "journal"
FLUSH_EVERY_S = 2.0
MAX_SEGMENTS = 64  # number of segments at which they are merged into one


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """Result of a job, as plain values."""

    job: str
    """Name: `<scene>/<recording>`, or `<scene>` for the fit of the scene."""
    kind: Literal["extract", "scene"]
    key: str
    """Digest of everything that the result depends on, except the content of the source."""
    status: Status
    """`partial`: a part of the recording could not be read; `lost`: the worker was lost repeatedly;
    `unsettled`: the file changed while it was read. Jobs with the last two are repeated by the next
    run, `failed` ones with `--retry-failed` or when file or settings change."""
    reason: str = ""
    is_transient: bool = False
    """Whether the failure may pass, so that the job is retried; `is_passing` in files."""
    digest: str = ""
    """SHA-256 of the source, "" if it could not be read."""
    n_bytes: int = -1
    """Size of the source when it was read, bytes; -1 if unknown."""
    stamp: str = ""
    """Time stamp of the source when it was read."""
    result_bytes: int = -1
    """Size of the table or fit, bytes."""
    recorded_s: float = 0.0
    n_motifs: int = 0
    n_occurrences: int = 0
    n_added: int = 0
    """Recordings that an incremental update added; 0 if the scene was refitted."""
    was_there: bool = False
    """The result existed already."""
    elapsed_s: float = 0.0
    worker: str = ""

    @property
    def is_done(self) -> bool:
        """Whether there is a result."""
        return self.status in DONE


STORED_NAMES = {"is_transient": "is_passing"}  # fields whose name in files is another one


def record_to_json(record: JobRecord) -> dict[str, Any]:
    """Return a record as plain values, by their names in files."""
    return {STORED_NAMES.get(name, name): value for name, value in asdict(record).items()}


def record_from_json(values: dict[str, Any]) -> JobRecord:
    """Return the record of `record_to_json`; fields of later versions are ignored."""
    names = {STORED_NAMES.get(f.name, f.name): f.name for f in fields(JobRecord)}
    known = {names[name]: value for name, value in values.items() if name in names}
    return read_record(JobRecord, known, "a record of the journal")


class Journal:
    """The last record of every job of an archive."""

    def __init__(self, output: Storage) -> None:
        self.storage = output.subfolder(FOLDER)
        self.records: dict[str, JobRecord] = {}
        self._unwritten: list[JobRecord] = []
        self._written_s = time.monotonic()
        self._segments: list[tuple[str, list[JobRecord]]] = []
        names = sorted(
            name for name in self.storage.list_sizes() if name.endswith(".jsonl") and name[0] != "."
        )
        for name in names:
            for line in (self.storage.read_text(name) or "").splitlines():
                # a line that was cut off by a full disk costs one job again, not the run
                with suppress(ValueError, TypeError, AttributeError, RecursionError):
                    record = record_from_json(json.loads(line))
                    self.records[record.job] = record
        self._number = int(names[-1].partition(".")[0]) if names else 0
        if len(names) > MAX_SEGMENTS:
            # written before the old ones are removed: a kill in between leaves records twice, never
            # none
            self._write(list(self.records.values()))
            for name in names:
                self.storage.remove(name)
            self._segments = []

    def add(self, record: JobRecord) -> None:
        """Add a record; it is written within `FLUSH_EVERY_S` seconds."""
        self.records[record.job] = record
        self._unwritten.append(record)
        self.flush(FLUSH_EVERY_S)

    def flush(self, every_s: float = 0.0) -> None:
        """Write new records, unless the last write was less than `every_s` seconds ago."""
        if not self._unwritten or time.monotonic() - self._written_s < every_s:
            return
        self._write(self._unwritten)
        self._unwritten = []
        self._written_s = time.monotonic()
        if len(self._segments) > MAX_SEGMENTS:
            self._merge_segments()

    def _merge_segments(self) -> None:
        """Merge the segments of this run into one, and remove them once it is written."""
        old, self._segments = self._segments, []
        self._write([record for _, records in old for record in records])
        for name, _ in old:
            self.storage.remove(name)
        self._segments = []

    def _write(self, records: list[JobRecord]) -> None:
        # zero-padded numbers, so that sorting by name is sorting by time
        self._number += 1
        name = f"{self._number:08d}.jsonl"
        lines = [json.dumps(record_to_json(record)) for record in records]
        self.storage.write_text(name, "\n".join(lines) + "\n")
        self._segments.append((name, records))


@contextmanager
def lock_results(output: Storage) -> Iterator[None]:
    """Lock the results of an archive against other runs; only for local storage.

    The operating system releases the lock when the process ends, even if it is killed.

    Raises `WorkspaceError` if another run holds the lock.
    """
    if not output.is_local:
        yield
        return
    try:
        import fcntl  # noqa: PLC0415  (not on every system)
    except ImportError:
        yield
        return
    output.path.mkdir(parents=True, exist_ok=True)
    with (output.path / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WorkspaceError(
                f"another 'motifmine batch' is running in {output.url}; wait for it, or choose "
                "another folder with -o"
            ) from error
        try:
            yield
        except BaseException:
            _remove_if_unused(output.path)
            raise


def _remove_if_unused(folder: Path) -> None:
    """Remove a folder of results that is empty except for its lock."""
    if [path.name for path in folder.iterdir()] == [".lock"]:
        (folder / ".lock").unlink()
        folder.rmdir()
