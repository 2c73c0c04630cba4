"""Activations of one document, as the file of a fit holds them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from motifmine.records.fields import axes
from motifmine.records.fit import Activations
from motifmine.types import Floats32, Indices32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DocumentActivations:
    """Expected observations of each motif at each start time of one document, sparse."""

    start: Indices32 = field(
        metadata=axes("activation", "bins", rule="start of a motif that reaches the document")
    )
    """Bin of relative time 0; negative where a motif begins before the document."""
    motif: Indices32 = field(metadata=axes("activation", rule="index of motif"))
    mass: Floats32 = field(metadata=axes("activation", "observations", rule="0 or more"))
    """Observations explained."""
    tempo: Indices32 | None = field(
        default=None, metadata=axes("activation", rule="index of tempo")
    )
    """Index among `/motifs/tempos`; None where all motifs have one tempo."""


def split_activations(activations: Activations) -> Iterator[DocumentActivations]:
    """Yield the activations of each document; arrays are shared."""
    for begin, end in zip(activations.offsets[:-1], activations.offsets[1:], strict=True):
        tempo = activations.tempo
        yield DocumentActivations(
            start=activations.start[begin:end],
            motif=activations.motif[begin:end],
            mass=activations.mass[begin:end],
            tempo=None if tempo is None else tempo[begin:end],
        )


def join_activations(parts: Sequence[DocumentActivations]) -> Activations:
    """Return the activations of some documents together."""
    if not parts:
        return Activations.none()
    tempos = [part.tempo for part in parts if part.tempo is not None]
    return Activations(
        offsets=np.cumsum([0, *(len(part.start) for part in parts)]).astype(np.int64),
        start=np.concatenate([part.start for part in parts]),
        motif=np.concatenate([part.motif for part in parts]),
        mass=np.concatenate([part.mass for part in parts]),
        tempo=np.concatenate(tempos) if len(tempos) == len(parts) else None,
    )
