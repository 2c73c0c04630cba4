"""How arrays lie in memory for a pass."""

import math

import numpy as np

from motifmine.models.plsm.kernels.rows import LANES
from motifmine.types import Floats32


def stride(n_motifs: int, motif_length: int) -> int:
    """Return L * K rounded up to whole vector registers."""
    return -(-n_motifs * motif_length // LANES) * LANES


def aligned(shape: int | tuple[int, ...]) -> Floats32:
    """Return float32 zeros that begin on a cache line."""
    n = 4 * (shape if isinstance(shape, int) else math.prod(shape))
    raw = np.zeros(n + 64, np.uint8)
    skip = -raw.ctypes.data % 64
    return raw[skip : skip + n].view(np.float32).reshape(shape)
