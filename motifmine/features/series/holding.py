"""Channels whose values are sent when they change, and the values that they hold until the next."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import SpecError
from motifmine.kernels.binning import add_updates, hold_all
from motifmine.records.series import Chunk, EventChunk, SampleChunk, UpdateChunk
from motifmine.types import Floats, Indices

# `auto`: channels that are sent on change hold their last value; `off`: none does; a number: these
# hold it for as long, seconds
Hold = Literal["auto", "off"] | float

FEWEST_UPDATES = 8  # channels with fewer values in a chunk are decided with the others
# a channel is sampled if this share of its intervals is within this part of the usual one
REGULAR_WITHIN, REGULAR_SHARE = 0.2, 0.8
# share of equal values in a row up to which a channel is sent on change: a gateway may repeat the
# last value now and then, a sensor that is read at odd times repeats it as often as it is quiet
MOST_REPEATS = 0.3
# ratio of the 90 % and 10 % quantile of the intervals from which they are those of changes: they
# are short while something happens and long at rest
LEAST_SPREAD = 4.0
SLOW_BINS = 1.5
MOST_LISTED = 5  # names of channels in a note
# share of rows with a value below which an empty cell of a table means "as before"
SPARSE_SHARE = 0.5


def is_sent_on_change(time_s: Floats, value: Floats) -> bool | None:
    """Return whether a channel is sent when it changes; None if there are too few values."""
    steps = np.diff(time_s)
    steps = steps[steps > 0]
    if len(steps) < FEWEST_UPDATES:
        return None
    usual = np.median(steps)
    if np.mean(np.abs(steps - usual) <= REGULAR_WITHIN * usual) >= REGULAR_SHARE:
        return False
    low, high = np.quantile(steps, [0.1, 0.9])
    repeats = np.mean(value[1:] == value[:-1])
    return bool(repeats <= MOST_REPEATS and high >= LEAST_SPREAD * low)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Updates:
    """Values of single channels, see `UpdateChunk`."""

    time_s: Floats
    channel: Indices
    value: Floats


class HeldChannels:
    """Which channels are held, and the values they hold between chunks."""

    def __init__(self, hold: Hold, bin_s: float) -> None:
        if hold not in ("auto", "off") and not (isinstance(hold, float) and hold > 0):
            raise SpecError(
                f"hold is {hold!r}; it must be 'auto', 'off' or a time of more than 0 s"
            )
        self.hold = hold
        self.bin_s = bin_s
        self.limit_s = hold if isinstance(hold, float) else np.inf
        self.held: NDArray[np.bool_] = np.zeros(0, bool)
        self.is_sparse: NDArray[np.bool_] = np.zeros(0, bool)
        """Whether an empty cell of a table means "as before"."""
        self.last: Floats = np.zeros((0, 3))
        self.document_s = 0.0
        """Length of documents that were cut so that they fit in memory, seconds; 0: none was."""

    @property
    def any(self) -> bool:
        """Whether any channel is held."""
        return bool(self.held.any())

    @property
    def is_holding(self) -> bool:
        """Whether any channel has a value now."""
        return bool((self.held & ~np.isnan(self.last[:, 0])).any())

    def admit(self, chunk: Chunk, n_channels: int) -> None:
        """Decide on the channels that appear in `chunk` for the first time."""
        known = len(self.held)
        if isinstance(chunk, EventChunk) or n_channels == known:
            return
        decided = [self._decide(chunk, channel) for channel in range(known, n_channels)]
        sure = [is_held for is_held in decided if is_held is not None]
        # a channel of a few values follows most of the others; in a log of senders it is on change
        usual = sum(sure) * 2 > len(sure) if sure else isinstance(chunk, UpdateChunk)
        new = np.array([usual if is_held is None else is_held for is_held in decided], bool)
        self.held = np.concatenate([self.held, new & (self.hold != "off")])
        sparse = np.zeros(len(new), bool)
        if isinstance(chunk, SampleChunk):
            sparse = np.mean(~np.isnan(chunk.value[:, known:]), axis=0) < SPARSE_SHARE
        self.is_sparse = np.concatenate([self.is_sparse, sparse])
        empty = np.tile([np.nan, 0.0, 0.0], (len(new), 1))
        self.last = np.concatenate([self.last, empty])

    def _decide(self, chunk: SampleChunk | UpdateChunk, channel: int) -> bool | None:
        if isinstance(chunk, UpdateChunk):
            mine = chunk.channel == channel
            time_s, value = chunk.time_s[mine], chunk.value[mine]
        else:
            time_s, value = chunk.time_s, chunk.value[:, channel]
        known = ~np.isnan(value)
        time_s, value = time_s[known], value[known]
        if isinstance(chunk, SampleChunk):
            return is_sent_on_change(time_s, value)
        if len(value) < FEWEST_UPDATES:
            return None
        # a slow sensor among faster ones would have no value in most bins
        is_slow = bool(np.median(np.diff(time_s)) > SLOW_BINS * self.bin_s)
        # a sender may repeat its value: that it holds it is true all the same
        return is_slow or is_irregular(time_s)

    def list_updates(self, chunk: SampleChunk | UpdateChunk, start: int, stop: int) -> Updates:
        """Return the rows `start` to `stop` of a chunk as values of single channels."""
        rows = slice(start, stop)
        if isinstance(chunk, UpdateChunk):
            return Updates(
                time_s=chunk.time_s[rows], channel=chunk.channel[rows], value=chunk.value[rows]
            )
        value = chunk.value[rows]
        says = ~np.isnan(value) | (self.held & ~self.is_sparse)
        row, channel = np.nonzero(says)
        return Updates(time_s=chunk.time_s[rows][row], channel=channel, value=value[row, channel])

    def add(self, updates: Updates, first: int, total: Floats, weight: Floats) -> None:
        """Add values to the sums of their bins, and hold them up to the last of their times.

        Parameters
        ----------
        first : int
            Bin of the first row of `total`.
        total, weight : float arrays (bin, channel)
            Changed.
        """
        add_updates(
            updates.time_s,
            updates.channel,
            updates.value,
            self.held,
            self.last,
            self.limit_s,
            self.bin_s,
            first,
            total,
            weight,
        )

    def hold_to(self, time_s: float, first: int, total: Floats, weight: Floats) -> None:
        """Hold all values up to a time, see `add`.

        Parameters
        ----------
        time_s : float, seconds
        total, weight : float arrays (bin, channel)
        """
        hold_all(time_s, self.held, self.last, self.bin_s, first, total, weight)

    def describe(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return notes on the channels that are held, if any is, and on documents that were cut."""
        held = [name for name, is_held in zip(names, self.held.tolist(), strict=False) if is_held]
        cut = f"documents of {self.document_s:g} s, which fit in memory; --document for others"
        notes = (cut,) if self.document_s else ()
        if not held:
            return notes
        which = "all channels" if len(held) == len(names) else list_names(held)
        limit = "" if np.isinf(self.limit_s) else f", for at most {self.limit_s:g} s"
        return (f"sent on change, so that values hold until the next{limit}: {which}", *notes)

    def forget(self) -> None:
        """Hold no value any more, after a gap."""
        self.last[:, 0] = np.nan


def is_irregular(time_s: Floats) -> bool:
    """Return whether the intervals between times are not those of sampling."""
    steps = np.diff(time_s)
    usual = np.median(steps) if len(steps) else 0.0
    return not np.mean(np.abs(steps - usual) <= REGULAR_WITHIN * usual) >= REGULAR_SHARE


def list_names(names: list[str]) -> str:
    """Return the first names and the number of the others."""
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more
