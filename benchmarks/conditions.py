"""What bad mounts and bad weather cost: F1 of one rendered scene, clean and disturbed.

    python benchmarks/conditions.py [--scene NAME] [--only NAMES] [--seed N] [--pictures FOLDER]

The scene is rendered once. Each condition is put on the same frames, encoded, extracted with cells
of 16 pixels and fitted with the right length and number: what is compared is the extraction. The
rows of a Markdown table are printed: F1 clean and disturbed, and what `extract` says.
`--pictures` writes a small picture of each condition.

Wanted: every condition within .05 of the clean scene, sway and drift within .03.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

from defaults import Series, run, score
from rendered_scenes import FRAME_RATE, SCENES, frames, passages_of, write_truth

Grey = NDArray[np.uint8]
Disturb = Callable[[Grey, float, np.random.Generator], Grey]
MARGIN_PX = 16
"""Kept free on all sides, so that a camera that moves still sees rendered ground."""
CLEAN = "clean"
CHEAP = ("--activity", "moving", "--restarts", "2", "--iterations", "80")
"""Options of the fits, which take a quarter of a minute each."""


def shifted(picture: Grey, right: float, down: float, degrees: float = 0.0) -> Grey:
    """Return what a camera sees that has moved, of the inner part of a picture."""
    height, width = (side - 2 * MARGIN_PX for side in picture.shape)
    centre = (width - 1) / 2, (height - 1) / 2
    matrix = cv2.getRotationMatrix2D(centre, degrees, 1.0)
    matrix[:, 2] += (MARGIN_PX + right, MARGIN_PX + down)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(picture, matrix, (width, height), flags=flags)
    return np.asarray(seen, dtype=np.uint8)


def inner(picture: Grey) -> Grey:
    """Return what a camera sees that stands still."""
    return np.ascontiguousarray(picture[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX])


def to_grey(values: NDArray[Any]) -> Grey:
    return np.clip(values, 0, 255).astype(np.uint8)


def sway(amplitude_px: float, hertz: float) -> Disturb:
    """Return a pole in the wind."""

    def disturb(picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
        phase = 2 * np.pi * hertz * time_s
        return shifted(
            picture,
            amplitude_px * np.sin(phase),
            0.4 * amplitude_px * np.sin(1.3 * phase),
            0.1 * amplitude_px * np.sin(0.9 * phase),
        )

    return disturb


def drift(picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
    """Move like a mount that gives way: 30 px in two minutes."""
    return shifted(picture, min(15.0, -15 + 0.25 * time_s), 0.0)


def lamp(picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
    """Switch a lamp on and off every seven seconds, with lightning every eleventh."""
    gain = 1.35 if int(time_s / 7) % 2 else 1.0
    gain *= 1.8 if time_s % 11 < 1 / FRAME_RATE else 1.0
    return to_grey(inner(picture) * gain)


def clouds(picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
    """Cast shadows of clouds with soft edges, which pass in half a minute."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    wave = np.sin((x + 0.4 * y) / 55 - time_s / 5) + np.sin((y - 0.3 * x) / 70 + time_s / 7)
    return to_grey(inner((picture * (1 - 0.22 / (1 + np.exp(-4 * wave)))).astype(np.uint8)))


