"""Live sources: a camera over RTSP that is lost and comes back, a pipe, and no credentials."""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.io.hdf5.store import read_table
from motifmine.io.video.keeping import VideoKeeper
from motifmine.io.video.live import hide_credentials, is_live, open_live
from motifmine.io.video.reader import open_video
from motifmine.records.frames import FrameOptions
from motifmine.workflows.live import DOCUMENT_S
from tests.helpers.clips import moving_square, write_clip
from tests.helpers.paths import ROOT

Run = Callable[..., Result]
SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = ROOT / "tests/helpers/rtsp_server.py"
CODE = "from motifmine_cli.main import main; main()"


def has_rtsp_server() -> bool:
    """Return whether the system has GStreamer's RTSP server with its Python bindings."""
    code = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-c", code], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


@contextmanager
def rtsp_server(port: int, credentials: str = "") -> Iterator[None]:
    """Serve a moving ball while the block runs."""
    line = [SYSTEM_PYTHON, str(SERVER), str(port), *([credentials] if credentials else [])]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"serving\n"
        yield
    finally:
        process.kill()
        process.wait()


def start_extraction(
    folder: Path, *arguments: str, stdin: int | None = None
) -> "subprocess.Popen[str]":
    """Start `motifmine extract ARGUMENTS...` in a folder."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE, "extract", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def find_free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.mark.long
def test_a_camera_is_recorded_lost_and_recorded_again(tmp_path: Path) -> None:
    if not has_rtsp_server():
        pytest.skip("no GStreamer RTSP server with Python bindings")
    port = find_free_port()
    address = f"rtsp://gast:geheim@127.0.0.1:{port}/cam?token=geheim2"
    tables = tmp_path / "motifmine-work/tables"
    with rtsp_server(port, "gast:geheim"):
        process = start_extraction(tmp_path, address, "--document", "2s", "--keep-video", "kept")
        deadline = time.monotonic() + 60
        while len(list(tables.glob("*.h5"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
    time.sleep(1)
    n_before = len(list(tables.glob("*.h5")))
    with rtsp_server(port, "gast:geheim"):
        while len(list(tables.glob("*.h5"))) < n_before + 2 and time.monotonic() < deadline + 60:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert f"rtsp://127.0.0.1:{port}/cam is lost" in err
    assert f"rtsp://127.0.0.1:{port}/cam is back after a gap" in err
    found = [read_table(path) for path in sorted(tables.glob("*.h5"))]
    assert len(found) >= n_before + 2 >= 4
    lines = [line for line in (out + err).splitlines() if f"127.0.0.1_{port}_cam: " in line]
    assert len(lines) == len(found)
    starts = [table.recordings[0].bin_start_s[0] for table in found]
    gaps = [b - a for a, b in itertools.pairwise(starts)]
    assert starts == sorted(starts)
    assert max(gaps) > 2.5  # the gap is in the times
    # the last document of a connection may have too few frames for a word
    assert sum(len(table.word) > 0 for table in found) >= 3
    assert all(table.picture is None for table in found)
    # the video of both connections, whole and in files as long as the documents
    kept = sorted((tmp_path / "kept").iterdir())
    assert len(kept) >= 3
    n_kept = 0
    for path in kept:
        assert path.suffix == ".mkv"
        with open_video(path) as video:
            n_kept += len(list(video.frames()))
            assert not video.frames_damaged
    assert n_kept >= 0.9 * sum(table.recordings[0].frames_decoded for table in found)
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"geheim" not in path.read_bytes()
    assert "geheim" not in out + err


@pytest.mark.parametrize("ending", ["ts", "mkv"])
def test_a_pipe_is_read_to_its_end(tmp_path: Path, ending: str) -> None:
    path = write_clip(tmp_path / f"a.{ending}", moving_square(100))
    with path.open("rb") as file:
        process = start_extraction(tmp_path, "-", stdin=file.fileno())
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.startswith("ok: stdin: 100 frames, 4.0 s")
    (table,) = (tmp_path / "motifmine-work/tables").glob("stdin-*Z.h5")
    recording = read_table(table).recordings[0]
    assert (recording.source, recording.frames_decoded) == ("-", 100)
    assert recording.start_utc
    assert recording.n_times * 0.25 < DOCUMENT_S


def test_what_cannot_be_opened_is_one_line_without_credentials(
    motifmine: Run, tmp_path: Path
) -> None:
    port = find_free_port()
    result = motifmine(
        "extract", f"rtsp://user:secret@127.0.0.1:{port}/a//b?pw=secret", "--for", "9s"
    )
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"Error: rtsp://127.0.0.1:{port}/a//b cannot be opened: Connection refused\n"
    )
    assert "secret" not in result.output
    assert not (tmp_path / "motifmine-work/tables").exists()


@pytest.mark.parametrize(
    "address", ["rtmp://u:secret@h/x", "srt://h:9?passphrase=secret", "rtsp:/u:secret@h/x"]
)
def test_an_address_that_is_not_read_is_refused_without_credentials(
    motifmine: Run, tmp_path: Path, address: str
) -> None:
    result = motifmine("extract", address)
    assert result.exit_code == 1
    assert "is not read here" in result.stderr
    assert "secret" not in result.output
    assert not list(tmp_path.iterdir())


def test_a_live_source_is_extracted_alone(motifmine: Run) -> None:
    assert motifmine("extract", "rtsp://host/a", "rtsp://host/b").exit_code == 2
    assert motifmine("extract", "a.mp4", "--for", "8h").exit_code == 2


def test_a_part_is_refused_where_it_would_be_ignored(motifmine: Run, tmp_path: Path) -> None:
    live = motifmine("extract", "rtsp://127.0.0.1:1/a", "--from", "1s")
    assert live.exit_code == 2
    assert "not for live sources" in live.stderr
    (tmp_path / "log.csv").write_text("time,value\n0,1\n1,2\n")
    series = motifmine("extract", str(tmp_path / "log.csv"), "--to", "1s")
    assert series.exit_code == 1
    assert "choose a part of a video" in series.stderr


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://u:p@h:554/x", "rtsp://h:554/x"),
        ("rtsp://u:p%40@h/x?user=u&password=p", "rtsp://h/x"),
        ("http://a@b@h/x#p", "http://h/x"),
        ("rtsp://u:p#q@h/x", "rtsp://h/x"),
        ("rtsp://u:p/q?r@h/x", "rtsp://h/x"),
        ("rtsp://u:p[@h/x", "rtsp://h/x"),
        (
            "rtsp://h/cam/realmonitor?channel=2&subtype=0",
            "rtsp://h/cam/realmonitor?channel=2&subtype=0",
        ),
        (
            "rtsp://h:554/user=u&password=p&channel=1&stream=0.sdp",
            "rtsp://h:554/?channel=1&stream=0",
        ),
        ("rtsp://h/user=u_password=12_channel=1_stream=0.sdp", "rtsp://h/?channel=1&stream=0"),
        ("http://h/video.cgi;usr=u;pwd=34", "http://h/video.cgi"),
        ("udp://239.0.0.1:1234", "udp://239.0.0.1:1234"),
        ("-", "-"),
    ],
)
def test_credentials_are_hidden(address: str, shown: str) -> None:
    assert is_live(address)
    assert hide_credentials(address) == shown


@pytest.mark.parametrize(
    "name", ["a.mp4", "./-", "rtsp:clip.mp4", "file:///etc/passwd", "concat:a|b"]
)
def test_a_name_is_a_file(name: str) -> None:
    assert not is_live(name)


def test_the_video_of_a_live_source_is_kept_if_asked_for(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", moving_square(50))  # a key frame each 12
    said: list[str] = []
    keeper = VideoKeeper(
        folder=tmp_path / "kept", name="cam", longest_s=0.0, on_message=said.append
    )
    with path.open("rb") as file:
        stop = threading.Event()
        live = open_live("-", FrameOptions(), stop, said.append, file=file, keeper=keeper)
        with live as reader:
            given = [frame.luma.copy() for frame in reader.frames()]
    files = sorted(
        (tmp_path / "kept").iterdir(), key=lambda each: (each.name[:19], len(each.name), each.name)
    )
    # a file from each key frame on, whole and under its own name
    assert len(files) == 5
    assert all(re.fullmatch(r"cam-\d{8}T\d{6}Z(-\d+)?\.mkv", each.name) for each in files)
    kept = []
    for each in files:
        with open_video(each) as video:
            kept += [frame.luma.copy() for frame in video.frames()]
    np.testing.assert_array_equal(kept, given)
    assert said == []


def test_words_are_recorded_where_the_video_cannot_be_kept(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", moving_square(50))
    (tmp_path / "kept").write_text("no folder")
    said: list[str] = []
    keeper = VideoKeeper(
        folder=tmp_path / "kept", name="cam", longest_s=9.0, on_message=said.append
    )
    with path.open("rb") as file:
        live = open_live(
            "-", FrameOptions(), threading.Event(), said.append, file=file, keeper=keeper
        )
        with live as reader:
            assert len(list(reader.frames())) == 50
    assert len(said) == 1
    assert "the video is not kept any longer" in said[0]
