"""Occurrences of a fit's motifs in a source that grows, each as soon as it is decided."""

import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from motifmine.analysis.filtering import FilterState, MotifFilter
from motifmine.analysis.live_occurrences import NEVER, Decided, OccurrenceDecider
from motifmine.errors import DataError, FormatError, WorkspaceError
from motifmine.files import sha256
from motifmine.io.growing import Stopped
from motifmine.io.hdf5 import store
from motifmine.io.hdf5.states import read_states, write_states
from motifmine.io.readers import natural_key
from motifmine.io.sources import make_safe_name, refuse_address
from motifmine.io.video.live import PIPE, hide_credentials, is_live
from motifmine.models.registry import finds_occurrences
from motifmine.parallel.reservations import hold_name
from motifmine.records.fields import axes
from motifmine.records.fit import FitRecord
from motifmine.records.table import Recording
from motifmine.reporting.times import format_time, format_wall_clock
from motifmine.types import Floats32, Indices, Indices32
from motifmine.workflows.live import stop_on_signals
from motifmine.workflows.watching.anomalies import AnomalyFollower, AnomalyState, Stretch
from motifmine.workflows.watching.early import Early
from motifmine.workflows.watching.output import Lines, Position
from motifmine.workflows.watching.sources import LiveBin, Source
from motifmine.workflows.workspace import Workspace

LONGEST_SILENCE = 20  # motif lengths after which a silence changes nothing more
# time after which the state is saved, and where something was decided, seconds; before it waits for
# more it is saved at once, so that a run that is killed has nothing to repeat
SAVE_EVERY_S, SAVE_DECIDED_S = 5.0, 0.2


@dataclass(slots=True, kw_only=True, eq=False)
class WatchedUntil:
    """How far a source was read, and what was decided."""

    fit: str
    """Digest of the fit."""
    recording: str = ""
    document: int = 0
    first_s: float = 0.0
    """Begin of the document, seconds of the recording."""
    last_s: float = -math.inf
    """Begin of the last bin."""
    last: Indices = field(metadata=axes("motif", "bins"))
    """Start of each motif's last occurrence in the document."""
    announced: Indices = field(metadata=axes("motif", "bins"))
    """Start of the last one that was announced early."""


