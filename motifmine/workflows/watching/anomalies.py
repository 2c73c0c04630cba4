"""Anomalies as they happen: the last bins are measured as a document, again and again.

Windows of anomalies reach two motif lengths around a bin, so a bin is judged when these are over.
"""

from dataclasses import dataclass, field

import numpy as np

from motifmine.analysis.anomalies import (
    LEAST_SURPRISE,
    LOW_ACTIVITY_WINDOWS,
    calibrate_surprise,
    measure_documents,
)
from motifmine.errors import FormatError
from motifmine.models.registry import locate_motifs
from motifmine.records.anomalies import SENSES, usable_scale
from motifmine.records.fields import axes
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable, Recording, bin_starts
from motifmine.types import Floats32, Indices, Indices32

WINDOW = 8  # motif lengths that are measured at a time


@dataclass(slots=True, kw_only=True, eq=False)
class AnomalyState:
    """The last bins of a document, and the stretch that is going on."""

    n_bins: int = 0
    judged: int = 0
    """Bins that were judged."""
    offsets: Indices = field(metadata=axes("edge"))
    word: Indices32 = field(metadata=axes("observation"))
    count: Floats32 = field(metadata=axes("observation"))
    first: int = -1
    """First bin of the stretch, -1 where there is none."""
    surprise: float = 0.0
    """The highest in the stretch, and the sense that it has."""
    sense: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """An anomaly; bins count from the beginning of the document."""

    first: int
    end: int
    sense: str
    surprise: float


class AnomalyFollower:
    """Finds stretches of a growing document that the motifs explain badly.

    Parameters
    ----------
    record : FitRecord
        With a scale of anomalies.
    state : AnomalyState or None
        Where to go on.

    Raises
    ------
    FormatError
        When the fit has no scale.
    """

    def __init__(self, record: FitRecord, state: AnomalyState | None = None) -> None:
        scale = usable_scale(record.anomalies)
        if scale is None:
            raise FormatError("the fit has no scale of anomalies; fit again")
        self.record, self.scale = record, scale
        self.length = record.motifs.motif_length
        self.margin = int(max(LOW_ACTIVITY_WINDOWS) * self.length / 2)
        self.state = self.first_state() if state is None else state

    @staticmethod
    def first_state() -> AnomalyState:
        """Return the state before a document."""
        return AnomalyState(
            offsets=np.zeros(1, dtype=np.int64),
            word=np.zeros(0, dtype=np.int32),
            count=np.zeros(0, dtype=np.float32),
        )

    def step(self, word: Indices32, count: Floats32) -> list[Stretch]:
        """Take a bin, counts prepared, and return the stretches that have ended."""
        state = self.state
        state.word = np.concatenate([state.word, word])
        state.count = np.concatenate([state.count, count])
        state.offsets = np.append(state.offsets, len(state.word))
        state.n_bins += 1
        if state.n_bins < state.judged + self.margin + self.length:
            return []
        found = self._judge(state.n_bins - self.margin)
        gone = len(state.offsets) - 1 - (WINDOW - 1) * self.length
        if gone > 0:
            at = state.offsets[gone]
            state.word, state.count = state.word[at:], state.count[at:]
            state.offsets = state.offsets[gone:] - at
        return found

    def finish(self) -> list[Stretch]:
        """Return the stretches of the rest of a document, which has ended."""
        found = self._judge(self.state.n_bins)
        if self.state.first >= 0:
            found.append(self._close(self.state.n_bins))
        self.state = self.first_state()
        return found

    def _judge(self, end: int) -> list[Stretch]:
        """Judge bins up to `end`, and return the stretches that end before it."""
        state = self.state
        n_bins = len(state.offsets) - 1
        if not len(state.word) or end <= state.judged:
            return []
        table = ObservationTable(
            offsets=state.offsets,
            word=state.word,
            count=state.count,
            recordings=(Recording(name="last bins", bin_start_s=bin_starts(n_bins, 1.0)),),
            vocabulary=self.record.vocabulary,
            bin_s=self.record.bin_s,
        )
        located = locate_motifs(self.record, table)
        measures = measure_documents(
            table, self.record.motifs, located.background, located.activations
        )
        value = calibrate_surprise(measures[0], self.scale).value
        found = []
        # motifs that began in bins that are judged already explain later ones: all were located
        for bin_ in range(state.judged, end):
            column = value[:, bin_ - (state.n_bins - n_bins)]
            if column.max() >= LEAST_SURPRISE:
                state.first = bin_ if state.first < 0 else state.first
                if column.max() > state.surprise:
                    state.surprise, state.sense = float(column.max()), int(column.argmax())
            elif state.first >= 0:
                found.append(self._close(bin_))
        state.judged = end
        return found

    def _close(self, end: int) -> Stretch:
        state = self.state
        stretch = Stretch(
            first=state.first, end=end, sense=SENSES[state.sense], surprise=state.surprise
        )
        state.first, state.surprise = -1, 0.0
        return stretch
