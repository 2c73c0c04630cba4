"""Cache of binned series between the survey and the extraction, so that sources are read once."""

import hashlib
import os
import shutil
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from motifmine.errors import MotifmineWarning
from motifmine.parallel.scratch import make_folder
from motifmine.records.series import BinnedSeries

WHOLE = "whole"  # marker file of a complete source


def cache_binned(
    parts: Iterable[BinnedSeries], spool: Path, source: Path
) -> Iterator[BinnedSeries]:
    """Yield the documents of a source, and write each to the cache."""
    folder = _folder(spool, source)
    # a survey that failed on a late row left its documents here, and the source is read again for
    # the message of the failure
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    for number, part in enumerate(parts):
        np.savez(
            folder / f"{number:08d}.npz",
            bin_start_s=part.bin_start_s,
            value=part.value,
            samples=part.samples,
            channels=np.array(part.channels, dtype=np.str_),
        )
        yield part
    (folder / WHOLE).touch()


@contextmanager
def forget_if_warned(spool: Path | None, source: Path) -> Iterator[None]:
    """Remove a source from the cache if reading it warns: it is read again for the warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MotifmineWarning)
        yield
    if caught and spool is not None:
        shutil.rmtree(_folder(spool, source), ignore_errors=True)


def is_cached(spool: Path | None, source: Path) -> bool:
    """Return whether a source is in the cache completely."""
    return spool is not None and (_folder(spool, source) / WHOLE).exists()


def read_cached(spool: Path, source: Path) -> Iterator[BinnedSeries]:
    """Yield the cached documents of a source in order, and remove each from the cache."""
    for path in sorted(_folder(spool, source).glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        channels = tuple(arrays.pop("channels").tolist())
        part = BinnedSeries(**arrays, channels=channels)
        # at once: the cache of a long recording would take its size twice
        path.unlink()
        yield part


def _folder(spool: Path, source: Path) -> Path:
    # paths may hold characters that names of folders cannot
    return spool / hashlib.sha256(os.fsencode(source.resolve())).hexdigest()[:24]