class Watch:
    """Takes bins, follows the motifs, and writes what is decided.

    Parameters
    ----------
    form : str
        `json` or `text`.
    path : Path
        Of the state.
    early : Early or None
        None: only what is decided is written.
    """

    def __init__(
        self,
        record: FitRecord,
        lines: Lines,
        form: str,
        path: Path,
        online: MotifFilter,
        progress: WatchedUntil,
        early: Early | None = None,
    ) -> None:
        self.record, self.lines, self.form, self.path = record, lines, form, path
        self.online, self.progress, self.early = online, progress, early
        self.unusual: AnomalyFollower | None = None
        least = record.provenance.spec.detection.least_score
        self.decider = OccurrenceDecider(online, least, progress.last)
        self.preparation = record.provenance.spec.preparation
        self.end_bin = record.motifs.span_bins()[1]
        self.start_utc = ""
        self.is_saved = True
        self.saved_at = time.monotonic()
        self.save_after_s = SAVE_EVERY_S
        # how far the source is read again of what was read before; it may have become shorter
        self.skipped_to_s = math.inf

    def take(self, row: LiveBin) -> None:
        """Take the next bin of the source; bins of a run before this one are skipped."""
        progress, bin_s = self.progress, self.record.bin_s
        if row.recording != progress.recording or row.document != progress.document:
            here = (natural_key(row.recording), row.document)
            if progress.recording and here < (natural_key(progress.recording), progress.document):
                return
            self.finish_document()
            progress.recording, progress.document = row.recording, row.document
            progress.last_s = -math.inf
        # half a bin: times of a source that is read again differ by rounding
        if row.start_s - progress.last_s < bin_s / 2:
            self.skipped_to_s = row.start_s + bin_s / 2
            return
        self.skipped_to_s = math.inf
        # no gap before the first bin of a document, wherever its clock begins
        if not self.online.state.n_bins:
            progress.first_s, progress.last_s = row.start_s, row.start_s - bin_s
        self.start_utc = row.start_utc
        self._step_empty(round((row.start_s - progress.last_s) / bin_s) - 1)
        count = np.sqrt(row.count) if self.preparation.counts == "sqrt" else row.count
        self._step(row.word, count)
        progress.last_s = row.start_s
        self.is_saved = False
        if time.monotonic() - self.saved_at > self.save_after_s:
            self.save()

    def wait(self, on_message: Callable[[str], None]) -> None:
        """Save before the source is waited for; say once that it has less than was read before."""
        self.save()
        if self.skipped_to_s < self.progress.last_s:
            on_message(
                f"{self.progress.recording} ends before {format_time(self.progress.last_s)}, up to "
                "where it was read before; what comes before that is not decided; --restart begins "
                "with its first bin"
            )
            self.skipped_to_s = math.inf

    def finish_document(self) -> None:
        """Decide the rest of a document that has ended."""
        if self.online.state.n_bins:
            self._write(self.decider.finish())
            if self.unusual is not None:
                self._write_stretches(self.unusual.finish())
            self.progress.announced[:] = NEVER
            self.online.reset()

    def save(self) -> None:
        """Write the state, if anything is new."""
        self.saved_at, self.save_after_s = time.monotonic(), SAVE_EVERY_S
        if self.is_saved:
            return
        state: dict[str, Any] = {"filter": self.online.state, "progress": self.progress}
        if self.unusual is not None:
            state["anomalies"] = self.unusual.state
        write_states(self.path, {**state, "output": self.lines.position})
        self.is_saved = True

    def _step_empty(self, n_bins: int) -> None:
        """Take bins without words; what a long silence changes, a shorter one has changed."""
        n_taken = min(n_bins, LONGEST_SILENCE * self.record.motifs.motif_length)
        for _ in range(n_taken):
            self._step(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))
        self.online.state.n_bins += n_bins - n_taken

    def _step(self, word: Indices32, count: Floats32) -> None:
        self.online.step(word, count)
        self._write(self.decider.decide())
        if self.early is not None:
            self._announce(self.early)
        if self.unusual is not None:
            self._write_stretches(self.unusual.step(word, count))

    def _announce(self, early: Early) -> None:
        """Write the starts that have become likely enough, each once."""
        start, motif, score, shown = self.decider.going_on()
        likely = early.scale.look_up(shown, score)
        for at in np.flatnonzero(likely >= early.least).tolist():
            k, bin_ = int(motif[at]), int(start[at])
            # the best start moves by a bin or two while more of it is seen
            if bin_ - self.progress.announced[k] > self.online.apart:
                self.progress.announced[k] = bin_
                one = Decided(start_bin=bin_, motif=k, weight=0.0, score=float(score[at]))
                self._write([one], round(float(likely[at]), 4))

    def _write(self, found: list[Decided], probability: float | None = None) -> None:
        for one in found:
            self.lines.write(self._describe(one, probability))
            self.is_saved = False
        if found:
            self.save_after_s = SAVE_DECIDED_S

    def _write_stretches(self, found: list[Stretch]) -> None:
        for one in found:
            first_s, bin_s = self.progress.first_s, self.record.bin_s
            start_s, end_s = first_s + one.first * bin_s, first_s + one.end * bin_s
            # a text is for people: they look at clocks, not at seconds of a recording
            when = self._wall_clock(start_s)
            line = (
                f"{when or format_time(start_s)}  anomaly, {one.sense}, for {end_s - start_s:g} s"
            )
            if self.form == "json":
                line = json.dumps(
                    {
                        "event": "anomaly",
                        "number": self.lines.position.n_lines + 1,
                        "recording": self.progress.recording,
                        "start_s": round(start_s, 3),
                        "end_s": round(end_s, 3),
                        "start_utc": when,
                        "sense": one.sense,
                        "surprise": round(one.surprise, 3),
                    }
                )
            self.lines.write(line)
            self.is_saved, self.save_after_s = False, SAVE_DECIDED_S

    def _wall_clock(self, seconds: float) -> str:
        recording = Recording(
            name=self.progress.recording, bin_start_s=np.zeros(0), start_utc=self.start_utc
        )
        return format_wall_clock(recording, seconds)

    def _describe(self, one: Decided, probability: float | None) -> str:
        """Return an occurrence, or with a probability one that is going on, as a line."""
        record, progress = self.record, self.progress
        # a motif may have begun before the source did
        start_s = progress.first_s + max(one.start_bin, 0) * record.bin_s
        end_s = progress.first_s + (one.start_bin + int(self.end_bin[one.motif])) * record.bin_s
        start_utc = self._wall_clock(start_s)
        if self.form == "text":
            when = start_utc or f"{format_time(start_s)} in {progress.recording}"
            sure = f"score {one.score:.1f}" if probability is None else f"early, {probability:.0%}"
            return f"{when}  {record.title_of(one.motif)}  {sure}"
        content = {
            "event": "occurrence" if probability is None else "early",
            "number": self.lines.position.n_lines + 1,
            "recording": progress.recording,
            "motif": one.motif + 1,
            "motif_name": record.name_of(one.motif),
            "start_s": round(start_s, 3),
            "end_s": round(end_s, 3),
            "start_utc": start_utc,
            "score": round(one.score, 3),
        }
        if probability is not None:
            return json.dumps({**content, "probability": probability})
        false = None
        if record.significance is not None:
            scores = record.significance.scores_of_others
            false = float(scores.look_up("false_probability", np.array([one.score]))[0])
        return json.dumps(
            {
                **content,
                "weight": round(one.weight, 3),
                "false_probability": false,
            }
        )


