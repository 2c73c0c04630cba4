"""What EM works on: observations laid out and cut with their priors, and the state it changes."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from motifmine.models.plsm import live_passes
from motifmine.models.plsm import passes as plsm_pass
from motifmine.models.plsm.kernels.live import Places
from motifmine.models.plsm.spec import Priors
from motifmine.records.start_layout import StartLayout, start_layout
from motifmine.records.table import ObservationTable
from motifmine.records.tempo import at_tempos, longest_window, starts_of_motifs, usual_tempo
from motifmine.types import Floats, Floats32

SMALLEST_SHARE = 1e-9
"""Share that every word has of the background, so that nothing is impossible."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """Observations laid out and cut for EM, with the priors that hold for them."""

    layout: StartLayout
    plan: plsm_pass.Plan
    places: Places
    n_words: int
    priors: Priors
    n_threads: int
    reckoned_total: Floats
    """Observations of every document that the sparsity reckons with, float64 array (D,)."""
    tempos: Floats | None
    """Tempos at which each motif may occur, float64 array (V,), 1 among them; None: all alike."""
    usual_length: int
    """Bins of the motifs at tempo 1; those of `layout` hold them at all tempos."""

    @property
    def total(self) -> float:
        """Sum of all counts."""
        return float(self.layout.document_total.sum())

    def thresholds(self, n_motifs: int) -> Floats32:
        """Return the mass a start must exceed, float32 array (R,).

        It is sparsity * N_d / (K * S_d), and `Priors.least_count` at least.
        """
        rows = np.diff(self.layout.document_rows)
        # relative to mass spread evenly, so that one value suits tables of any length and density
        level = self.priors.sparsity * self.reckoned_total / (n_motifs * rows)
        return np.repeat(np.maximum(level, self.priors.least_count), rows).astype(np.float32)

    def word_shares(self) -> Floats:
        """Return every word's share of the observations, float64 array (W,)."""
        words = np.bincount(self.layout.word, self.layout.count, minlength=self.n_words)
        return shares(words.astype(np.float64))


class State(NamedTuple):
    """What EM changes."""

    motifs: Floats32
    """float32 array (K, L, W), each sums to 1 or is empty; (K * V, L, W) at V tempos."""
    starts: Floats32
    """Expected mass of every start, float32 array (R, K) or (R, K * V)."""
    background_word: Floats
    """float64 array (W,), sums to 1."""
    background_mass: Floats
    """Mass of the background in every document, float64 array (D,)."""
    tempos: Floats | None = None
    """See `Problem`."""

    @property
    def n_tempos(self) -> int:
        """Number of tempos V at which each motif is in `motifs`, 1 without tempos."""
        return 1 if self.tempos is None else len(self.tempos)

    @property
    def n_motifs(self) -> int:
        """Number of motifs, whatever their tempo."""
        return len(self.motifs) // self.n_tempos

    @property
    def usual(self) -> Floats32:
        """Motifs at their usual tempo, float32 array (K, L, W)."""
        if self.tempos is None:
            return self.motifs
        return np.ascontiguousarray(self.motifs[usual_tempo(self.tempos) :: self.n_tempos])

    @property
    def starts_by_motif(self) -> list[Floats32]:
        """Mass of the starts of each motif, float32 arrays (R,); (R, V) with tempos."""
        if self.tempos is None:
            return list(self.starts.T)
        return list(np.split(self.starts, self.n_motifs, axis=1)) if self.n_motifs else []

    @property
    def starts_of_motifs(self) -> Floats32:
        """Mass of the starts of each motif at all tempos together, float32 array (R, K)."""
        if self.tempos is None:
            return self.starts
        return starts_of_motifs(self.starts, self.n_tempos)


def prepare_em(
    table: ObservationTable,
    motif_length: int,
    priors: Priors,
    *,
    most_motifs: int,
    n_threads: int,
    reckoned_total: Floats | None = None,
    tempos: Floats | None = None,
) -> Problem:
    """Return the problem of fitting up to `most_motifs` motifs of `motif_length` bins to `table`.

    Parameters
    ----------
    most_motifs : int
        Number of motifs at most, for which the passes are cut.
    reckoned_total : float64 array (D,) or None
        Observations of every document that the sparsity is computed from; None: those of the
        table.
    tempos : float64 array (V,) or None
        See `Problem`; the windows hold motifs of `motif_length` bins at all of them.
    """
    n_tempos, usual_length = 1, motif_length
    if tempos is not None:
        n_tempos, motif_length = len(tempos), longest_window(motif_length, tempos)
    layout = start_layout(table, motif_length)
    plan = plsm_pass.plan(
        layout.bin_row,
        layout.offsets,
        layout.word,
        layout.count,
        layout.document_rows,
        n_motifs=most_motifs * n_tempos,
        motif_length=motif_length,
        n_words=table.n_words,
    )
    return Problem(
        layout=layout,
        plan=plan,
        places=live_passes.live_places(plan),
        n_words=table.n_words,
        priors=priors,
        n_threads=n_threads,
        reckoned_total=layout.document_total if reckoned_total is None else reckoned_total,
        tempos=tempos,
        usual_length=usual_length,
    )


def shares(weight: Floats) -> Floats:
    """Return weights of words scaled to sum to 1, none of them 0."""
    # a document that has a word of share 0 would be impossible
    floored = weight + SMALLEST_SHARE
    share: Floats = floored / floored.sum()
    return share


def flat_start(problem: Problem, motifs: Floats32, background_word: Floats) -> State:
    """Return given motifs with every start equally likely, half of the mass in the background.

    With a background held at a share, it has that share. Motifs get all tempos of the problem.

    Parameters
    ----------
    motifs : float32 array (K, L, W)
        Each sums to 1.
    background_word : float64 array (W,)
        Sums to 1.
    """
    layout = problem.layout
    # half: neither side has to win the mass back from nothing
    share = 0.5 if problem.priors.background is None else problem.priors.background
    rows = np.diff(layout.document_rows)
    if problem.tempos is not None:
        motifs = within(motifs, problem)
        motifs = at_tempos(motifs, problem.tempos)
    level = (1 - share) * layout.document_total / (max(len(motifs), 1) * rows)
    starts = np.repeat(np.repeat(level, rows).astype(np.float32)[:, None], len(motifs), axis=1)
    return State(
        np.ascontiguousarray(motifs, dtype=np.float32),
        np.ascontiguousarray(starts),
        background_word,
        share * layout.document_total,
        problem.tempos,
    )


def within(motifs: Floats32, problem: Problem) -> Floats32:
    """Return motifs (K, L, W) cut to their usual length, in windows of all tempos, summing to 1."""
    held = np.zeros((len(motifs), problem.layout.motif_length, motifs.shape[2]), np.float32)
    length = min(problem.usual_length, motifs.shape[1])
    held[:, :length] = motifs[:, :length]
    held /= np.maximum(held.sum(axis=(1, 2), keepdims=True), 1e-30)
    return held
