"""The encoder of the auto-encoder, which a fit stores to locate motifs in new documents."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from motifmine.records.fields import axes
from motifmine.records.fit import FitRecord
from motifmine.records.model_state import restore_state
from motifmine.types import Floats, Floats32

# local inhibition: a Gaussian with a standard deviation of one bin, at -2 .. 2
TAPS = (0.05399, 0.24197, 0.39894, 0.24197, 0.05399)
# start times of a window in addition to those that reach its core, on each side: those that the
# blur of the others needs
SPARE = len(TAPS) // 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoder:
    """Parameters for encoding new documents."""

    group: ClassVar[str] = "encoder"
    """Group in the file of a fit."""
    filters: Floats32 = field(metadata=axes("motif, relative_time, word"))
    """(K, L, W), in the order of the motifs."""
    bias: Floats32 = field(metadata=axes("motif"))
    """(K,)."""
    inhibition: float
    """Weight of the blurred copy that is subtracted from the activations."""
    threshold: float
    """Lower activations are set to 0; determined on the documents of the fit."""
    scale: float
    """Divisor of the counts before they are encoded."""


def response_of_record(record: FitRecord) -> Floats | None:
    """Return what an observation adds to the activation of a start, by its place and word.

    It is the gradient of the encoder where the start and its neighbours are active.

    Returns
    -------
    float64 array (K, L + 2 * SPARE, W)
        From `SPARE` bins before the start; None: the fit has no encoder.
    """
    if record.model_state is None:
        return None
    encoder = restore_state(Encoder, record.model_state)
    around = np.pad(encoder.filters.astype(np.float64), ((0, 0), (2 * SPARE, 2 * SPARE), (0, 0)))
    length = encoder.filters.shape[1] + 2 * SPARE
    response = around[:, SPARE : SPARE + length].copy()
    for by, tap in enumerate(TAPS):
        response -= encoder.inhibition * tap * around[:, by : by + length]
    return response
