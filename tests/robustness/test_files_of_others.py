"""Files that were damaged or made to do harm: each is refused in a line, no other file is read."""

import json
import os
import re
import shutil
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import Result

from motifmine.errors import FormatError, MemoryLimitError, MotifmineError, SpecError
from motifmine.io.hdf5 import documents, nodes, store
from motifmine.io.readers import OWN, open_frames, reader_of_name
from motifmine.io.regular import refuse_special_file
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from motifmine.io.tdoc import read_tdoc
from motifmine.io.truth_files import read_true_motifs
from motifmine.io.video.container import SOUND_FORMATS, VIDEO_FORMATS
from motifmine.models.registry import specification_of
from motifmine.models.request import FitRequest, request_values
from motifmine.parallel.isolated import IsolatedJobs, JobFailure
from motifmine.parallel.memory import check_memory, parse_size
from motifmine.reporting.export.formats import encode_occurrences
from motifmine.simulation import Simulation
from motifmine.workflows.locate import find_settings
from tests.conftest import SHARED
from tests.helpers.clips import moving_square, write_clip
from tests.helpers.corpus import make_corpus
from tests.helpers.fit_records import lane_record
from tests.helpers.hdf5_damage import ELSEWHERE, damaged_files
from tests.helpers.paths import ROOT
from tests.robustness.soak import STRUCTURES, read

HOSTILE = SHARED.parent / "cases" / "hostile"
Run = Callable[..., Result]


def read_all(path: Path, options: SeriesOptions | None = None) -> int:
    """Read a series to its end and return the number of samples."""
    with open_series(path, options or SeriesOptions()) as reader:
        return sum(len(chunk.time_s) for chunk in reader.chunks())


def read_whole_fit(path: Path) -> None:
    """Read a fit in all ways that commands do."""
    encode_occurrences(store.read_fit(path), "csv")
    store.read_fit(path, without=store.DOCUMENTS)
    store.read_fit_recordings(path)
    list(store.read_fit_activations(path))


@pytest.fixture(params=["table", "fit"])
def layout(
    request: pytest.FixtureRequest, tmp_path: Path, small: Simulation
) -> tuple[Path, Callable[[Path], object]]:
    """A whole file of a layout, and what reads it."""
    path = tmp_path / "whole.h5"
    if request.param == "table":
        store.write_table(path, small.table.document(0))
        return path, store.read_table
    store.write_fit(path, lane_record())
    return path, read_whole_fit


# a number that has no factor with that of the kinds: each kind comes, and each place
@pytest.mark.parametrize(
    "every", [7, pytest.param(1, marks=[pytest.mark.long, pytest.mark.release])]
)
def test_damage_anywhere_in_a_layout_is_refused_with_the_file(
    layout: tuple[Path, Callable[[Path], object]], tmp_path: Path, every: int
) -> None:
    whole, read = layout
    read(whole)
    n = 0
    for kind, place, path in damaged_files(whole, tmp_path, every):
        n += 1
        try:
            read(path)
        except MotifmineError as error:
            assert str(path) in str(error), (kind, place)
        else:
            # some damage is none: an optional part that is missing, or values that may be
            assert kind not in (*ELSEWHERE, "claims 2^33 rows", "no shape"), (kind, place)
    assert n > 100 / every


