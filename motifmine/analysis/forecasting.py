"""What comes next, by the motifs or states of a fit, and how well it is predicted.

A prediction is the expected observations of the next bins by word. It is scored on documents that
were not learned from, in nats per observation: the logarithm of the probability that the words of a
bin, `horizon` bins ahead, have in the prediction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from motifmine.analysis.filtering import MotifFilter
from motifmine.errors import DataError
from motifmine.models.registry import part_of
from motifmine.records.fit import FitRecord
from motifmine.records.forecast import ForecastScores
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices32

# share of the words' frequencies in every prediction: what was never seen there stays possible
FLOOR = 0.005
PERSISTENCE = 0.2  # share of the last bin's words in the prediction that they persist


class Predictor(Protocol):
    """What follows a document bin by bin, and is scored."""

    def reset(self) -> None:
        """Begin another document."""

    def step(self, word: Indices32, count: Floats | Floats32) -> None:
        """Take the observations of the next bin."""

    def predict(self, n_bins: int) -> Floats:
        """Return the expected observations of the next bins by word, (n_bins, W)."""


class Forecaster(Predictor, Protocol):
    """What follows a document by the motifs or states of a fit, see `MotifFilter`."""

    def going_on(self, n_bins: int) -> Floats:
        """Return the probability that motifs go on in the next bins, (n_bins, K)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecast:
    """What is expected after the end of a recording."""

    record: FitRecord
    recording: str
    end_s: float
    """When the recording ends, seconds of it."""
    expected: Floats
    """Observations by bin and word, float64 array (n_bins, W)."""
    going_on: Floats
    """Probability of the motifs in every bin, float64 array (n_bins, K)."""


class Persistence:
    """The baseline that the last words go on, or, with a share of 0, that words are as usual.

    Parameters
    ----------
    usual : float64 array (W,)
        Frequencies of the words, a sum of 1.
    share : float
        Of the last bin's words.
    """

    def __init__(self, usual: Floats, share: float) -> None:
        self.usual, self.share = usual, share
        self.reset()

    def reset(self) -> None:
        """Begin another document."""
        self.last = self.usual

    def step(self, word: Indices32, count: Floats | Floats32) -> None:
        """Take the observations of the next bin; an empty one changes nothing."""
        if len(word):
            self.last = np.bincount(word, count, minlength=len(self.usual)) / count.sum()

    def predict(self, n_bins: int) -> Floats:
        """Return the same for all bins, (n_bins, W)."""
        mixed = self.share * self.last + (1 - self.share) * self.usual
        return np.tile(mixed, (n_bins, 1))


def make_forecaster(record: FitRecord) -> Forecaster:
    """Return what predicts by a fit: the filter over its motifs, or that of its model.

    Raises
    ------
    DataError
        When the fit has neither motifs nor a filter of its own.
    """
    own = part_of(record.provenance.model, "forecaster")
    if own is not None:
        found: Forecaster = own(record)
        return found
    if not len(record.motifs):
        raise DataError("the fit has no motifs; there is nothing to forecast by")
    return MotifFilter.of_record(record)


def usual_words(record: FitRecord) -> Floats:
    """Return the frequencies of words that a fit has learned, float64 array (W,), a sum of 1."""
    words = record.background.probability.astype(np.float64) * record.background.weight
    if len(record.motifs):
        by_motif = record.motifs.probability.sum(axis=1, dtype=np.float64)
        words = words + record.motifs.weight @ by_motif
    words += 1e-3 / len(words)
    usual: Floats = words / words.sum()
    return usual


def score_forecasts(
    table: ObservationTable,
    forecasters: Mapping[str, Predictor],
    usual: Floats,
    horizons: tuple[int, ...] = (1,),
) -> ForecastScores:
    """Return how well forecasters predict documents that they have not learned from.

    Parameters
    ----------
    table : ObservationTable
        Prepared as for the fits.
    forecasters : mapping of str to Predictor
    usual : float64 array (W,)
        Frequencies of the words, a sum of 1.
    horizons : tuple of int
        Bins ahead.

    Raises
    ------
    DataError
        When the table is of another vocabulary, or holds no observations.
    """
    if table.n_words != len(usual):
        raise DataError(
            f"the table has {table.n_words} words but the fit {len(usual)}; it was not made with "
            "the vocabulary of the fit"
        )
    everyone: dict[str, Predictor] = {
        **forecasters,
        "persistence": Persistence(usual, PERSISTENCE),
        "marginal": Persistence(usual, 0.0),
    }
    nats = {name: np.zeros(len(horizons)) for name in everyone}
    seen = np.zeros(len(horizons))
    edges = table.document_offsets
    for begin, end in pairwise(edges.tolist()):
        for forecaster in everyone.values():
            forecaster.reset()
        for row in range(begin, end):
            for name, forecaster in everyone.items():
                rates = forecaster.predict(max(horizons))
                for number, horizon in enumerate(horizons):
                    if row + horizon <= end:
                        part = _bin(table, row + horizon - 1)
                        nats[name][number] += _log_probability(rates[horizon - 1], usual, part)
            for number, horizon in enumerate(horizons):
                if row + horizon <= end:
                    seen[number] += table.count[_bin(table, row + horizon - 1)[2]].sum()
            word, count, _ = _bin(table, row)
            for forecaster in everyone.values():
                forecaster.step(word, count)
    if not seen[0]:
        raise DataError("the table holds no observations; there is nothing to predict")
    return ForecastScores(
        predictors=tuple(nats),
        horizons=np.array(horizons),
        nats=np.array(list(nats.values())) / np.maximum(seen, 1e-9),
        n_observations=float(seen[0]),
        recordings=tuple(recording.name for recording in table.recordings),
    )


def _bin(table: ObservationTable, row: int) -> tuple[Indices32, Floats32, slice]:
    """Return words and counts of a time bin, and where they are."""
    part = slice(int(table.offsets[row]), int(table.offsets[row + 1]))
    return table.word[part], table.count[part], part


def _log_probability(
    rates: Floats, usual: Floats, part: tuple[Indices32, Floats32, slice]
) -> float:
    word, count, _ = part
    if not len(word):
        return 0.0
    probability = (1 - FLOOR) * rates[word] / rates.sum() + FLOOR * usual[word]
    return float(count @ np.log(probability))
