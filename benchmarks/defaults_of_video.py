"""What giving no option costs: F1 of videos whose truth is known, beside other settings.

    python benchmarks/defaults_of_video.py [FOLDER ...] [--sets NAMES] [--seed N] [--grid]

FOLDERs hold real videos with `NAME_truth.csv` or `NAME_gt.json`; rendered scenes and the films of
`drawn_films.py` need none. Every set is fitted with no option, with the right length, and with the
right length and number; `--grid` adds the plain kind of motifs. A set `road-4-0.5-60` is a rendered
road of 4 lanes with 0.5 vehicles a second in each, 60 s. All occurrences count, one motif stands
for a path. The rows of a Markdown table are printed: F1 (motifs, CPU seconds) of each way, and the
regret of no option.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from defaults import Series, cpu_seconds, run, score, write_rows
from drawn_films import DRAWN
from rendered_scenes import SCENES, Scene, road, write_scene

REAL = {
    "boulevard": ("2s", 4, "500ms"),
    "traffic_overhead": ("4s", 4, "500ms"),
    "road_bend": ("3s", 1, "500ms"),
    "one_by_one_person": ("4s", 2, "1s"),
    "bottles": ("3s", 2, "1s"),
}
"""Length and number of the motifs, and tolerance, of real videos."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sets", help="names, with commas between; default: all")
    parser.add_argument("--seed", type=int, default=0, help="of the rendered scenes")
    parser.add_argument("--grid", action="store_true")
    arguments = parser.parse_args()
    names = arguments.sets.split(",") if arguments.sets else [*REAL, *SCENES, *DRAWN]
    others = ("plain, dense", "plain, sparse") * arguments.grid
    columns = ("set", "no option", "right length", "and number", *others, "regret")
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    with tempfile.TemporaryDirectory() as scratch:
        for dataset, workspace, truth in prepared(
            names, arguments.folders, Path(scratch), arguments.seed
        ):
            print(compare(dataset, workspace, truth, arguments.grid), flush=True)


def prepared(
    names: list[str], folders: list[Path], scratch: Path, seed: int
) -> Iterator[tuple[Series, Path, Path]]:
    """Yield each set with a workspace that has its tables, and its truth."""
    for name in names:
        workspace = scratch / f"work-{name}"
        if scene := SCENES.get(name) or parse_road(name):
            truth = write_scene(scene, scratch / name, seed)
            sources = sorted((scratch / name).glob("*.mp4"))
            length, n_motifs, tolerance = scene.length, len(scene.routes), scene.tolerance
        elif name in DRAWN:
            draw, length, n_motifs, tolerance = DRAWN[name]
            sources, truth = [scratch / f"{name}.mp4"], scratch / f"{name}.csv"
            write_rows(truth, draw(sources[0], np.random.default_rng(seed)))
        else:
            found = [folder for folder in folders if (folder / f"{name}.mp4").exists()]
            if not found:
                continue
            length, n_motifs, tolerance = REAL[name]
            truth = write_truth(name, found[0], scratch)
            sources = [found[0] / f"{name}.mp4"]
        run(workspace, "extract", *map(str, sources))
        yield (
            Series(
                name=name,
                file="",
                truth="",
                length=length,
                n_motifs=n_motifs,
                tolerance=tolerance,
            ),
            workspace,
            truth,
        )


def parse_road(name: str) -> Scene | None:
    """Return the road `road-LANES-RATE-SECONDS`, None for another name."""
    parts = name.split("-")
    if parts[0] != "road" or len(parts) != 4:
        return None
    return road(int(parts[1]), float(parts[2]), duration_s=float(parts[3]))


def write_truth(name: str, folder: Path, scratch: Path) -> Path:
    """Return a truth in the columns of `motifmine evaluate`."""
    path = scratch / f"{name}.csv"
    if (folder / f"{name}_truth.csv").exists():
        with (folder / f"{name}_truth.csv").open(newline="") as file:
            rows = [(name, row["label"], row["start_s"]) for row in csv.DictReader(file)]
    else:
        known = json.loads((folder / f"{name}_gt.json").read_text())
        events = {lane["name"]: lane["frames"] for lane in known.get("lanes", [])}
        events |= {
            label: [frame for _, frame in known[label]]
            for label in ("take", "put")
            if label in known
        }
        for key, label in (
            ("arrive_frames", "arrive"),
            ("leave_frames", "leave"),
            ("frames_px", "car"),
        ):
            events |= {label: known[key]} if key in known else {}
        rows = [
            (name, label, frame / known["fps"])
            for label, frames in events.items()
            for frame in frames
        ]
    write_rows(path, rows)
    return path


def compare(dataset: Series, workspace: Path, truth: Path, has_grid: bool) -> str:
    """Return a row of the table: F1, motifs and CPU seconds of every way to fit a set."""
    right = ["--motif-length", dataset.length]
    number = ["--motifs", str(dataset.n_motifs)]
    ways = [[], right, [*right, *number]]
    if has_grid:
        ways += [[*right, *number, "--activity", kind] for kind in ("dense", "sparse")]
    cells, scores = [], []
    for options in ways:
        before = cpu_seconds()
        run(workspace, "fit", "--model", "plsm", "--name", "fit", "--force", *options)
        spent = cpu_seconds() - before
        f1, n_motifs, _ = score(dataset, workspace, truth)
        cells.append(f"{f1:.2f} ({n_motifs} of {dataset.n_motifs}, {spent:.0f} s)")
        scores.append(f1)
    cells.append(f"{max(scores) - scores[0]:.2f}")
    return f"| {dataset.name} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