def rain(picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
    """Draw streaks that fall everywhere, each seen in one frame."""
    seen = inner(picture)
    layer = np.zeros_like(seen)
    for _ in range(60):
        x, y = int(rng.integers(seen.shape[1])), int(rng.integers(-20, seen.shape[0]))
        length = int(rng.integers(8, 22))
        cv2.line(layer, (x, y), (x + 2, y + length), int(rng.integers(15, 45)), 1, cv2.LINE_AA)
    return cv2.add(seen, layer)


class Snow:
    """Flakes that sink and are blown to the right."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self.at = rng.uniform(0, 1, (140, 2)) * (400, 340)
        self.speed = np.column_stack([rng.uniform(10, 40, 140), rng.uniform(40, 110, 140)])
        self.size = rng.integers(1, 3, 140)

    def __call__(self, picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
        """Draw the flakes of a moment."""
        seen = inner(picture)
        for (x, y), size in zip(
            (self.at + self.speed * time_s) % (400, 340), self.size, strict=True
        ):
            cv2.circle(seen, (int(x) - 30, int(y) - 30), int(size), 225, -1, cv2.LINE_AA)
        return seen


def night(picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
    """Leave little light, and add much noise of the sensor."""
    seen = inner(picture) * 0.45
    return to_grey(seen + rng.normal(0, 5, seen.shape).astype(np.float32))


def clock(picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
    """Burn in a clock and a name."""
    seen = inner(picture)
    whole = int(time_s) + 8 * 3600 + 17 * 60 + 42
    text = f"2026-03-14 {whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    for colour, thickness in ((0, 3), (255, 1)):
        place = (8, 18)
        cv2.putText(
            seen, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, thickness, cv2.LINE_AA
        )
        cv2.putText(seen, "CAM 3", (262, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thickness)
    return seen


def still(picture: Grey, time_s: float, rng: np.random.Generator) -> Grey:
    """Change nothing."""
    return inner(picture)


GOOD = {"preset": "veryfast", "crf": "21", "g": "250"}
CONDITIONS: dict[str, tuple[Disturb, dict[str, str]]] = {
    CLEAN: (still, GOOD),
    "sway 1 px, 2 Hz": (sway(1, 2.0), GOOD),
    "sway 2 px, 0.5 Hz": (sway(2, 0.5), GOOD),
    "sway 6 px, 0.1 Hz": (sway(6, 0.1), GOOD),
    "sway 6 px, 0.5 Hz": (sway(6, 0.5), GOOD),
    "drift 30 px": (drift, GOOD),
    "lamp and lightning": (lamp, GOOD),
    "clouds": (clouds, GOOD),
    "rain": (rain, GOOD),
    "snow": (Snow(), GOOD),
    "pulses at key frames": (still, {"preset": "veryfast", "crf": "34", "g": "25", "bf": "0"}),
    "night": (night, GOOD),
    "burnt-in clock": (clock, GOOD),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scene", choices=sorted(SCENES), default="across-3")
    parser.add_argument("--only", help="conditions, with semicolons between; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each condition")
    arguments = parser.parse_args()
    names = [CLEAN, *arguments.only.split(";")] if arguments.only else list(CONDITIONS)
    scene = SCENES[arguments.scene]
    rng = np.random.default_rng(arguments.seed)
    passages = passages_of(scene, rng)
    rendered = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in frames(scene, passages, rng)]
    clean = 0.0
    print("| condition | F1 | difference | motifs | occurrences | what extract says |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        truth = Path(scratch) / "truth.csv"
        rows = [
            ("film", each.route.label, f"{each.start_s:.2f}", f"{each.end_s:.2f}")
            for each in passages
        ]
        write_truth(truth, rows)
        for number, name in enumerate(names):
            disturb, coding = CONDITIONS[name]
            workspace = Path(scratch) / f"work-{number}"
            path = write_film(Path(scratch) / str(number), rendered, disturb, coding)
            said = run(workspace, "extract", "--cell", "16", str(path))
            size = ("--motifs", str(len(scene.routes)), "--motif-length", scene.length)
            run(workspace, "fit", "--model", "plsm", "--name", "fit", *size, *CHEAP)
            series = Series(
                name="film",
                file="",
                truth="",
                length=scene.length,
                n_motifs=len(scene.routes),
                tolerance=scene.tolerance,
            )
            f1, n_motifs, n_occurrences = score(series, workspace, truth)
            clean = f1 if name == CLEAN else clean
            words = said.strip().splitlines()[0].split(" frames, ")[-1]
            facts = (name, f"{f1:.3f}", f"{f1 - clean:+.3f}", n_motifs, n_occurrences, words)
            print("| " + " | ".join(map(str, facts)) + " |", flush=True)
            if arguments.pictures is not None:
                write_picture(arguments.pictures / f"condition-{number:02d}.jpg", path)


def write_film(
    folder: Path, rendered: list[Grey], disturb: Disturb, coding: dict[str, str]
) -> Path:
    """Encode the frames under a condition."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    path = folder / "film.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FRAME_RATE, options=coding)
        stream.pix_fmt = "yuv420p"
        for index, picture in enumerate(rendered):
            seen = disturb(picture, index / FRAME_RATE, rng)
            if index == 0:
                stream.height, stream.width = seen.shape
            frame = av.VideoFrame.from_ndarray(seen, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FRAME_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_picture(place: Path, film: Path) -> None:
    """Write two small frames of a film next to each other, a quarter of a second apart."""
    with av.open(str(film)) as container:
        seen = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)][800:820:6]
    small = [cv2.resize(each, (160, 128), interpolation=cv2.INTER_AREA) for each in seen[:2]]
    place.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(place), np.hstack(small), [cv2.IMWRITE_JPEG_QUALITY, 70])


if __name__ == "__main__":
    main()
