"""What the HDLSM sampler knows, and the bookkeeping that keeps its counts right.

Time is counted in *rows*, as in `motifmine.records.start_layout`: a document of T bins owns
T + L - 1 rows; its time bin t is row `first + t`, its start time s is row `first + s + L - 1`. So
an observation of bin row r can come from the start rows r .. r + L - 1, and its relative time is `r
+ L - 1 - row`. Rows of different documents never meet.

An *observation* here is a single token: an entry of the table with count 3 is three of them.
Occurrences and motifs live in slots. `ids` (for motifs `live`) is a permutation of all slots whose
first `tally[0]` (`tally[1]`) entries are in use; `ids_at` (`live_at`) is its inverse.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import kernel

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]

BACKGROUND = -1
UNPLACED = -2
OCCURRENCES, MOTIFS, NOISE, SEATED = 0, 1, 2, 3
"""Entries of `State.tally`."""
ALPHA, GAMMA, ETA, SHARE = 0, 1, 2, 3
"""Entries of `Prior.hyper`."""


class Tokens(NamedTuple):
    """The observations, sorted by bin row and word, and the start rows that are allowed."""

    word: Ints
    """int32 array (N,)."""
    bin_row: Ints
    """int32 array (N,)."""
    document: Ints
    """int32 array (N,)."""
    first: Longs
    """Observations of bin row r are `first[r]:first[r + 1]`, int64 array (R + 1,)."""
    first_start: Longs
    """First start row of every document, int64 array (D,)."""
    last_start: Longs
    """Last start row of every document, int64 array (D,)."""
    n_bins: Longs
    """Time bins T of every document, int64 array (D,)."""
    row_document: Ints
    """Document of every row, int32 array (R,)."""


class State(NamedTuple):
    """Where every observation is, and all counts that follow from it."""

    owner: Ints
    """Occurrence of every observation, or BACKGROUND or UNPLACED, int32 array (N,)."""
    row: Ints
    """Start row of every occurrence, int32 array (O,), O slots."""
    motif: Ints
    """Motif of every occurrence, int32 array (O,)."""
    size: Ints
    """Observations of every occurrence, int32 array (O,)."""
    after: Ints
    """Next occurrence of the same start row, -1 at the end, int32 array (O,)."""
    before: Ints
    """Previous occurrence of the same start row, -1 at the beginning, int32 array (O,)."""
    head: Ints
    """First occurrence of every start row, -1 for none, int32 array (R,)."""
    ids: Ints
    ids_at: Ints
    cells: NDArray[np.int32]
    """N(k, w, rt): observations by motif, word and relative time, int32 array (K, W, L)."""
    by_word: NDArray[np.int32]
    """The same summed over relative time, by word and motif, int32 array (W, K)."""
    motif_size: Longs
    """N(k): observations of every motif, int64 array (K,)."""
    motif_count: Longs
    """Nocc(k): occurrences of every motif, int64 array (K,)."""
    inverse: Reals
    """1 / (N(k) + eta0), float64 array (K,)."""
    live: Ints
    live_at: Ints
    noise_of_document: Longs
    """Nbg_j: background observations of every document, int64 array (D,)."""
    noise_of_word: Longs
    """Nbg(w): background observations of every word, int64 array (W,)."""
    tally: Longs
    """Number of occurrences, of motifs, of background observations that count, and the sum of
    `motif_count`."""


class Prior(NamedTuple):
    """Hyper-parameters."""

    hyper: Reals
    """alpha, gamma, eta0 and b0 (0: no background), float64 array (4,)."""
    shape: Reals
    """eta(w, rt) / eta0, the same for all words, float64 array (L,); sums to 1 / W."""
    noise_word: float
    """e_b, the background's pseudo-count of every word."""
    learn: int
    """1; or 0 to hold motifs, their frequencies and the background's words as they are."""


