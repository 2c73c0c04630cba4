"""What became of every job, in files that are written whole: nothing is appended to.

A run writes its new records into numbered segments, each a few lines of JSON, and joins them into
one now and then. What a killed run had not written yet is found again in the tables themselves.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from motifmine.archive.storage import Place
from motifmine.errors import WorkspaceError

Status = Literal["ok", "partial", "failed", "lost", "unsettled"]
DONE = ("ok", "partial")
FOLDER = "journal"
FLUSH_EVERY_S = 2.0
MOST_SEGMENTS = 64
"""So many segments are joined into one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What a job sends back: small, plain values."""

    job: str
    """Its name: `<scene>/<recording>`, or `<scene>` for what is done with the whole scene."""
    kind: Literal["extract", "scene"]
    key: str
    """Digest of everything beside the source's content that the result depends on."""
    status: Status
    """`partial`: something of the recording is lost; `lost`: the job was, time and again, with its
    worker; `unsettled`: the file changed while it was read. The last two are done again by the
    next run, `failed` ones by `--retry-failed` or when file or settings change."""
    reason: str = ""
    is_passing: bool = False
    """Whether trying again at once may help."""
    digest: str = ""
    """SHA-256 of the source, "" if it could not be read."""
    n_bytes: int = -1
    """Of the source, when it was read."""
    stamp: str = ""
    """Of the source, when it was read."""
    result_bytes: int = -1
    """Of the table or fit."""
    recorded_s: float = 0.0
    n_motifs: int = 0
    n_occurrences: int = 0
    n_added: int = 0
    """Recordings that an update added to the fit; 0 when it was made anew."""
    was_there: bool = False
    """Nothing had to be done: the result was there already."""
    elapsed_s: float = 0.0
    worker: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the result is there."""
        return self.status in DONE


def record_of_json(values: dict[str, Any]) -> JobRecord:
    """Return the record that was written; what this version does not know is left out."""
    known = {f.name for f in fields(JobRecord)}
    kept = {name: value for name, value in values.items() if name in known}
    return JobRecord(**kept)


class Journal:
    """The last record of every job of an archive."""

    def __init__(self, output: Place) -> None:
        self.place = output.inside(FOLDER)
        self.records: dict[str, JobRecord] = {}
        self._fresh: list[JobRecord] = []
        self._written_s = time.monotonic()
        self._joinable: list[tuple[str, list[JobRecord]]] = []
        names = sorted(
            name for name in self.place.sizes() if name.endswith(".jsonl") and name[0] != "."
        )
        for name in names:
            for line in (self.place.read_text(name) or "").splitlines():
                with suppress(ValueError, TypeError):
                    record = record_of_json(json.loads(line))
                    self.records[record.job] = record
        self._number = int(names[-1].partition(".")[0]) if names else 0
        if len(names) > MOST_SEGMENTS:
            self._write(list(self.records.values()))
            for name in names:
                self.place.remove(name)
            self._joinable = []

    def note(self, record: JobRecord) -> None:
        """Take in a record; it is on the disk within a few seconds."""
        self.records[record.job] = record
        self._fresh.append(record)
        self.settle(FLUSH_EVERY_S)

    def settle(self, every_s: float = 0.0) -> None:
        """Write what is not written yet, if the last time is long enough ago."""
        if not self._fresh or time.monotonic() - self._written_s < every_s:
            return
        self._write(self._fresh)
        self._fresh = []
        self._written_s = time.monotonic()
        if len(self._joinable) > MOST_SEGMENTS:
            self._join()

    def _join(self) -> None:
        """Join the last segments into one; they go after it is there."""
        old, self._joinable = self._joinable, []
        self._write([record for _, records in old for record in records])
        for name, _ in old:
            self.place.remove(name)
        self._joinable = []

    def _write(self, records: list[JobRecord]) -> None:
        self._number += 1
        name = f"{self._number:08d}.jsonl"
        lines = [json.dumps(asdict(record)) for record in records]
        self.place.write_text(name, "\n".join(lines) + "\n")
        self._joinable.append((name, records))


@contextmanager
def only_run(output: Place) -> Iterator[None]:
    """Hold the results of an archive for this run alone; local places only.

    The system gives the lock back when the run ends, however it ends.

    Raises
    ------
    WorkspaceError
        When another run is at work there.
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
                f"another 'motifmine batch' is at work in {output.url}; wait for it, or choose "
                "another folder with -o"
            ) from error
        try:
            yield
        except BaseException:
            _remove_if_unused(output.path)
            raise


def _remove_if_unused(folder: Path) -> None:
    """Remove a folder of results that holds nothing but its lock."""
    if [path.name for path in folder.iterdir()] == [".lock"]:
        (folder / ".lock").unlink()
        folder.rmdir()
