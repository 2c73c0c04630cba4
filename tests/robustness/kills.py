"""Kill every command, let its disk fail, and look: `python -m tests.robustness.kills --kills 1000`.

After each the next command works, every file reads, nothing is left, and the same command gives
what it gives undisturbed. The same seed disturbs at the same changes of files.
"""

import argparse
import contextlib
import gc
import hashlib
import io
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
from click.testing import CliRunner

from motifmine.io.hdf5 import store
from motifmine.io.hdf5.nodes import list_datasets
from tests.golden.make import write_series
from tests.helpers.clips import moving_square, write_clip
from tests.helpers.commands import leftovers, load_command
from tests.helpers.faults import FAULTS, Blow, Disk, Ended, run_forked
from tests.helpers.paths import ROOT

EXTRACT = ("--bin", "600s", "--document", "24h", "--words", "rectified", "--force")
SMALL = ("--motifs", "2", "--motif-length", "20bins", "--name", "new", "--force")
COMMANDS: dict[str, tuple[str, ...]] = {
    "extract": ("extract", "plant.csv", *EXTRACT),
    "simulate": ("-w", "simulated", "simulate", "--motifs", "2", "--documents", "3", "--force"),
    "plsm": ("fit", "--model", "plsm", "--restarts", "1", "--rounds", "1", *SMALL),
    "stream": ("fit", "--model", "plsm", "--stream", *SMALL),
    "hmm": ("fit", "--model", "hmm", "--states", "2", "--name", "new", "--force"),
    "video": ("-w", "film", "extract", "square.mp4", "--cell", "16", "--static", "--force"),
    "clips": ("-w", "film", "clips", "plsm-001", "--sources", ".", "-o", "clips", "--force"),
    "name": ("name", "plsm-001", "1", "start"),
    "show-motifs": ("show-motifs", "plsm-001", "--force", "--time-zone", "Asia/Tokyo"),
    "occurrences": ("occurrences", "plsm-001", "--format", "csv", "-o", "o.csv", "--force"),
    "parquet": ("occurrences", "plsm-001", "--format", "parquet", "-o", "o.parquet", "--force"),
    "export": ("export", "plsm-001", "--format", "tdoc", "-o", "out/x", "--force"),
    "locate": ("locate", "plsm-001", "plant.csv", "--format", "csv", "-o", "l.csv", "--force"),
    "anomalies": ("anomalies", "plsm-001", "--format", "csv", "-o", "a.csv", "--force"),
    "forecast": ("forecast", "plsm-001", "--bins", "3"),
    "watch": ("watch", "plsm-001", "plant.csv", "--idle", "100ms", "--restart"),
    "phases": ("phases", "plsm-001", "--json"),
    "evaluate": ("evaluate", "plsm-001", "--truth", "truth.csv", "--picture", "c.png", "--force"),
    "compare": ("compare", "plsm-001", "topics"),
    "robustness": ("robustness", "plsm-001", "--format", "csv", "-o", "r.csv", "--force"),
    "convert": ("convert",),
    "config": ("config",),
    "doctor": ("doctor",),
    "plugins": ("plugins",),
    "info": ("info", "motifmine-work/fits/plsm-001.h5", "--json"),
}
IN_CHILDREN = ("extract", "video", "locate", "stream", "watch")
"""Commands with child processes; a fork server of the parent would serve them all."""
MODES = (
    "kill at a change",
    "kill the group",
    "kill the parent",
    "kill a child",
    "signal",
    "write fails",
    "no space",
)