@kernel
def sweep_add(state: State, prior: Prior, w: int, rt: int, o: int) -> None:
    """Count an observation of word `w` and relative time `rt` in occurrence `o`."""
    k = state.motif[o]
    state.size[o] += 1
    state.cells[k, w, rt] += prior.learn
    state.by_word[w, k] += prior.learn
    state.motif_size[k] += prior.learn
    state.inverse[k] = 1.0 / (state.motif_size[k] + prior.hyper[ETA])


@kernel
def sweep_remove(state: State, prior: Prior, w: int, rt: int, o: int) -> None:
    """Take an observation of word `w` and relative time `rt` out of occurrence `o`."""
    k = state.motif[o]
    state.size[o] -= 1
    state.cells[k, w, rt] -= prior.learn
    state.by_word[w, k] -= prior.learn
    state.motif_size[k] -= prior.learn
    state.inverse[k] = 1.0 / (state.motif_size[k] + prior.hyper[ETA])


@kernel
def sweep_add_noise(state: State, prior: Prior, w: int, d: int, n: int) -> None:
    """Count `n` (or -1) background observations of word `w` in document `d`."""
    state.noise_of_document[d] += n
    state.noise_of_word[w] += n * prior.learn
    state.tally[NOISE] += n * prior.learn


@kernel
def sweep_link(state: State, o: int, row: int) -> None:
    """Put occurrence `o` at start row `row`."""
    first = state.head[row]
    state.row[o] = row
    state.before[o] = -1
    state.after[o] = first
    if first >= 0:
        state.before[first] = o
    state.head[row] = o


@kernel
def sweep_unlink(state: State, o: int) -> None:
    """Take occurrence `o` from its start row."""
    before, after = state.before[o], state.after[o]
    if before >= 0:
        state.after[before] = after
    else:
        state.head[state.row[o]] = after
    if after >= 0:
        state.before[after] = before


@kernel
def sweep_take_motif(state: State) -> int:
    """Bring a spare motif slot into use and return it; there must be one."""
    k: int = state.live[state.tally[MOTIFS]]
    state.tally[MOTIFS] += 1
    return k


@kernel
def sweep_drop_motif(state: State, k: int) -> None:
    """Make the slot of motif `k`, which has no occurrences, spare."""
    state.tally[MOTIFS] -= 1
    at, other = state.live_at[k], state.live[state.tally[MOTIFS]]
    state.live[at], state.live[state.tally[MOTIFS]] = other, k
    state.live_at[other], state.live_at[k] = at, state.tally[MOTIFS]


@kernel
def sweep_give_motif(state: State, prior: Prior, o: int, k: int) -> None:
    """Make `k` the motif of occurrence `o`, whose observations are not counted."""
    state.motif[o] = k
    state.motif_count[k] += prior.learn
    state.tally[SEATED] += prior.learn


@kernel
def sweep_leave_motif(state: State, prior: Prior, o: int) -> None:
    """Take occurrence `o`, whose observations are not counted, from its motif."""
    k = state.motif[o]
    state.motif_count[k] -= prior.learn
    state.tally[SEATED] -= prior.learn
    if state.motif_count[k] == 0:
        sweep_drop_motif(state, k)


@kernel
def sweep_open(state: State, prior: Prior, row: int, k: int) -> int:
    """Return a new, empty occurrence of motif `k` at `row`."""
    n = state.tally[OCCURRENCES]
    state.tally[OCCURRENCES] = n + 1
    o: int = state.ids[n]
    sweep_link(state, o, row)
    sweep_give_motif(state, prior, o, k)
    return o


@kernel
def sweep_close(state: State, prior: Prior, o: int) -> None:
    """Remove occurrence `o`, which is empty, and its motif when it was the last one."""
    sweep_unlink(state, o)
    sweep_leave_motif(state, prior, o)
    last = state.tally[OCCURRENCES] - 1
    state.tally[OCCURRENCES] = last
    at, other = state.ids_at[o], state.ids[last]
    state.ids[at], state.ids[last] = other, o
    state.ids_at[other], state.ids_at[o] = at, last


@kernel
def members(tokens: Tokens, state: State, o: int, length: int, token: Longs) -> int:
    """Return how many observations occurrence `o` has; the first entries of `token` are they."""
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


