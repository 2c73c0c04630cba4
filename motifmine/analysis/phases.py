"""The phases that a scene goes through: a common cycle, states over occurrences, what follows what.

The states are those of a hidden semi-Markov model over the starts of motifs.
"""

from dataclasses import dataclass

import numpy as np

from motifmine.analysis.cycle import LEVEL, Cycle, find_cycle
from motifmine.analysis.followers import Follower, find_followers
from motifmine.analysis.occurrence_table import make_occurrence_table
from motifmine.durations import format_seconds
from motifmine.errors import DataError
from motifmine.models.states.model import SavedStates, find_states
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.types import Indices

BINS_A_CYCLE = 10  # time bins of a cycle that states are found in
STARTS_A_BIN = 0.5  # mean starts of a bin where there is no cycle
MOST_STATE_BINS = 20_000
GROUP = 0.2  # motifs whose phases differ by less than this part of a cycle are listed together


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phases:
    """How the activities of a scene are ordered in time."""

    cycle: Cycle | None
    """None where there are too few starts."""
    groups: tuple[tuple[int, ...], ...]
    """Motifs that follow the cycle, by phase; those of one phase together."""
    states: SavedStates
    """States over starts: word k is motif k."""
    state_of_motif: Indices
    """State in which a motif starts most often, int64 array (K,)."""
    visits: Occurrences
    """Stretches of time in one state; `motif` is the state."""
    followers: tuple[Follower, ...]

    @property
    def sentence(self) -> str:
        """Return the cycle and the motifs in it, which count from 1, as a line."""
        if self.cycle is None:
            return "too few starts to look for a cycle"
        cycle, p_value = self.cycle, self.cycle.p_value
        level = f"p = {p_value:.2g}" if p_value >= LEVEL else f"p < {LEVEL:g}"
        if cycle.is_significant:
            order = " | ".join(", ".join(str(k + 1) for k in group) for group in self.groups)
            return f"cycle {format_seconds(cycle.period_s)} ({level}): {order}"
        if p_value > LEVEL:
            return f"no cycle: starts at random are as regular ({level})"
        alone = np.flatnonzero(cycle.shares)
        who = f"only motif {alone[0] + 1} does" if len(alone) else "motifs have other periods"
        period = format_seconds(cycle.period_s)
        return f"no common cycle: something repeats every {period} ({level}), but {who}"


def find_phases(record: FitRecord, *, seed: int = 0) -> Phases:
    """Return cycle, states and order of a fit's motifs.

    Raises
    ------
    DataError
        When the fit has fewer than two motifs with occurrences.
    """
    if len(np.unique(record.occurrences.motif)) < 2:
        raise DataError("phases need two motifs that occur; this fit has fewer")
    cycle = find_cycle(record, seed=seed)
    has_cycle = cycle is not None and cycle.is_significant
    total_s = sum(recording.n_times for recording in record.recordings) * record.bin_s
    groups: tuple[tuple[int, ...], ...] = ()
    n_states = None
    bin_s = STARTS_A_BIN * total_s / len(record.occurrences)
    if cycle is not None and has_cycle:
        groups = _group(cycle)
        n_states, bin_s = max(len(groups), 2), cycle.period_s / BINS_A_CYCLE
    table = make_occurrence_table(record, max(bin_s, record.bin_s, total_s / MOST_STATE_BINS))
    states, visits = find_states(table, n_states, seed=seed)
    return Phases(
        cycle=cycle,
        groups=groups,
        states=states,
        state_of_motif=states.rate.argmax(axis=0),
        visits=visits,
        followers=find_followers(record.occurrences, len(record.motifs)),
    )


def _group(cycle: Cycle) -> tuple[tuple[int, ...], ...]:
    """Return the motifs in the order of their phases, cut where phases are `GROUP` apart."""
    order = [int(k) for k in np.argsort(cycle.phase, kind="stable") if cycle.shares[k]]
    gap = np.diff(cycle.phase[order], append=cycle.phase[order[0]] + 1)
    # the ring is opened after its widest gap
    first = int(gap.argmax()) + 1
    order, gap = order[first:] + order[:first], np.roll(gap, -first)
    groups: list[list[int]] = [[order[0]]]
    for motif, before in zip(order[1:], gap[:-1], strict=True):
        if before >= GROUP:
            groups.append([])
        groups[-1].append(motif)
    return tuple(tuple(sorted(group)) for group in groups)