class Scene:
    """A workspace that is copied for each disturbance, and what each command makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.whole = folder / "whole"
        self.temporary = folder / "t"
        self.temporary.mkdir()
        shutil.copytree(ROOT / "tests/golden/channels", self.whole / "motifmine-work")
        shutil.copytree(ROOT / "tests/golden/video", self.whole / "film")
        write_series(self.whole / "plant.csv")
        write_clip(self.whole / "square.mp4", moving_square(250, step=(4.0, 0.0)))
        (self.whole / "truth.csv").write_text("document,label,start_s\nplant+0001,a,3600\n")
        self._undisturbed: dict[str, tuple[dict[str, str], float, int]] = {}

    def copy(self) -> Path:
        """Return a fresh copy of the scene; there is one at a time."""
        place = self.folder / "c"
        shutil.rmtree(place, ignore_errors=True)
        return Path(shutil.copytree(self.whole, place))

    def undisturbed(self, what: str) -> tuple[dict[str, str], float, int]:
        """Return what a command leaves, the seconds it takes and its changes of files."""
        if what not in self._undisturbed:
            place = self.copy()
            ended, n_changes = run_forked(COMMANDS[what], place, self.temporary, Disk())
            assert ended.status == 0, ended.error
            self._undisturbed[what] = describe(place), ended.seconds, n_changes
        return self._undisturbed[what]

    def disturb(self, what: str, mode: str, rng: np.random.Generator) -> str:
        """Disturb a command once; return how it ended.

        Raises
        ------
        AssertionError
            When anything is lost or left.
        """
        expected, seconds, n_changes = self.undisturbed(what)
        place = self.copy()
        nth = int(rng.integers(1, n_changes + 1)) if n_changes else 0
        disk, blow = Disk(), None
        match mode.split():
            case ["kill", "at", _, _]:
                disk = Disk(nth=nth)
            case ["kill", _, whom]:
                blow = Blow(signal.SIGKILL, float(rng.uniform(0, seconds)), whom)
            case ["signal"]:
                number = int(rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
                blow = Blow(number, float(rng.uniform(0, seconds)))
            case ["write", _]:
                disk = Disk(nth=nth, fault=int(rng.choice(FAULTS)))
            case _:
                disk = Disk(n_bytes=int(10 ** rng.uniform(1, 5)))
        ended, _ = run_forked(COMMANDS[what], place, self.temporary, disk, blow)
        self._check_end(ended, mode, blow)
        again, _ = run_forked(("info", "--json"), place, self.temporary)
        assert again.status == 0, again.error
        read_all(place)
        work = place / "motifmine-work"
        assert leftovers(work) == [], leftovers(work)
        again, _ = run_forked(COMMANDS[what], place, self.temporary)
        assert again.status == 0, again.error
        assert leftovers(place) == [], leftovers(place)
        assert list(self.temporary.iterdir()) == [], list(self.temporary.iterdir())
        found = describe(place)
        assert found == expected, [
            k for k in {**found, **expected} if found.get(k) != expected.get(k)
        ]
        return "killed" if ended.status < 0 else f"status {ended.status}"

    def _check_end(self, ended: Ended, mode: str, blow: Blow | None) -> None:
        """Check the status and the messages of a command that was disturbed."""
        if mode == "signal" and blow:
            # -number: before the command listens to it
            assert ended.status in (0, 128 + blow.number, -blow.number), ended
        elif mode.startswith("kill") and mode != "kill a child":
            assert ended.status in (-signal.SIGKILL, 0), ended
        else:
            assert ended.status in (0, 1), ended
            assert "Traceback" not in ended.error, ended.error


def describe(folder: Path) -> dict[str, str]:
    """Return a digest of each file by its path, without the times that it took to make it."""
    return {
        str(path.relative_to(folder)): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _digest(path: Path) -> str:
    if path.suffix == ".html":
        return "a report" if path.stat().st_size > 1000 else "cut off"
    digest = hashlib.sha256()
    if path.suffix != ".h5":
        digest.update(path.read_bytes())
        return digest.hexdigest()
    with h5py.File(path, "r") as file:
        for name in sorted(set(file.attrs) - {"elapsed_s"}):
            digest.update(f"{name} {file.attrs[name]}".encode())
        for place, node in sorted(list_datasets(file), key=lambda found: found[0]):
            if place != "/trace/seconds":
                digest.update(place.encode() + np.ascontiguousarray(node[()]).tobytes())
    return digest.hexdigest()


def read_all(folder: Path) -> None:
    """Read every table and every fit."""
    for path in [*folder.glob("*/tables/*.h5"), *folder.glob("*/fits/*.h5")]:
        (store.read_fit if path.parent.name == "fits" else store.read_table)(path)


def warm_up(scene: Scene) -> None:
    """Import what the commands import and load their kernels, which forked processes then have."""
    with contextlib.chdir(scene.copy()), contextlib.redirect_stderr(io.StringIO()):
        for what, arguments in COMMANDS.items():
            if what not in IN_CHILDREN:
                CliRunner().invoke(load_command(), arguments, prog_name="motifmine")
    gc.collect()
    # pages that are not touched by the collector stay shared
    gc.freeze()


def disturbances(
    scene: Scene, n: int, seed: int, on_bad: Callable[[str], None]
) -> Iterator[tuple[str, str, str]]:
    """Disturb commands in turn; yield each command, the way, and how it ended."""
    rng = np.random.default_rng(seed)
    names = list(COMMANDS)
    for number in range(n):
        what = names[number % len(names)]
        mode = str(rng.choice([m for m in MODES if m != "kill a child" or what in IN_CHILDREN]))
        try:
            yield what, mode, scene.disturb(what, mode, rng)
        except AssertionError as wrong:
            on_bad(f"{number}: {what}, {mode}: {wrong}")
            shutil.rmtree(scene.temporary)
            scene.temporary.mkdir()
            yield what, mode, "wrong"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began, counts = time.monotonic(), Counter[str]()
    # short: the names of sockets in it have at most 107 characters
    with tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as folder:
        scene = Scene(Path(folder))
        warm_up(scene)
        # an interrupted run reports its counts, too
        with contextlib.suppress(KeyboardInterrupt):
            for what, mode, end in disturbances(scene, options.kills, options.seed, print):
                print(f"{what}, {mode}: {end}", flush=True)
                counts[f"{mode}: {end}"] += 1
    print("\n".join(f"{n:5d} {what}" for what, n in sorted(counts.items())))
    print(f"{counts.total()} disturbances, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