def watch_source(
    workspace: Workspace,
    name: str,
    address: str,
    output: BinaryIO,
    *,
    form: str = "json",
    idle_s: float = math.inf,
    early: float | None = None,
    anomalies: bool = False,
    restart: bool = False,
    on_message: Callable[[str], None],
) -> None:
    """Write the occurrences of a fit's motifs in a source as they are decided, until it ends.

    What a run before this one has read of the source is not decided again.

    Parameters
    ----------
    name : str
        A fit, by name or path.
    address : str
        A file or folder that grows, a camera, or `-` for standard input.
    output : binary file
        Lines go here.
    form : str
        `json` or `text`.
    idle_s : float
        A file that did not grow, and a folder without a new one, for this time ends, seconds.
    early : float or None
        Write also what is going on, as soon as its probability is this; None: only what is decided.
    anomalies : bool
        Write also the stretches that the motifs explain badly.
    restart : bool
        Begin from the first bin, whatever was read before.

    Raises
    ------
    MotifmineError
        When the fit cannot be followed, or the source cannot be read or is of another scene.
    """
    path = workspace.find_fit(name)
    record = store.read_fit(path)
    _refuse(record, path)
    shown = "stdin" if address == PIPE else hide_credentials(address)
    if address != PIPE and not is_live(address):
        refuse_address(address)
        # the state is of a file, whatever folder the command runs in
        shown = str(Path(address).resolve())
    state = workspace.root / "watch" / f"{path.stem}-{make_safe_name(shown.strip('/'))}.h5"
    stop = threading.Event()
    with hold_name(state), stop_on_signals(stop):
        is_new = not state.exists()
        watch = _open(record, sha256(path), state, output, form, restart, on_message)
        if early is not None:
            watch.early = Early.of_workspace(workspace, record, early)
        if anomalies:
            watch.unusual = AnomalyFollower(record, _read_anomalies(watch, restart))
        if is_live(address) and watch.progress.recording:
            # what a live source sent meanwhile is lost
            watch.finish_document()
            watch.progress.recording = ""
        # a run that is killed before it saves anything else must know where its output began
        watch.is_saved = False
        watch.save()
        source = Source(
            record=record,
            take=watch.take,
            stop=stop,
            idle_s=idle_s,
            on_wait=lambda: watch.wait(on_message),
            on_message=on_message,
        )
        try:
            source.follow(address)
            watch.finish_document()
        except Stopped:
            pass
        finally:
            watch.save()
            if is_new and not watch.progress.recording:
                # nothing was read that a later run could go on from
                state.unlink(missing_ok=True)


def _refuse(record: FitRecord, path: Path) -> None:
    if record.vocabulary.layout.topics() is not None:
        raise DataError(
            f"{path} has motifs of topics, and watch follows motifs of words; fit with --topics off"
        )
    if not len(record.motifs):
        raise DataError(f"{path} has no motifs to watch for")
    if finds_occurrences(record.provenance.model):
        raise DataError(
            f"{path} is of {record.provenance.model}, which does not infer starts of motifs; "
            "use a fit of a model of motifs"
        )


def _open(
    record: FitRecord,
    digest: str,
    path: Path,
    output: BinaryIO,
    form: str,
    restart: bool,
    on_message: Callable[[str], None],
) -> Watch:
    """Return a watch that begins, or resumes from the state at `path`."""
    position, state = Position(), None
    never = np.full(len(record.motifs), NEVER)
    progress = WatchedUntil(fit=digest, last=never, announced=never.copy())
    if path.exists() and not restart:
        kinds = {"filter": FilterState, "progress": WatchedUntil, "output": Position}
        try:
            found = read_states(path, kinds)
        except FormatError as error:
            raise WorkspaceError(f"{error}; begin again with --restart") from error
        # names of fits are used again; starts of other motifs would be mixed in
        if found["progress"].fit != digest:
            raise WorkspaceError(
                f"{path} is of another fit of that name; begin again with --restart"
            )
        state, progress, position = found["filter"], found["progress"], found["output"]
        if progress.recording:
            on_message(f"goes on after {format_time(progress.last_s)} of {progress.recording}")
    online = MotifFilter.of_record(record, state)
    return Watch(record, Lines(output, position), form, path, online, progress)


def _read_anomalies(watch: Watch, restart: bool) -> AnomalyState | None:
    """Return the last bins that an earlier run had, None where it did not look for anomalies."""
    if restart or not watch.path.exists():
        return None
    state: AnomalyState | None = read_states(watch.path, {"anomalies": AnomalyState})["anomalies"]
    # a run without anomalies in between has not kept them up
    n_bins = watch.online.state.n_bins
    return state if state is not None and state.n_bins == n_bins else None
