"""Coder and critic of a fit as a record: layers that read starts and verdicts off counts."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motifmine.records.fields import axes
from motifmine.types import Floats32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coder:
    """Layers that locate motifs in new documents, as convolutions over time.

    Spectral norm is divided out: the weights are those that are applied.
    """

    first_weight: Floats32 = field(metadata=axes("unit, word, first_lag"))
    first_bias: Floats32 = field(metadata=axes("unit"))
    second_weight: Floats32 = field(metadata=axes("unit, input, second_lag"))
    second_bias: Floats32 = field(metadata=axes("unit"))
    third_weight: Floats32 = field(metadata=axes("unit, input, third_lag"))
    third_bias: Floats32 = field(metadata=axes("unit"))
    # one axis of motifs each: motifs that do not recur are removed from a fit after it
    odds_weight: Floats32 = field(metadata=axes("motif, unit, output_lag"))
    """Of the log-odds of a start of every motif."""
    odds_bias: Floats32 = field(metadata=axes("motif"))
    strength_weight: Floats32 = field(metadata=axes("motif, unit, output_lag"))
    """Of the log strength."""
    strength_bias: Floats32 = field(metadata=axes("motif"))
    mass: Floats32 = field(metadata=axes("motif", "observations"))
    """Expected observations of an occurrence of strength 1."""
    judge_weight: Floats32 | None = field(default=None, metadata=axes("unit, input, second_lag"))
    """Of the critic, whose first two layers are those of the coder; None: of older versions."""
    judge_bias: Floats32 | None = field(default=None, metadata=axes("unit"))
    verdict_weight: Floats32 | None = field(default=None, metadata=axes("unit"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Networks:
    """Generator and critic of a fit as a record."""

    parameters: Floats32 = field(metadata=axes("parameter"))
    """All of them one after the other."""
    names: tuple[str, ...] = field(metadata=axes("array"))
    shapes: tuple[str, ...] = field(metadata=axes("array"))
    """As in `64 75 3`."""
    is_used: NDArray[np.bool_] = field(metadata=axes("word"))
    """Words that the networks know, bool (W,)."""
    motif_length: int
