"""The filter: which motifs are going on, from the bins so far, and what they lead to expect.

Motifs are held fixed. Motif k starts in a bin with the probability that the fit's occurrences give;
a start has an amplitude of gamma distribution, whose mean and spread are theirs. After every bin
the posterior of the starts that can reach it, whether there is one and how strong it is, is
estimated again by variational inference; what earlier starts owe to the bins still looked at is
kept as a rate. The work of a bin is the words of a motif's length times the starts that are alive.

The background is a mixture of three: the fit's words at a level that follows the data slowly, and
the words of the last bins, over a long and a short time. Their weights follow from how well each
of them has predicted the bins before, so that a background that drifts is followed where it does.

Notes
-----
Predictions are combined as by Herbster and Warmuth, Tracking the best expert, Machine Learning 32
(1998): weights are forgotten slowly, so that another background can take over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from motifmine.analysis.motif_index import LEAST_PROBABILITY, find_alike, index_words
from motifmine.analysis.occurrences import APART_BINS, APART_SHARE, FLOOR, SPREAD_BINS
from motifmine.kernels.filtering import (
    Observed,
    Prior,
    Starts,
    add_start_rates,
    reestimate_starts,
    score_starts,
)
from motifmine.records.fields import axes
from motifmine.records.fit import FitRecord, MotifSet
from motifmine.types import Floats, Floats32, Indices, Indices32

N_ITERATIONS = 2  # iterations after a bin; those after the next bins go on from there
# motif lengths over which the level of the fit's background, and the words of the drifting ones,
# are averaged
LENGTHS_OF_BACKGROUNDS = (20.0, 20.0, 2.0)
FIRST_WEIGHTS = np.array([0.8, 0.1, 0.1])  # weights of the backgrounds at the beginning


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StartPrior:
    """What is known of the amplitudes of starts before anything is seen, by motif."""

    share: Floats
    """Share of the time bins with a start, float64 array (K,)."""
    usual: Floats
    """Mean observations of an occurrence, float64 array (K,), > 0."""
    spread: Floats
    """Variance of the same in squared means, float64 array (K,)."""

    @property
    def odds(self) -> Floats:
        """Log-odds of a start, float64 array (K,)."""
        return np.log(self.share / (1 - self.share))

    @property
    def shape(self) -> Floats:
        """Shape of the gamma distribution of amplitudes, float64 array (K,)."""
        return 1 / self.spread

    @property
    def rate(self) -> Floats:
        """Its rate, float64 array (K,)."""
        return 1 / (self.spread * self.usual)

    @classmethod
    def of_record(cls, record: FitRecord) -> "StartPrior":
        """Return the prior that the occurrences of a fit give."""
        found, n_motifs = record.occurrences, len(record.motifs)
        n_bins = max(sum(recording.n_times for recording in record.recordings), 1)
        number = np.bincount(found.motif, minlength=n_motifs).astype(np.float64)
        total = np.bincount(found.motif, found.weight, minlength=n_motifs)
        squares = np.bincount(found.motif, np.square(found.weight), minlength=n_motifs)
        # a motif without an occurrence has the activations alone: one start, and its mass
        mass = np.bincount(record.activations.motif, record.activations.mass, minlength=n_motifs)
        total = np.where(number > 0, total, np.maximum(mass, 1.0))
        squares = np.where(number > 0, squares, np.square(total))
        number = np.maximum(number, 1.0)
        usual = np.maximum(total / number, 1e-3)
        return cls(
            share=np.minimum(number / n_bins, 0.5),
            usual=usual,
            # weights are counts, which vary by themselves
            spread=np.clip(squares / number / usual**2 - 1 - 1 / usual, 0.05, 2.0),
        )


@dataclass(slots=True, kw_only=True, eq=False)
class FilterState:
    """What the filter knows after some bins; saving it and going on from it changes nothing.

    There are R rows, the last bins and the starts at them; E backgrounds.
    """

    n_bins: int
    """Bins seen."""
    offsets: Indices = field(metadata=axes("edge"))
    """Observations of the last R bins, as in a table, int64 array (R + 1,)."""
    word: Indices32 = field(metadata=axes("observation"))
    count: Floats = field(metadata=axes("observation"))
    settled: Floats = field(metadata=axes("observation"))
    """Rate that earlier starts give to the observation, float64 array (N,)."""
    behind: Floats = field(metadata=axes("observation"))
    """Rate that the background gave to it, float64 array (N,)."""
    rate: Floats = field(metadata=axes("observation"))
    """Rate under everything, float64 array (N,)."""
    odds: Floats = field(metadata=axes("row, motif"))
    """Log-odds that there is a start, float64 array (R, K)."""
    weight: Floats = field(metadata=axes("row, motif", "observations"))
    """exp E[log amplitude] of every start if there is one, float64 array (R, K)."""
    shown: Floats = field(metadata=axes("row, motif"))
    """Share of the motif that the bins so far could show, float64 array (R, K)."""
    mass: Floats = field(metadata=axes("longer row, motif", "observations"))
    """Mean amplitudes, float64 (rows, K): those of the last R starts behind those of earlier ones,
    which no longer change."""
    level: float
    """Observations of the background in a bin, by the past."""
    drift: Floats = field(metadata=axes("drifting background, word"))
    """Observations of the drifting backgrounds in a bin by word, without the last R bins."""
    background_weight: Floats = field(metadata=axes("background"))
    """float64 array (E,), sums to 1."""


class MotifFilter:
    """Follows motifs through bins that come one after the other.

    Parameters
    ----------
    motifs : MotifSet
        (K, L, W)
    background : float64 array (W,)
        Observations of the background in a bin.
    state : FilterState or None
        Where to go on; None: at the beginning of a document.

    Attributes
    ----------
    state : FilterState
        After the last bin.
    """

    def __init__(
        self,
        motifs: MotifSet,
        prior: StartPrior,
        background: Floats,
        state: FilterState | None = None,
    ) -> None:
        self.motifs = motifs
        self.prior = prior
        self.background = background
        self.entries = index_words(motifs)
        # rates are kept up to date by differences, so both must leave out the same
        self.probability = np.where(
            motifs.probability > LEAST_PROBABILITY, motifs.probability, np.float32(0)
        )
        """Motifs without negligible entries, float32 array (K, L, W)."""
        self.alike = find_alike(motifs)
        self.motif_mass = motifs.probability.sum(axis=2, dtype=np.float64).T.copy()
        """Mass of each relative time, float64 array (L, K)."""
        length = motifs.motif_length
        self.apart = max(APART_BINS, length // APART_SHARE)
        """Bins within which one motif has one occurrence."""
        self.n_rows = length + 1 + SPREAD_BINS
        """Bins that are looked at: a start and its neighbours are complete after these."""
        self.keep = 1 - 1 / (np.array(LENGTHS_OF_BACKGROUNDS) * length)
        """Share of what backgrounds know that is left after a bin, float64 array (E,)."""
        self.state = self.first_state() if state is None else state

    @classmethod
    def of_record(cls, record: FitRecord, state: FilterState | None = None) -> "MotifFilter":
        """Return the filter of a fit; counts must be prepared as the fit's were."""
        n_bins = max(sum(recording.n_times for recording in record.recordings), 1)
        per_bin = record.n_observations / n_bins
        background = record.background.probability.astype(np.float64)
        background *= per_bin * record.background.weight
        background += per_bin * FLOOR / record.motifs.n_words
        return cls(record.motifs, StartPrior.of_record(record), background, state)

    @property
    def n_motifs(self) -> int:
        """Number of motifs K."""
        return len(self.motifs)

    @property
    def first_bin(self) -> int:
        """Bin of row 0, negative where the filter has seen less."""
        return self.state.n_bins - self.n_rows

    def first_state(self) -> FilterState:
        """Return the state before a document: starts before its beginning are possible."""
        n_rows, shape = self.n_rows, (self.n_rows, self.n_motifs)
        nothing = np.zeros(0)
        return FilterState(
            n_bins=0,
            offsets=np.zeros(n_rows + 1, dtype=np.int64),
            word=np.zeros(0, dtype=np.int32),
            count=nothing,
            settled=nothing,
            behind=nothing,
            rate=nothing,
            odds=np.tile(self.prior.odds, (n_rows, 1)),
            weight=np.tile(self.prior.usual, (n_rows, 1)),
            shown=np.zeros(shape),
            mass=np.zeros((n_rows + self.apart + 1, self.n_motifs)),
            level=float(self.background.sum()),
            drift=np.tile(self.background, (len(self.keep) - 1, 1)),
            background_weight=FIRST_WEIGHTS.copy(),
        )

    def reset(self) -> None:
        """Begin another document; what the background has become is kept."""
        level, drift = self._averages()
        weight = self.state.background_weight
        self.state = self.first_state()
        self.state.level, self.state.drift, self.state.background_weight = level, drift, weight

    def step(self, word: Indices32, count: Floats | Floats32) -> None:
        """Take the observations of the next bin.

        Parameters
        ----------
        word : int32 array (n,)
            Each at most once; may be empty.
        count : float array (n,), > 0
            Prepared as for the fit.
        """
        backgrounds = self._backgrounds()
        self._shift(word, count.astype(np.float64))
        self._judge_backgrounds(backgrounds)
        state = self.state
        state.behind = self._mix(backgrounds)[state.word]
        chance = 1 / (1 + np.exp(-np.maximum(state.odds, -700.0)))
        rate = state.settled + state.behind
        self._add_starts(chance * state.weight, rate)
        mass = reestimate_starts(
            Observed(state.offsets, state.word, state.count, rate),
            self.probability,
            Starts(state.odds, state.weight, state.shown),
            self.alike,
            Prior(self.prior.odds, self.prior.shape, self.prior.rate),
            N_ITERATIONS,
        )
        state.mass[-self.n_rows :] = mass
        state.rate = state.settled + state.behind
        self._add_starts(mass, state.rate)

    def _add_starts(self, mass: Floats, rate: Floats) -> None:
        """Add what the starts of the last bins contribute to the rates of observations."""
        add_start_rates(self.state.offsets, self.state.word, 0, mass, self.entries, rate)

    def background_rates(self) -> Floats:
        """Return the observations of the background that a bin is expected to have, (W,)."""
        return self._mix(self._backgrounds())

    def predict(self, n_bins: int) -> Floats:
        """Return the expected observations of the next bins by word, float64 (n_bins, W)."""
        shape = self.motifs.probability.astype(np.float64)
        rates = np.tile(self.background_rates(), (n_bins, 1))
        for time, starts in enumerate(self._starts_before(n_bins)):
            rates += starts @ shape[:, time]
        return rates

    def going_on(self, n_bins: int) -> Floats:
        """Return the probability that motifs go on in the next bins, float64 (n_bins, K)."""
        end = self.motifs.span_bins()[1]
        found = np.zeros((n_bins, self.n_motifs))
        for time, starts in enumerate(self._starts_before(n_bins)):
            found += np.where(time < end, starts / self.prior.usual, 0.0)
        # the expected number of occurrences; there are rarely two of one motif at a time
        return np.minimum(found, 1.0)

    def _starts_before(self, n_bins: int) -> Iterator[Floats]:
        """Yield the mass of the starts r bins before each of the next bins, (n_bins, K), by r."""
        n_rows = self.n_rows
        # what starts in the future is known by the prior alone
        starts = np.tile(self.prior.share * self.prior.usual, (n_rows + n_bins, 1))
        starts[:n_rows] = self.state.mass[-n_rows:]
        for time in range(self.motifs.motif_length):
            yield starts[n_rows - time : n_rows - time + n_bins]

    def score(self, row: Indices, motif: Indices) -> Floats:
        """Return the log-likelihood ratio of starts by what was seen so far, nats (n,)."""
        state = self.state
        scores: Floats = score_starts(
            row,
            motif,
            SPREAD_BINS,
            Observed(state.offsets, state.word, state.count, state.rate),
            np.ascontiguousarray(state.mass[-self.n_rows :]),
            state.shown,
            self.probability,
        )
        return scores

    def _shift(self, word: Indices32, count: Floats) -> None:
        """Make room for a bin: the oldest goes, its starts are settled."""
        self._keep_backgrounds()
        state, n_rows = self.state, self.n_rows
        oldest = state.mass[-n_rows : 1 - n_rows]
        self._add_starts(oldest, state.settled)
        gone = state.offsets[1]
        state.word = np.concatenate([state.word[gone:], word.astype(np.int32)])
        state.count = np.concatenate([state.count[gone:], count])
        state.settled = np.concatenate([state.settled[gone:], np.zeros(len(word))])
        state.offsets = np.append(state.offsets[1:] - gone, len(state.word))
        for rows, new in (
            (state.odds, self.prior.odds),
            (state.weight, self.prior.usual),
            (state.shown, np.zeros(self.n_motifs)),
            (state.mass, self.prior.share * self.prior.usual),
        ):
            rows[:-1] = rows[1:]
            rows[-1] = new
        # row j has the relative time n_rows - 1 - j in the new bin
        state.shown[-self.motifs.motif_length :] += self.motif_mass[::-1]
        state.n_bins += 1

    def _backgrounds(self) -> Floats:
        """Return the rates of each background, float64 array (E, W)."""
        level, drift = self._averages()
        fixed = self.background * (level / max(float(self.background.sum()), 1e-300))
        # a word that was not seen for some time must stay possible
        return np.maximum(np.vstack([fixed, drift]), 1e-3 * self.background)

    def _mix(self, backgrounds: Floats) -> Floats:
        rates: Floats = self.state.background_weight @ backgrounds
        return rates

    def _averages(self) -> tuple[float, Floats]:
        """Return level and words of the background up to the last bin."""
        state, keep = self.state, self.keep
        age = self.n_rows - 1 - np.repeat(np.arange(self.n_rows), np.diff(state.offsets))
        share = state.count * state.behind / np.maximum(state.rate, 1e-300)
        left = keep ** min(state.n_bins, self.n_rows)
        recent = (1 - keep[:, None]) * keep[:, None] ** age * share
        drift = left[1:, None] * state.drift
        for number, values in enumerate(recent[1:]):
            drift[number] += np.bincount(state.word, values, minlength=self.motifs.n_words)
        return float(left[0] * state.level + recent[0].sum()), drift

    def _keep_backgrounds(self) -> None:
        """Add the oldest bin, before it goes, to what the backgrounds know."""
        state, keep = self.state, self.keep
        if state.n_bins < self.n_rows:
            return
        part = slice(state.offsets[1])
        share = state.count[part] * state.behind[part] / state.rate[part]
        state.level = float(keep[0] * state.level + (1 - keep[0]) * share.sum())
        state.drift *= keep[1:, None]
        state.drift[:, state.word[part]] += (1 - keep[1:, None]) * share

    def _judge_backgrounds(self, backgrounds: Floats) -> None:
        """Weigh the backgrounds by how well they predicted the last bin, which was added."""
        state = self.state
        part = slice(state.offsets[-2], None)
        word, count = state.word[part], state.count[part]
        starts = np.zeros(len(word))
        edges = np.array([0, len(word)])
        add_start_rates(
            edges, word, 1 - self.n_rows, state.mass[-self.n_rows :], self.entries, starts
        )
        gain = np.log(backgrounds[:, word] + starts) @ count - backgrounds.sum(axis=1)
        weight = state.background_weight * np.exp(gain - gain.max())
        forget = 1 - self.keep[0]
        state.background_weight = (1 - forget) * weight / weight.sum() + forget * FIRST_WEIGHTS
