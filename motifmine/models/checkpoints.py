"""Checkpoints of trainings in torch: whole or absent, and of one specification, seed and table."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motifmine.errors import DataError
from motifmine.files import open_atomic
from motifmine.records.table import ObservationTable


def fingerprint_of(spec: Any, seed: int, table: ObservationTable) -> str:
    """Return a digest: a checkpoint of anything else would continue silently with wrong weights."""
    digest = hashlib.sha256(f"{json.dumps(asdict(spec))} {seed} {table.n_times}".encode())
    for array in (table.offsets, table.word, table.count):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def save_checkpoint(path: Path, fingerprint: str, state: Mapping[str, Any]) -> None:
    """Write everything that the rest of a training depends on.

    Parameters
    ----------
    path : Path
    fingerprint : str
        See `fingerprint_of`.
    state : mapping
        Tensors, numbers and texts by name, nested in dictionaries and lists.
    """
    with open_atomic(path, force=True) as part:
        torch.save({**state, "fingerprint": fingerprint}, part)


def load_checkpoint(path: Path, fingerprint: str) -> dict[str, Any]:
    """Return the state of a checkpoint.

    Raises
    ------
    DataError
        If the file is none, or of another run.
    """
    try:
        # weights_only: a pickle could run any code
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        found = state["fingerprint"]
    except Exception as error:
        raise DataError(
            f"{path} is not a checkpoint of motifmine ({error}); remove it or use another file"
        ) from error
    if found != fingerprint:
        raise DataError(
            f"the checkpoint {path} belongs to another specification, seed or table; "
            "remove it or use another file"
        )
    return state
