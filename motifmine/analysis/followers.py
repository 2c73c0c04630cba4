"""Which motif is often the next to start after which."""

from dataclasses import dataclass

import numpy as np

from motifmine.records.fit import Occurrences

# share of the starts of a motif that another one must follow first to be listed
LEAST_PROBABILITY = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Follower:
    """A motif that is often the next to start after another one."""

    first: int
    second: int
    probability: float
    """Share of the starts of `first` after which `second` is the first other motif to start."""
    delay_s: float
    """Median time from start to start."""


def find_followers(found: Occurrences, n_motifs: int) -> tuple[Follower, ...]:
    """Return which motif is often the next to start after which, most probable first."""
    document, motif, start_s = found.document, found.motif, found.start_s
    number = np.bincount(motif, minlength=n_motifs)
    # the next start of another motif is where the next run of one motif begins
    is_end = (np.diff(motif) != 0) | (np.diff(document) != 0)
    begins = np.append(np.flatnonzero(is_end) + 1, len(motif))
    following = begins[np.concatenate([[0], np.cumsum(is_end)])[: len(motif)]]
    is_followed = np.append(document, -1)[following] == document
    following, first = following[is_followed], motif[is_followed].astype(np.int64)
    delay_s = start_s[following] - start_s[is_followed]
    pair = first * n_motifs + motif[following]
    followers = [
        Follower(
            first=one,
            second=two,
            probability=often / int(number[one]),
            delay_s=float(np.median(delay_s[pair == one * n_motifs + two])),
        )
        for (one, two), often in np.ndenumerate(
            np.bincount(pair, minlength=n_motifs**2).reshape(n_motifs, n_motifs)
        )
        if often and often >= LEAST_PROBABILITY * number[one]
    ]
    return tuple(sorted(followers, key=lambda one: (-one.probability, one.first, one.second)))