@kernel
def members_of_both(tokens: Tokens, state: State, o: int, p: int, length: int, token: Longs) -> int:
    """Return how many observations `o` and `p` (-1: none) have; list them in order."""
    n = members(tokens, state, o, length, token) if o >= 0 else 0
    if p < 0:
        return n
    m = members(tokens, state, p, length, token[n:])
    # of two sorted runs, the second is inserted into the first
    for y in range(n, n + m):
        i, x = token[y], y
        while x > 0 and token[x - 1] > i:
            token[x] = token[x - 1]
            x -= 1
        token[x] = i
    return n + m


@kernel
def blank_state(tokens: Tokens, prior: Prior, n_words: int, capacity: int) -> State:
    """Return a state in which no observation is placed, with slots for `capacity` motifs."""
    n = len(tokens.word)
    length = len(prior.shape)
    none = np.full(n + 1, -1, dtype=np.int32)
    return State(
        np.full(n, UNPLACED, dtype=np.int32),
        none,
        none.copy(),
        np.zeros(n + 1, dtype=np.int32),
        none.copy(),
        none.copy(),
        np.full(len(tokens.row_document), -1, dtype=np.int32),
        np.arange(n + 1).astype(np.int32),
        np.arange(n + 1).astype(np.int32),
        np.zeros((capacity, n_words, length), dtype=np.int32),
        np.zeros((n_words, capacity), dtype=np.int32),
        np.zeros(capacity, dtype=np.int64),
        np.zeros(capacity, dtype=np.int64),
        np.full(capacity, 1.0 / prior.hyper[ETA]),
        np.arange(capacity).astype(np.int32),
        np.arange(capacity).astype(np.int32),
        np.zeros(len(tokens.n_bins), dtype=np.int64),
        np.zeros(n_words, dtype=np.int64),
        np.zeros(4, dtype=np.int64),
    )


@kernel
def sweep_place(
    tokens: Tokens, state: State, prior: Prior, owner: Ints, row: Longs, motif: Longs
) -> None:
    """Make `state` that of given assignments; all counts are made from nothing.

    Parameters
    ----------
    tokens : Tokens
    state : State, changed
    prior : Prior
    owner : int32 array (N,)
        Occurrence of every observation, or BACKGROUND or UNPLACED.
    row, motif : int64 arrays (O,)
        Start row and motif of every occurrence. Occurrences that own nothing are left out, and
        motifs may have any numbers from 0 on.
    """
    length = len(prior.shape)
    sweep_clear(state)
    slot = np.full(len(row), -1, dtype=np.int64)
    motif_slot = np.full(motif.max() + 1 if len(motif) else 0, -1, dtype=np.int64)
    for i in range(len(owner)):
        w, o = tokens.word[i], owner[i]
        if o < 0:
            state.owner[i] = o
            if o == BACKGROUND:
                sweep_add_noise(state, prior, w, tokens.document[i], 1)
            continue
        if slot[o] < 0:
            if motif_slot[motif[o]] < 0:
                motif_slot[motif[o]] = sweep_take_motif(state)
            slot[o] = sweep_open(state, prior, row[o], motif_slot[motif[o]])
        state.owner[i] = slot[o]
        sweep_add(state, prior, w, tokens.bin_row[i] + length - 1 - row[o], slot[o])
    sweep_refresh(state, prior)


@kernel
def sweep_clear(state: State) -> None:
    """Make `state` one in which nothing is placed."""
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
    state.noise_of_document[:] = 0
    state.noise_of_word[:] = 0
    state.tally[:] = 0


@kernel
def sweep_refresh(state: State, prior: Prior) -> None:
    """Bring `state.inverse` in step with eta0 after that has changed."""
    for k in range(len(state.inverse)):
        state.inverse[k] = 1.0 / (state.motif_size[k] + prior.hyper[ETA])


@kernel
def placements(state: State) -> tuple[Ints, Longs, Longs]:
    """Return owner (N,), start row (O,) and motif (O,) with all numbers counted from 0.

    What `sweep_place` makes the state of again.
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
