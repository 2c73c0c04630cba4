"""How far the motifs of a fit recur in data they were not learned from, and what chance gives."""

from dataclasses import dataclass, field

import numpy as np

from motifmine.errors import DataError
from motifmine.records.fields import axes
from motifmine.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreTable:
    """What occurrences of at least some scores are worth: step functions of the score.

    The probability of being false is of just a score, and interpolated between those of the table.

    Raises `DataError` when the arrays contradict each other.
    """

    score: Floats = field(metadata=axes("threshold", "nats"))
    """Scores in nats, ascending, float64 array (P,)."""
    false_share: Floats = field(metadata=axes("threshold"))
    """Expected share of false ones among all occurrences of at least this score (the q-value: the
    smallest share over all lower thresholds), float64 array (P,)."""
    false_probability: Floats = field(metadata=axes("threshold"))
    """Probability that an occurrence of just this score is false (local false discovery rate),
    float64 array (P,)."""
    false_per_hour: Floats = field(metadata=axes("threshold", "1/h"))
    """False occurrences of at least this score that are expected in an hour, all motifs together,
    float64 array (P,)."""

    n_found: Floats | None = field(default=None, metadata=axes("threshold"))
    """Candidates of motifs from each score up to the next, float64 array (P,); None in fits of
    older versions."""
    n_decoys: Floats | None = field(default=None, metadata=axes("threshold"))
    """The same of decoys, each as the part of a false occurrence that it counts."""

    def __post_init__(self) -> None:
        columns = (self.false_share, self.false_probability, self.false_per_hour)
        counts = [values for values in (self.n_found, self.n_decoys) if values is not None]
        lengths = {len(values) for values in (*columns, *counts)}
        if lengths != {len(self.score)}:
            raise DataError(f"{len(self.score)} scores but columns of {sorted(lengths)}")
        if np.any(np.diff(self.score) <= 0):
            raise DataError("the scores of a score table must ascend")

    def __len__(self) -> int:
        return len(self.score)

    def look_up(self, column: str, score: Floats) -> Floats:
        """Return the values of a column at some scores; below the lowest all are false."""
        values: Floats = getattr(self, column)
        # without candidates nothing is known to be true
        if len(values) == 0:
            return np.full(len(score), np.inf if column == "false_per_hour" else 1.0)
        if column == "false_probability":
            return np.interp(score, self.score, values, left=1.0)
        at = np.searchsorted(self.score, score, side="right") - 1
        worst = np.inf if column == "false_per_hour" else 1.0
        return np.where(at < 0, worst, values[np.maximum(at, 0)])

    def lowest_score(self, column: str, most: float) -> float:
        """Return the lowest score whose column is at most `most`; infinity when there is none."""
        # scores ascend, so the first that is good enough is the lowest
        good = np.flatnonzero(getattr(self, column) <= most)
        return float(self.score[good[0]]) if len(good) else np.inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Significance:
    """Result of the cross-fitted competition of motifs with decoys.

    Raises `DataError` when the arrays contradict each other.
    """

    p_value: Floats = field(metadata=axes("motif"))
    """Probability that chance gives as much evidence for the motif in data it was not learned from,
    NaN where it could not be tested (too short, or a time limit), float64 array (K,)."""
    recurring_share: Floats = field(metadata=axes("motif"))
    """Share of the observations that the motif explained there, which its occurrences hold, float64
    array (K,)."""
    scores: ScoreTable = field(metadata={"name": "scores"})
    """What scores are worth: those of motifs less what they owe to the stretch that is searched."""
    n_unreplicated: int
    """Motifs of the fit that are not reported because they do not recur."""
    n_candidates: int
    """Occurrences of the reported motifs that are more likely true than false."""
    n_decoys: int
    """Decoys of every motif at most: of those that are alike one competes."""
    piece_bins: int
    """Length of the longest pieces that starts are inferred in, time bins."""
    seed: int
    """Of the decoys."""
    scores_elsewhere: ScoreTable | None = field(default=None, metadata={"name": "scores_elsewhere"})
    """What scores are worth in other documents, of fits of older versions: their `scores` are means
    of two scores. None: `scores` holds there, too."""
    n_companions: int | None = None
    """Motifs that are not reported because they are parts of others, with which they occur; None
    where there are none."""
    n_undirected: int | None = None
    """Those of the motifs that do not recur whose order in time only its direction can show, for
    nearly all of each is one word; None where there are none."""
    n_untested: int | None = None
    """Motifs that are not reported because the recordings are too short to test them; None where
    there are none."""

    @property
    def scores_of_others(self) -> ScoreTable:
        """What scores are worth in documents that the motifs were not learned from."""
        return self.scores if self.scores_elsewhere is None else self.scores_elsewhere

    def __post_init__(self) -> None:
        if len(self.p_value) != len(self.recurring_share):
            raise DataError(
                f"{len(self.p_value)} p-values but {len(self.recurring_share)} recurring shares"
            )
