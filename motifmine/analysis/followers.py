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
    order = np.lexsort((found.start_s, found.document))
    document, motif, start_s = found.document[order], found.motif[order], found.start_s[order]
    delays: dict[tuple[int, int], list[float]] = {}
    number = np.bincount(motif, minlength=n_motifs)
    # the next start of another motif: read from the end
    following = np.full(len(motif), -1, dtype=np.int64)
    for i in range(len(motif) - 2, -1, -1):
        if document[i + 1] == document[i]:
            is_same = motif[i + 1] == motif[i]
            following[i] = int(following[i + 1]) if is_same else i + 1
    for i in np.flatnonzero(following >= 0).tolist():
        pair = int(motif[i]), int(motif[following[i]])
        delays.setdefault(pair, []).append(float(start_s[following[i]] - start_s[i]))
    followers = [
        Follower(
            first=first,
            second=second,
            probability=len(values) / int(number[first]),
            delay_s=float(np.median(values)),
        )
        for (first, second), values in delays.items()
        if len(values) >= LEAST_PROBABILITY * number[first]
    ]
    return tuple(sorted(followers, key=lambda one: (-one.probability, one.first, one.second)))
