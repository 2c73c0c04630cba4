"""Elementary updates of an HDLSM sampler state, which keep all of its counts consistent.

Counts of motifs change by `Prior.learn`, so that the same kernels infer occurrences with motifs
held fixed (`learn == 0`).
"""

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.models.hdlsm.kernels.state import (
    BACKGROUND,
    ETA,
    IN_BACKGROUND,
    MOTIFS,
    OCCURRENCES,
    SEATED,
    UNPLACED,
    Ints,
    Longs,
    Prior,
    State,
    Tokens,
)


@inner_kernel
def count_token(state: State, prior: Prior, w: int, rt: int, o: int, n: int) -> None:
    """Add `n` observations of word `w` and relative time `rt` to occurrence `o`.

    A negative `n` removes them.
    """
    k = state.motif[o]
    learned = n * prior.learn
    state.size[o] += n
    state.cells[k, w, rt] += learned
    state.by_word[w, k] += learned
    state.motif_size[k] += learned
    state.inverse[k] = 1.0 / (state.motif_size[k] + prior.hyper[ETA])


@inner_kernel
def count_listed_tokens(
    tokens: Tokens, state: State, prior: Prior, token: Longs, o: int, by: int
) -> None:
    """Add listed observations `by` times to occurrence `o`, or to their owners if it is -1.

    `token` are observations, `by` is 1, or -1 to remove them.
    """
    length = len(prior.shape)
    for i in token:
        q = o if o >= 0 else state.owner[i]
        rt = tokens.bin_row[i] + length - 1 - state.row[q]
        count_token(state, prior, tokens.word[i], rt, q, by)


@inner_kernel
def count_background(state: State, prior: Prior, w: int, d: int, n: int) -> None:
    """Add `n` background observations of word `w` in document `d`.

    A negative `n` removes them.
    """
    state.background_of_document[d] += n
    state.background_of_word[w] += n * prior.learn
    state.tally[IN_BACKGROUND] += n * prior.learn


@inner_kernel
def link_occurrence(state: State, o: int, row: int) -> None:
    """Insert occurrence `o` into the list of start row `row`."""
    first = state.head[row]
    state.row[o] = row
    state.before[o] = -1
    state.after[o] = first
    if first >= 0:
        state.before[first] = o
    state.head[row] = o


@inner_kernel
def unlink_occurrence(state: State, o: int) -> None:
    """Remove occurrence `o` from the list of its start row."""
    before, after = state.before[o], state.after[o]
    if before >= 0:
        state.after[before] = after
    else:
        state.head[state.row[o]] = after
    if after >= 0:
        state.before[after] = before


@inner_kernel
def take_motif_slot(state: State) -> int:
    """Allocate a free motif slot and return it; there must be one."""
    k: int = state.live[state.tally[MOTIFS]]
    state.tally[MOTIFS] += 1
    return k


@inner_kernel
def free_motif_slot(state: State, k: int) -> None:
    """Free the slot of motif `k`, which must have no occurrences."""
    # swap with the last slot in use, so that the first `tally[MOTIFS]` of `live` stay in use
    state.tally[MOTIFS] -= 1
    at, other = state.live_at[k], state.live[state.tally[MOTIFS]]
    state.live[at], state.live[state.tally[MOTIFS]] = other, k
    state.live_at[other], state.live_at[k] = at, state.tally[MOTIFS]


@inner_kernel
def assign_motif(state: State, prior: Prior, o: int, k: int) -> None:
    """Assign motif `k` to occurrence `o`, whose observations must not be counted."""
    state.motif[o] = k
    state.motif_count[k] += prior.learn
    state.tally[SEATED] += prior.learn


@inner_kernel
def unassign_motif(state: State, prior: Prior, o: int) -> None:
    """Remove occurrence `o`, whose observations must not be counted, from its motif."""
    k = state.motif[o]
    state.motif_count[k] -= prior.learn
    state.tally[SEATED] -= prior.learn
    if state.motif_count[k] == 0:
        free_motif_slot(state, k)


@inner_kernel
def open_occurrence(state: State, prior: Prior, row: int, k: int) -> int:
    """Return a new, empty occurrence of motif `k` at `row`."""
    n = state.tally[OCCURRENCES]
    state.tally[OCCURRENCES] = n + 1
    o: int = state.ids[n]
    link_occurrence(state, o, row)
    assign_motif(state, prior, o, k)
    return o


