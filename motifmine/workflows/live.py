"""Words of a live source, a table per document as they are complete."""

import math
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from motifmine.features.video.extract import VideoDocuments
from motifmine.io.hdf5 import store
from motifmine.io.sources import make_safe_name
from motifmine.io.video.keeping import VideoKeeper
from motifmine.io.video.live import PIPE, hide_credentials, open_live
from motifmine.parallel.threads import n_cores
from motifmine.records.scene import Scene
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Vocabulary
from motifmine.workflows.documents import WrittenTable
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.find_scene import find_scene_of_tables
from motifmine.workflows.outcomes import Outcome, describe_document
from motifmine.workflows.workspace import Workspace

DOCUMENT_S = 3600.0  # longest document where no length is given, seconds
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def record_live(
    address: str,
    workspace: Workspace,
    settings: ExtractionSettings,
    *,
    for_s: float = math.inf,
    keep_video: Path | None = None,
    on_table: Callable[[Outcome], None],
    on_message: Callable[[str], None],
) -> None:
    """Write the words of a live source into tables until it ends or is interrupted.

    A table is written when its document ends: after `settings.series.document_s` (an hour), or when
    the source was lost. Its name has the time at which it begins. Tables have no picture.

    Parameters
    ----------
    address : str
        Of a camera, or `-`; credentials in it are neither stored nor shown.
    for_s : float
        Longest time to record, seconds.
    keep_video : Path or None
        Folder that the video is written to, a file a document; None: no picture is stored.
    on_table : callable
        Called with every table that was written.

    Raises
    ------
    VideoError
        When the source cannot be opened.
    WorkspaceError
        When it is not of the workspace's scene.
    """
    shown = hide_credentials(address)
    # without scheme, and without a password that would be in a name of a file
    name = "stdin" if address == PIPE else make_safe_name(re.sub(r"^\w+://", "", shown).strip("/"))
    scene = find_scene_of_tables(workspace, workspace.table_paths())
    spec = settings.spec
    if scene is not None:
        # a fit needs tables of one bin, and a camera cannot be read again with another
        spec = replace(spec, bin_s=spec.bin_s or scene.bin_s)

    def accept(vocabulary: Vocabulary, size_px: tuple[int, int]) -> None:
        if scene is not None:
            bin_s = spec.bin_s or scene.bin_s
            found = Scene(vocabulary=vocabulary, bin_s=bin_s, size_px=size_px)
            scene.refuse_other(found, Path(name))

    stop = threading.Event()
    length_s = settings.series.document_s or DOCUMENT_S
    keeper = None
    if keep_video is not None:
        keeper = VideoKeeper(
            folder=keep_video, name=name, longest_s=length_s, on_message=on_message
        )
    with (
        stop_on_signals(stop),
        open_live(address, settings.frames, stop, on_message, for_s=for_s, keeper=keeper) as reader,
    ):
        documents = VideoDocuments(
            reader=reader,
            spec=spec,
            options=settings.frames,
            threads=n_cores(),
            accept=accept,
        )
        began = datetime.fromtimestamp(reader.began_at, UTC)
        for table in documents.read(reader.frames(), length_s):
            on_table(_write(table, workspace, name, shown, began))


def _write(
    table: ObservationTable, workspace: Workspace, name: str, source: str, began: datetime
) -> Outcome:
    """Write the table of a document under a name with its time."""
    found = table.recordings[0]
    moment = began + timedelta(seconds=float(found.bin_start_s[0]))
    recording = replace(
        found,
        # no colon, which Windows refuses in names
        name=f"{name}-{moment:%Y%m%dT%H%M%SZ}",
        source=source,
        start_utc=began.isoformat(timespec="milliseconds"),
        notes=", ".join(filter(None, [found.notes, f"from {moment:%Y-%m-%d %H:%M:%S} UTC"])),
    )
    path = workspace.table_path(recording.name)
    brightness = None if table.picture is None else float(table.picture.mean())
    # nobody has asked for pictures of a live camera to be stored
    store.write_table(path, replace(table.of_recording(recording), picture=None))
    written = WrittenTable(
        path=path,
        recording=recording,
        bin_s=table.bin_s,
        n_observations=len(table.word),
        is_one_of_several=False,
        brightness=brightness,
    )
    return describe_document(Path(name), written, "", time.monotonic())


@contextmanager
def stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C end the recording with its last table, and a second one the command."""
    # Python lets the main thread alone set handlers
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: object) -> None:
        if stop.is_set():
            # the last table takes seconds at most; who asks twice does not wait
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, end) for number in SIGNALS}
    # the command's watchdog would end the process while the last table is written
    woken = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
