"""How fast video becomes words, beside decode + resize of the same file in the same run.

    python benchmarks/extract.py [FOLDER OR VIDEO]

Wanted: a folder of clips of 352x288 at 40 times real time or more on two cores; 1280x720 at 12
times real time or more on one core; never more than 4 times decode + resize; memory that does not
grow with the length of the video.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from motifmine.features.video.extract import extract_documents
from motifmine.features.video.spec import FlowSpec
from motifmine.io.hdf5.store import write_table
from motifmine.io.sources import expand_sources
from motifmine.parallel.threads import n_cores
from motifmine.workflows.extract import extract_sources
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.workspace import Workspace

DEFAULT = Path(__file__).resolve().parents[1] / "sample_data" / "junction"
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--peak-of", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak_of:
        print_peak(arguments.peak_of)
        return
    with tempfile.TemporaryDirectory() as folder:
        rendered = render(Path(folder) / "rendered_1280x720.mp4", 1280, 720)
        large = render(Path(folder) / "rendered_1920x1080.mp4", 1920, 1080, seconds=8)
        paths = expand_sources([arguments.source]) if arguments.source.exists() else []
        list(extract_documents(rendered))  # compiles the kernels
        print(f"{n_cores()} cores; medians of {ROUNDS} rounds", flush=True)
        if paths:
            time_folder(paths, Path(folder))
        for path in [*paths[:1], rendered, large]:
            time_video(path)
        sys.stdout.flush()
        for n_repeats in (1, 10, 100):
            long = repeated(paths[0] if paths else rendered, n_repeats, Path(folder))
            command = [sys.executable, __file__, "--peak-of", str(long)]
            print(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout, end=""
            )


def time_folder(paths: list[Path], folder: Path) -> None:
    """Print how fast all files are extracted as the command does it, tables written."""
    seconds, length_s = [], 0.0
    for _ in range(ROUNDS):
        workspace = Workspace(folder / "work")
        began = time.perf_counter()
        outcomes = extract_sources(paths, workspace, ExtractionSettings(force=True))
        seconds.append(time.perf_counter() - began)
        length_s = sum(outcome.recorded_s for outcome in outcomes)
        n_frames = sum(outcome.frames_decoded for outcome in outcomes)
    shutil.rmtree(folder / "work")
    middle = statistics.median(seconds)
    print(
        f"{paths[0].parent.name}: {len(paths)} files, {length_s:.0f} s of video in {middle:.2f} s: "
        f"{n_frames / middle:.0f} frames/s, {length_s / middle:.0f} times real time"
    )


def time_video(path: Path) -> None:
    """Print how fast one file is extracted on one and on all cores, and the ratio to decoding."""
    columns: dict[str, list[float]] = {
        "decode + resize": [],
        "one thread": [],
        "not stabilised": [],
        "all cores": [],
    }
    cpu: dict[str, list[float]] = {name: [] for name in columns}
    jobs: dict[str, Callable[[], object]] = {
        "decode + resize": lambda: decode_and_resize(path),
        "one thread": lambda: list(extract_documents(path, threads=1)),
        "not stabilised": lambda: list(
            extract_documents(path, FlowSpec(stabilise="off"), threads=1)
        ),
        "all cores": lambda: list(extract_documents(path)),
    }
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            wall, busy = time.perf_counter(), time.process_time()
            job()
            columns[name].append(time.perf_counter() - wall)
            cpu[name].append(time.process_time() - busy)
    n_frames, length_s = decode_and_resize(path)
    print(f"{path.name}: {n_frames} frames, {length_s:.1f} s")
    for name, walls in columns.items():
        ratio = statistics.median(
            a / b for a, b in zip(walls, columns["decode + resize"], strict=True)
        )
        work = statistics.median(
            a / b for a, b in zip(cpu[name], cpu["decode + resize"], strict=True)
        )
        wall, busy = statistics.median(walls), statistics.median(cpu[name])
        print(
            f"  {name:16} {n_frames / wall:7.0f} frames/s, {length_s / wall:5.0f} times real time, "
            f"{length_s / busy:5.0f} per core; to decode + resize: "
            f"{ratio:.2f} of the time, {work:.2f} of the work"
        )


def decode_and_resize(path: Path) -> tuple[int, float]:
    """Decode all frames and bring the used ones to working size; return frames and seconds."""
    n_frames, last_s, next_s, width = 0, 0.0, 0.0, FlowSpec().width
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            n_frames += 1
            last_s = float(frame.pts * frame.time_base)
            if last_s >= next_s:
                plane = frame.planes[0]
                luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[
                    : frame.height, : frame.width
                ]
                small = min(width, frame.width)
                size = (small, round(frame.height * small / frame.width))
                cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
                next_s = last_s + 0.079
    return n_frames, last_s


def render(path: Path, width: int, height: int, seconds: int = 20) -> Path:
    """Write a clip of 25 frames a second: textured boxes on lanes, and noise."""
    rng = np.random.default_rng(0)
    ground = cv2.resize(rng.integers(60, 140, (90, 160), dtype=np.uint8), (width, height))
    boxes = [rng.integers(30, 255, (60, 110), dtype=np.uint8) for _ in range(12)]
    boxes = [cv2.GaussianBlur(box, (0, 0), 2) for box in boxes]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "23"}
        for i in range(25 * seconds):
            picture = ground.copy()
            for lane, box in enumerate(boxes):
                step = (3 + lane % 5) * (1 if lane % 2 else -1)
                x, y = (lane * 400 + step * i) % (width - 110), 20 + lane * 55
                picture[y : y + 60, x : x + 110] = box
            picture = cv2.add(picture, rng.integers(0, 5, picture.shape, dtype=np.uint8))
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def repeated(path: Path, n_repeats: int, folder: Path) -> Path:
    """Write the packets of a video several times behind each other."""
    long = folder / f"{path.stem}_x{n_repeats}.mp4"
    with av.open(str(long), "w") as target:
        stream, shift = None, 0
        for _ in range(n_repeats):
            with av.open(str(path)) as source:
                video = source.streams.video[0]
                stream = stream or target.add_stream_from_template(video)
                for packet in source.demux(video):
                    if packet.dts is None:
                        continue
                    packet.stream = stream
                    packet.pts += shift
                    packet.dts += shift
                    target.mux(packet)
                shift += video.duration
    return long


def print_peak(path: Path) -> None:
    """Extract a video in this process and print the most memory it took."""
    [table] = extract_documents(path)
    extracted = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    write_table(path.with_suffix(".h5"), table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table_mb = (table.word.nbytes + table.count.nbytes) / 2**20
    print(
        f"{path.name}: {table.n_times * table.bin_s:.0f} s of video: peak {extracted:.0f} MB, "
        f"{peak:.0f} MB with writing; the table itself is {table_mb:.1f} MB"
    )


if __name__ == "__main__":
    main()
