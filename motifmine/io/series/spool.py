"""Binned series that wait between the survey of their source and its words, so it is read once."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import numpy as np

from motifmine.records.series import BinnedSeries

WHOLE = "whole"
"""The file that is there when all of a source waits."""


@contextmanager
def spool_folder(root: Path) -> Iterator[Path]:
    """Give the name of a folder in `root` and remove what came into it."""
    folder = root / f".binned-{uuid4().hex[:12]}"
    try:
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # the root was made for this folder and nothing else came
                root.rmdir()


def kept_aside(parts: Iterable[BinnedSeries], spool: Path, source: Path) -> Iterator[BinnedSeries]:
    """Yield the documents of a source, each written to the spool as it passes."""
    folder = _folder(spool, source)
    folder.mkdir(parents=True)
    for number, part in enumerate(parts):
        np.savez(
            folder / f"{number:08d}.npz",
            bin_start_s=part.bin_start_s,
            value=part.value,
            samples=part.samples,
        )
        yield part
    (folder / WHOLE).touch()


def has_kept(spool: Path | None, source: Path) -> bool:
    """Return whether all of a source waits in the spool."""
    return spool is not None and (_folder(spool, source) / WHOLE).exists()


def kept(spool: Path, source: Path) -> Iterator[BinnedSeries]:
    """Yield the documents of a source that waits in the spool, in order; they leave it."""
    for path in sorted(_folder(spool, source).glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            part = BinnedSeries(**{name: file[name] for name in file.files})
        path.unlink()
        yield part


def _folder(spool: Path, source: Path) -> Path:
    return spool / hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:24]