def test_flipped_bytes_of_a_layout_are_refused_or_read(
    layout: tuple[Path, Callable[[Path], object]], tmp_path: Path
) -> None:
    whole, read = layout
    content = whole.read_bytes()
    rng = np.random.default_rng(3)
    path = tmp_path / "flipped.h5"
    for _ in range(60):
        data = bytearray(content)
        for at in rng.integers(0, len(data), 4):
            data[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(data if rng.random() < 0.8 else data[: int(rng.integers(len(data)))])
        try:
            read(path)
        except MotifmineError as error:
            assert str(path) in str(error)


def list_edits(values: Any) -> Iterator[Any]:
    """Yield decoded JSON with each of its values in turn replaced by one of another kind."""
    yield from ("x", -1, [], {}, None, True, 2.5, 10**30, float("nan"))
    items = values.items() if isinstance(values, dict) else enumerate(values[:2])
    for key, value in items:
        edits = list_edits(value if isinstance(value, dict | list) else {})
        yield from ({**values, key: edit} if isinstance(values, dict) else [edit] for edit in edits)


@pytest.mark.parametrize("name", ["spec", "inputs"])
def test_settings_of_another_type_are_refused_with_the_file(name: str, tmp_path: Path) -> None:
    path = Path(shutil.copy(ROOT / "tests/golden/channels/fits/plsm-001.h5", tmp_path))
    with h5py.File(path) as file:
        values = json.loads(file.attrs[name])
    edits = list(list_edits(values))
    refused = 0
    # a prime, so that each value and each kind comes
    for edit in edits[::11]:
        with h5py.File(path, "r+") as file:
            file.attrs[name] = json.dumps(edit)
        try:
            record = store.read_fit(path, without=store.DOCUMENTS)
        except MotifmineError as error:
            assert str(path) in str(error), edit
            refused += 1
            continue
        # what is no setting of the model may be anything that can be kept
        record.provenance.spec.plain()
        with suppress(MotifmineError):
            FitRequest.of(record.provenance.model, **request_values(record))
            specification_of(record.provenance.model, record.provenance.spec.settings)
    assert refused > 3


@pytest.mark.parametrize("scene", ["channels", "video"])
def test_settings_of_tables_in_a_fit_are_read_or_refused(scene: str) -> None:
    record = store.read_fit(ROOT / f"tests/golden/{scene}/fits/plsm-001.h5")
    source = record.provenance
    for edit in list_edits(dict(source.spec.table)):
        if isinstance(edit, dict):
            edited = replace(source, spec=replace(source.spec, table=edit))
            with suppress(MotifmineError):
                find_settings(replace(record, provenance=edited))


@pytest.mark.parametrize("kind", ["external", "virtual", "soft link", "external link"])
def test_a_series_in_hdf5_reads_no_other_file(kind: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.arange(100.0).tobytes())
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.arange(100.0)
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        if kind == "external":
            file.create_dataset("x", (100,), "f8", external=[(str(secret), 0, 800)])
        elif kind == "virtual":
            form = h5py.VirtualLayout((100,), "f8")
            form[:] = h5py.VirtualSource(tmp_path / "other.h5", "x", (100,))
            file.create_virtual_dataset("x", form)
        elif kind == "soft link":
            file["x"] = h5py.SoftLink("/y")
        else:
            file["x"] = h5py.ExternalLink("other.h5", "/x")
    for name in (path, Path(f"{path}:/x")):
        with pytest.raises(MotifmineError):
            read_all(name)
    with h5py.File(path) as file, pytest.raises(FormatError):
        node = nodes.find_node(file, "x")
        nodes.check_size(node)


def test_links_are_neither_listed_nor_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/x"] = [1.0]
        file["g/up"] = file["/"]
        file["g/soft"] = h5py.SoftLink("/g/x")
        found = [name for name, _ in nodes.list_datasets(file, depth=3)]
        assert found[0] == "/g/up/g/x" or "/g/x" in found
        assert not [name for name in found if name.endswith("soft")]
        assert nodes.find_node(file, "g/x").shape == (1,)
        assert nodes.find_node(file, "g/x/y") is None
    assert documents.RECORDING_ATTRIBUTES


def test_a_playlist_is_no_recording(tmp_path: Path) -> None:
    write_clip(tmp_path / "b.mp4", moving_square(8))
    for name, text in {
        "a.mp4": "ffconcat version 1.0\nfile b.mp4\n\x01",
        "a.mkv": "#EXTM3U\n#EXTINF:1,\nb.mp4\n\x01",
        "a.ts": "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 1 RTP/AVP 96\n\x01",
    }.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(FormatError):
            open_frames(tmp_path / name)
    (tmp_path / "a.mp3").write_text("ffconcat version 1.0\nfile b.mp4\n")
    with pytest.raises(FormatError, match="sound file"):
        read_all(tmp_path / "a.mp3")
    listed = f"{VIDEO_FORMATS},{SOUND_FORMATS}".split(",")
    assert not {"concat", "hls", "dash", "sdp", "image2", "lavfi", "rtsp"}.intersection(listed)


NAMES = [
    "2026-03-14T08:15:00.mp4",
    "http:/x.mp4",
    "concat:b.mp4|b.mp4",
    "subfile,,start,0,end,0,,:b.mp4",
    "%03d.mp4",
    "-i.mp4",
    os.fsdecode(b"x\x1b[31m\xff.mp4"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_file_whatever_it_looks_like(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_clip(tmp_path / "b.mp4", moving_square(8))
    with pytest.raises(FormatError, match="does not exist"):
        open_frames(path)
    shutil.copy("b.mp4", path)
    with open_frames(path) as reader:
        assert len(list(reader.frames())) == 8


NO_TEXT = b"\xff\x1b\n"


def test_every_format_is_read_under_a_name_that_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    corpus = [path for path in make_corpus(tmp_path) if path.name not in STRUCTURES]
    # the corpus is that of the fuzzers, too
    listed = {reader_of_name(path) for path in corpus}
    assert listed == {entry for name, entry in OWN.items() if entry.suffixes and name != "other"}
    for path in corpus:
        read(path.rename(os.fsdecode(NO_TEXT + os.fsencode(path.name))))


def test_a_recording_whose_name_is_no_text_goes_all_the_way(motifmine: Run) -> None:
    name = os.fsdecode(NO_TEXT + b".csv")
    rows = [f"{t},{int(t % 40 in (3, 4))},{int(t % 40 in (6, 7, 8))}" for t in range(600)]
    Path(name).write_text("\n".join(["time,door,lift", *rows]))
    fitted = ["--motifs", "1", "--motif-length", "8bins", "--restarts", "1"]
    for line in (
        ["extract", name],
        ["fit", "--model", "plsm", *fitted],
        ["show-motifs"],
        ["occurrences", "--format", "parquet", "-o", "o.parquet"],
        ["occurrences", "--format", "eaf", "-o", "o.eaf"],
        ["watch", "plsm-001", name, "--idle", "100ms"],
        # with the state that the first one kept
        ["watch", "plsm-001", name, "--idle", "100ms"],
    ):
        result = motifmine(*line)
        assert result.exit_code == 0, result.output


def test_a_path_that_is_not_text_is_stored_as_it_is(tmp_path: Path, small: Simulation) -> None:
    source = os.fsdecode(b"/data/x\xff\x1b.mp4")
    table = small.table.document(0)
    store.write_table(
        tmp_path / "a.h5", table.of_recording(replace(table.recordings[0], source=source))
    )
    assert store.read_table(tmp_path / "a.h5").recordings[0].source == source


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    os.mkfifo(tmp_path / "a.tdoc")
    os.mkfifo(tmp_path / "a.h5")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.mp4"))
        readers: dict[str, Callable[[Path], object]] = {
            "a.csv": read_all,
            "a.tdoc": read_tdoc,
            "a.h5": store.read_table,
            "s.mp4": open_frames,
        }
        for name, read in readers.items():
            with pytest.raises(FormatError, match=r"named pipe|socket"):
                read(tmp_path / name)
    for place in ("/dev/zero", "/proc/cpuinfo", "/sys/kernel/mm"):
        if Path(place).exists() and not Path(place).is_dir():
            with pytest.raises(FormatError, match=r"device|of the system"):
                refuse_special_file(Path(place))


def test_a_dataset_that_claims_more_than_its_bytes_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        # little enough for the memory, but without any byte in the file
        node = file.create_dataset("x", shape=(1 << 20,), dtype="f8", chunks=(1024,))
        with pytest.raises(FormatError, match="claims 1048576 values"):
            nodes.check_size(node)


def test_claims_are_compared_with_the_size_of_the_file(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((10, 2)))
    data = (tmp_path / "a.npy").read_bytes().replace(b"(10, 2), }  ", b"(10**9, 2), ")
    (tmp_path / "a.npy").write_bytes(data.replace(b"(10**9, 2), ", b"(99999999,2)"))
    with pytest.raises(FormatError):
        read_all(tmp_path / "a.npy", SeriesOptions(rate_hz=1))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.write(tmp_path / "a.npy", "x.npy")
        archive.writestr("y.npy", b"\x93NUMPY\x01\x00(((")
    with pytest.raises(FormatError):
        read_all(tmp_path / "a.npz", SeriesOptions(rate_hz=1))
    (tmp_path / "a.tdoc").write_text("999999999:1\n")
    with pytest.raises(FormatError, match="word 999999999 is above the limit"):
        read_tdoc(tmp_path / "a.tdoc")


def test_memory_that_is_not_there_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTIFMINE_MEMORY", "1GiB")
    check_memory(1 << 29, "a table")
    with pytest.raises(MemoryLimitError, match=r"a table needs 2\.0 GiB of memory, and 1\.0 GiB"):
        check_memory(1 << 31, "a table")
    assert [parse_size(text) for text in ("4GiB", "800 MB", "7")] == [1 << 32, 800_000_000, 7]
    for text in ("", "much", "0GiB", "-1GB"):
        with pytest.raises(SpecError, match="no size of memory"):
            parse_size(text)


def crash(job: int, report: Callable[[object], None]) -> int:
    """End as a library does that reads outside its memory."""
    os.kill(os.getpid(), job)
    return 0


@pytest.mark.parametrize(
    ("number", "reason"), [(11, "the file is damaged: .*SIGSEGV"), (9, "died")]
)
def test_a_decoder_that_crashes_is_a_damaged_file(number: int, reason: str) -> None:
    jobs = IsolatedJobs(function=crash, workers=1, patience_s=30, preload=())
    ((_, outcome),) = jobs.run([number], lambda *_: None)
    assert isinstance(outcome, JobFailure)
    assert re.search(reason, outcome.reason)


def test_true_motifs_of_damaged_files_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["motifs/probability"] = h5py.SoftLink("/x")
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 broken")
    for name in ("a.h5", "a.npz"):
        with pytest.raises(FormatError):
            read_true_motifs(tmp_path / name)


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the files are not here")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rate.wav", "2147483647 samples per second"),
        ("huge.npy", "claims 1000000000000x100 values.*and it has 928"),
        ("ffconcat_other_cam.mp4", "is a text file"),
        ("ffc_in_t.mp3", "cannot be read as a sound file"),
    ],
)
def test_kept_files_that_do_harm_are_refused(name: str, message: str) -> None:
    read = open_frames if name.endswith(".mp4") else read_all
    with pytest.raises(FormatError, match=message):
        read(HOSTILE / name)


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the files are not here")
def test_kept_files_that_are_whole_or_break_off_are_read() -> None:
    with open_frames(HOSTILE / "2026-03-14T08:15:00.mp4") as reader:
        assert len(list(reader.frames())) == 202
    with pytest.warns(UserWarning, match="ends early"):
        assert read_all(HOSTILE / "trunc.wav") > 60
