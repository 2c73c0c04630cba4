"""What became of a source, in one line."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motifmine.durations import format_seconds
from motifmine.errors import MotifmineError
from motifmine.workflows.documents import WrittenTable

Status = Literal["ok", "partial", "failed", "skipped"]
# mean brightness of a picture below which it is likely too dark to see motion, grey levels
DARK = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one source, or of one of its documents."""

    source: Path
    status: Status
    """`partial`: something of the recording is lost; `skipped`: its table was there already."""
    reason: str = ""
    """Why it failed, what is lost, or why it has no observation."""
    error: type[MotifmineError] | None = None
    """What a failure would have raised; None: it has not failed."""
    table_path: Path | None = None
    document: str = ""
    """Name of the document where the source has several."""
    frames_expected: int = -1
    """Frames the container promises; -1 if it does not say or there are no frames."""
    frames_decoded: int = -1
    frames_damaged: int = 0
    recorded_s: float = 0.0
    """Length of the recording, seconds."""
    elapsed_s: float = 0.0
    """Duration of the extraction, seconds."""
    notes: tuple[str, ...] = ()
    """What was decided about the source."""
    n_observations: int = 0
    more: "tuple[Outcome, ...]" = ()
    """Outcomes of the other documents of the source, until all are in one list."""

    @property
    def is_empty(self) -> bool:
        """Whether the source was read and gave no observation: the line is a warning."""
        return self.status in ("ok", "partial") and not self.n_observations

    def raise_failure(self) -> None:
        """Raise what stopped the source, if anything did."""
        if self.error is not None:
            raise self.error(self._placed_reason)

    @property
    def _placed_reason(self) -> str:
        # most messages name the file themselves
        place = "" if str(self.source) in self.reason else f"{self.source}: "
        return place + self.reason

    def __str__(self) -> str:
        if self.status in ("failed", "skipped"):
            return f"{self.status}: {self._placed_reason}"
        facts = [
            self.document,
            self._count_frames(),
            format_seconds(self.recorded_s),
            *self.notes,
            f"{self.n_observations:,} observations" if self.n_observations else "no observation",
        ]
        reason = f": {self.reason}" if self.is_empty else f" ({self.reason})"
        status = "warning" if self.is_empty else self.status
        said = ", ".join(filter(None, facts))
        return f"{status}: {self.source}: {said}{reason if self.reason else ''}"

    def _count_frames(self) -> str:
        if self.frames_decoded < 0:
            return ""
        promised = f" of {self.frames_expected}" if self.frames_expected >= 0 else ""
        damaged = f" ({self.frames_damaged} damaged)" if self.frames_damaged else ""
        plural = "" if self.frames_decoded == 1 and not promised else "s"
        return f"{self.frames_decoded}{promised} frame{plural}{damaged}"


def describe_document(source: Path, table: WrittenTable, losses: str, began: float) -> Outcome:
    """Return the outcome of one document that was written.

    Parameters
    ----------
    losses : str
        What of the source is lost, "" for nothing.
    began : float
        Value of `time.monotonic` when the extraction of the source began, seconds.
    """
    recording = table.recording
    notes = [recording.notes] if recording.notes else []
    if recording.stamps_repaired:
        plural = "s" if recording.stamps_repaired > 1 else ""
        notes.append(f"{recording.stamps_repaired:,} time stamp{plural} repaired")
    return Outcome(
        source=source,
        status="partial" if losses else "ok",
        reason=losses or ("" if table.n_observations else explain_silence(table)),
        table_path=table.path,
        document=recording.name if table.is_one_of_several else "",
        frames_expected=recording.frames_expected,
        frames_decoded=recording.frames_decoded,
        frames_damaged=recording.frames_damaged,
        recorded_s=recording.n_times * table.bin_s,
        elapsed_s=time.monotonic() - began,
        notes=tuple(notes),
        n_observations=table.n_observations,
    )


def explain_silence(table: WrittenTable) -> str:
    """Return the likely reason why a document has no observation."""
    if table.recording.frames_decoded < 0:
        return "it holds no value that counts as a word"
    if table.recording.frames_decoded == 1:
        return "it has one frame only"
    if table.brightness is not None and table.brightness < DARK:
        return f"its picture is too dark (mean brightness {table.brightness:.0f} of 255)"
    return "nothing moves in it, or nothing that is large, fast or bright enough"