@inner_kernel
def close_occurrence(state: State, prior: Prior, o: int) -> None:
    """Remove the empty occurrence `o`, and its motif if it was the last of it."""
    unlink_occurrence(state, o)
    unassign_motif(state, prior, o)
    last = state.tally[OCCURRENCES] - 1
    state.tally[OCCURRENCES] = last
    at, other = state.ids_at[o], state.ids[last]
    state.ids[at], state.ids[last] = other, o
    state.ids_at[other], state.ids_at[o] = at, last


@inner_kernel
def list_tokens(tokens: Tokens, state: State, o: int, length: int, token: Longs) -> int:
    """Write the observations of occurrence `o` to `token` and return their number."""
    row = state.row[o]
    left = state.size[o]
    n = 0
    for i in range(tokens.first[max(row - length + 1, 0)], tokens.first[row + 1]):
        if state.owner[i] == o:
            token[n] = i
            n += 1
            if n == left:
                break
    return n


@inner_kernel
def list_tokens_of_pair(
    tokens: Tokens, state: State, o: int, p: int, length: int, token: Longs
) -> int:
    """Write the observations of `o` and `p` to `token`, in order, and return their number.

    `o` or `p` is -1 for none.
    """
    n = list_tokens(tokens, state, o, length, token) if o >= 0 else 0
    if p < 0:
        return n
    m = list_tokens(tokens, state, p, length, token[n:])
    # insertion sort of the second run into the first: both are sorted and mostly short
    for y in range(n, n + m):
        i, x = token[y], y
        while x > 0 and token[x - 1] > i:
            token[x] = token[x - 1]
            x -= 1
        token[x] = i
    return n + m


@kernel
def set_assignments(
    tokens: Tokens, state: State, prior: Prior, owner: Ints, row: Longs, motif: Longs
) -> None:
    """Rebuild `state` from assignments, with all counts recomputed.

    Parameters
    ----------
    owner : int32 array (N,)
        Occurrence of every observation, or BACKGROUND or UNPLACED.
    row, motif : int64 arrays (O,)
        Start row and motif of every occurrence. Occurrences without observations are skipped, and
        motif numbers need not be contiguous.
    """
    length = len(prior.shape)
    clear_state(state)
    slot = np.full(len(row), -1, dtype=np.int64)
    motif_slot = np.full(motif.max() + 1 if len(motif) else 0, -1, dtype=np.int64)
    for i in range(len(owner)):
        w, o = tokens.word[i], owner[i]
        if o < 0:
            state.owner[i] = o
            if o == BACKGROUND:
                count_background(state, prior, w, tokens.document[i], 1)
            continue
        if slot[o] < 0:
            if motif_slot[motif[o]] < 0:
                motif_slot[motif[o]] = take_motif_slot(state)
            slot[o] = open_occurrence(state, prior, row[o], motif_slot[motif[o]])
        state.owner[i] = slot[o]
        count_token(state, prior, w, tokens.bin_row[i] + length - 1 - row[o], slot[o], 1)
    update_inverse(state, prior)


@inner_kernel
def clear_state(state: State) -> None:
    """Reset `state` to one without assignments."""
    state.owner[:] = UNPLACED
    state.size[:] = 0
    state.head[:] = -1
    for o in range(len(state.ids)):
        state.ids[o], state.ids_at[o] = o, o
    for k in range(len(state.live)):
        state.live[k], state.live_at[k] = k, k
    state.cells[:] = 0
    state.by_word[:] = 0
    state.motif_size[:] = 0
    state.motif_count[:] = 0
    state.background_of_document[:] = 0
    state.background_of_word[:] = 0
    state.tally[:] = 0


@inner_kernel
def update_inverse(state: State, prior: Prior) -> None:
    """Recompute `state.inverse` after eta0 has changed."""
    for k in range(len(state.inverse)):
        state.inverse[k] = 1.0 / (state.motif_size[k] + prior.hyper[ETA])


@kernel
def get_assignments(state: State) -> tuple[Ints, Longs, Longs]:
    """Return owner (N,), start row (O,) and motif (O,), renumbered from 0.

    The inverse of `set_assignments`.
    """
    n = state.tally[OCCURRENCES]
    row = np.empty(n, dtype=np.int64)
    motif = np.empty(n, dtype=np.int64)
    for q in range(n):
        row[q] = state.row[state.ids[q]]
        motif[q] = state.live_at[state.motif[state.ids[q]]]
    owner = state.owner.copy()
    for i in range(len(owner)):
        if owner[i] >= 0:
            owner[i] = state.ids_at[owner[i]]
    return owner, row, motif
