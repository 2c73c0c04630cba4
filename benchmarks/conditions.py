"""What bad mounts and bad weather cost: F1 of one rendered scene, clean and disturbed.

    python benchmarks/conditions.py [--scene NAME] [--only NAMES] [--seed N] [--fit]

The scene is rendered once. Each condition is put on the same frames, encoded and extracted. What is
compared is the extraction: the motifs are the means of the passages in the clean film, starts are
inferred in each film with these motifs, and the best threshold is taken in each, for a fit learns
how many observations a passage has. `--fit` also fits each film, with the right length and number,
which takes minutes; every occurrence that is reported counts. A Markdown table is printed.

Wanted: every condition within .05 of the clean scene, sway and drift within .03.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

from defaults import Series, run, score
from rendered_scenes import (
    FRAME_RATE,
    SCENES,
    Passage,
    Scene,
    frames,
    ground_of,
    passages_of,
    write_truth,
)

from motifmine.features.video.extract import extract_documents
from motifmine.io.hdf5 import store
from motifmine.records.table import ObservationTable
from motifmine.workflows.workspace import Workspace

Grey = NDArray[np.uint8]
Disturb = Callable[[Grey, float, np.random.Generator], Grey]
MARGIN_PX = 16
"""Kept free on all sides, so that a camera that moves still sees rendered ground."""
CLEAN = "clean"
TOLERANCE_S = 0.5


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
    """Move like a mount that gives way: 30 px in a minute."""
    return shifted(picture, min(15.0, -15 + 0.5 * time_s), 0.0)


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
    parser.add_argument("--fit", action="store_true", help="also fit each film")
    arguments = parser.parse_args()
    names = [CLEAN, *arguments.only.split(";")] if arguments.only else list(CONDITIONS)
    scene = SCENES[arguments.scene]
    rng = np.random.default_rng(arguments.seed)
    passages = passages_of(scene, rng)
    ground = ground_of(scene.camera, rng)
    rendered = [
        cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in frames(scene, ground, passages, rng)
    ]
    measures: list[TrueMotifs | Fits] = [TrueMotifs(scene, passages)]
    if arguments.fit:
        measures.append(Fits(scene, passages))
    columns = ["F1", "difference", "F1 of a fit", "difference"][: 2 * len(measures)]
    print(" | ".join(["| condition", *columns, "what extract says |"]))
    print("|---" * (len(columns) + 2) + "|")
    clean: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, name in enumerate(names):
            path = write_film(Path(scratch) / str(number), rendered, *CONDITIONS[name])
            [table] = extract_documents(path)
            scores = [measure(table, path.parent) for measure in measures]
            # the clean film comes first
            clean = clean or scores
            cells = [f"{f1:.3f} | {f1 - of:+.3f}" for f1, of in zip(scores, clean, strict=True)]
            print(f"| {name} | {' | '.join(cells)} | {table.recordings[0].notes} |", flush=True)


class TrueMotifs:
    """F1 of starts that are inferred with the motifs of the clean film, which comes first."""

    def __init__(self, scene: Scene, passages: Sequence[Passage]) -> None:
        self.labels = [route.label for route in scene.routes]
        self.starts_s = [
            np.array([each.start_s for each in passages if each.route.label == label])
            for label in self.labels
        ]
        self.length_s = float(scene.length.removesuffix("s"))
        self.motifs: NDArray[np.float64] | None = None

    def __call__(self, table: ObservationTable, folder: Path) -> float:
        """Return F1 of a film."""
        counts = np.sqrt(table.dense())
        if self.motifs is None:
            self.motifs = self._average(counts, table.bin_s)
        starts = self._infer(counts)
        return max(self._score(starts, table.bin_s, each) for each in np.arange(0.1, 0.9, 0.05))

    def _average(self, counts: NDArray[np.float64], bin_s: float) -> NDArray[np.float64]:
        """Return the mean of the passages of each route, array (motif, relative time, word)."""
        length = round(self.length_s / bin_s) + 1
        motifs = []
        for starts_s in self.starts_s:
            firsts = np.round(starts_s / bin_s).astype(int)
            inside = firsts[(firsts >= 0) & (firsts + length <= counts.shape[1])]
            motifs.append(np.mean([counts[:, f : f + length].T for f in inside], axis=0))
        return np.array(motifs)

    def _infer(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weight of every start, array (motif, time), by EM with fixed motifs."""
        assert self.motifs is not None
        # words that no motif has are explained by the background alone
        used = self.motifs.any(axis=(0, 1))
        counts, motifs = counts[used], self.motifs[:, :, used]
        n_motifs, length, _ = motifs.shape
        n_starts = counts.shape[1] - length + 1
        starts = np.full((n_motifs, n_starts), 0.1)
        background = np.full((len(counts), 1), max(0.02 * counts.mean(), 1e-6))
        total = motifs.sum(axis=(1, 2))[:, None]
        for _ in range(60):
            model = np.repeat(background, counts.shape[1], axis=1)
            for lag in range(length):
                model[:, lag : lag + n_starts] += motifs[:, lag].T @ starts
            ratio = counts / model
            gain = sum(motifs[:, lag] @ ratio[:, lag : lag + n_starts] for lag in range(length))
            background *= ratio.mean(axis=1, keepdims=True)
            background = np.maximum(background, 1e-9)
            starts *= gain / total
        return starts

    def _score(self, starts: NDArray[np.float64], bin_s: float, threshold: float) -> float:
        n_true = n_found = n_right = 0
        for weight, true_s in zip(starts, self.starts_s, strict=True):
            # a passage between two bins shares its weight between them
            near = weight + np.pad(weight, 1)[2:]
            at = [
                t
                for t in range(len(near))
                if near[t] >= threshold and near[t] == near[max(0, t - 2) : t + 3].max()
            ]
            found_s = [
                (t + weight[t + 1] / near[t] if t + 1 < len(weight) else t) * bin_s for t in at
            ]
            left = list(true_s)
            for each in found_s:
                nearest = min(left, key=lambda true, each=each: abs(true - each), default=np.inf)
                if abs(nearest - each) <= TOLERANCE_S:
                    left.remove(nearest)
                    n_right += 1
            n_true, n_found = n_true + len(true_s), n_found + len(found_s)
        return 2 * n_right / max(n_true + n_found, 1)


class Fits:
    """F1 of a fit to each film."""

    def __init__(self, scene: Scene, passages: Sequence[Passage]) -> None:
        self.scene = scene
        self.rows = [
            ("film", each.route.label, f"{each.start_s:.2f}", f"{each.end_s:.2f}")
            for each in passages
        ]

    def __call__(self, table: ObservationTable, folder: Path) -> float:
        """Return F1 of a film."""
        scene = self.scene
        write_truth(folder / "truth.csv", self.rows)
        workspace = Workspace(folder / "work")
        workspace.tables.mkdir(parents=True)
        store.write_table(workspace.table_path("film"), table)
        size = ("--motifs", str(len(scene.routes)), "--motif-length", scene.length)
        run(workspace.root, "fit", "--model", "plsm", "--name", "fit", *size)
        series = Series(
            name="film",
            file="",
            truth="",
            length=scene.length,
            n_motifs=len(scene.routes),
            tolerance=scene.tolerance,
        )
        return score(series, workspace.root, folder / "truth.csv")[0]


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


if __name__ == "__main__":
    main()
