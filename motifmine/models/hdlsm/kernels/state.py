"""State of the HDLSM sampler: tokens, assignments, sufficient statistics and hyper-parameters.

Time is counted in *rows*, as in `motifmine.records.start_layout`: a document of T bins owns
T + L - 1 rows; its time bin t is row `first + t`, its start time s is row `first + s + L - 1`. So
an observation of bin row r can come from the start rows r .. r + L - 1, and its relative time is `r
+ L - 1 - row`. No window of L rows reaches into another document.

An *observation* here is a single token: an entry of the table with count 3 is three tokens.
Occurrences and motifs live in slots. `ids` (for motifs `live`) is a permutation of all slots whose
first `tally[0]` (`tally[1]`) entries are in use; `ids_at` (`live_at`) is its inverse.

Parameters of the kernels: `o` is an occurrence slot, `k` a motif slot, `w` a word, `d` a document,
`row` a start row, `rt` a relative time, `n_tries` a number of proposals; `token` are observations
in ascending order, `cells` the counts (W, L) of a motif, `items` occurrences (-1 for none), and
shifts of starts, in bins, go from `lowest` to `highest`. What updates or proposes changes `state`
in place; what lists or fills overwrites its last argument.
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
OCCURRENCES, MOTIFS, IN_BACKGROUND, SEATED = 0, 1, 2, 3  # entries of `State.tally`
ALPHA, GAMMA, ETA, SHARE = 0, 1, 2, 3  # entries of `Prior.hyper`


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
    """Assignment of every observation, and the sufficient statistics that follow from it.

    All arrays are preallocated and changed in place; slots that are not in use hold old values.
    """

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
    """`cells` summed over relative time, int32 array (W, K)."""
    motif_size: Longs
    """N(k): observations of every motif, int64 array (K,)."""
    motif_count: Longs
    """Nocc(k): occurrences of every motif, int64 array (K,)."""
    inverse: Reals
    """1 / (N(k) + eta0), float64 array (K,)."""
    live: Ints
    live_at: Ints
    background_of_document: Longs
    """Nbg_j: background observations of every document, int64 array (D,)."""
    background_of_word: Longs
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
    background_prior: float
    """e_b, the background's pseudo-count of every word."""
    learn: int
    """1 to learn motifs, their frequencies and the background; 0 to hold them fixed."""


@kernel
def make_empty_state(tokens: Tokens, prior: Prior, n_words: int, capacity: int) -> State:
    """Return a state in which no observation is assigned, with `capacity` motif slots."""
    n = len(tokens.word)
    length = len(prior.shape)
    # every occurrence owns a token, so n slots suffice; one more for a proposal before it is filled
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
