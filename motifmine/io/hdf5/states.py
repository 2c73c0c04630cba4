"""States of running commands: a few records in one file, from which a later run goes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motifmine.io.hdf5.reader import Reader
from motifmine.io.hdf5.records import read_optional_record, write_record
from motifmine.io.hdf5.writing import open_new
from motifmine.version import __version__

STATE_FORMAT = "motifmine.state/1"


def write_states(path: Path, records: Mapping[str, Any]) -> None:
    """Write records as a `motifmine.state/1` file, atomically; an older one is replaced."""
    with open_new(path, force=True) as file:
        file.attrs.update(format=STATE_FORMAT, motifmine_version=__version__)
        for name, record in records.items():
            write_record(file, name, record)


def read_states(path: Path, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Return the records of a `motifmine.state/1` file, None for those that it lacks.

    Raises `FormatError` when the file is missing, damaged, or not such a state.
    """
    with Reader(path, STATE_FORMAT) as reader:
        return {name: read_optional_record(reader, name, kind) for name, kind in kinds.items()}
