"""From the time stamps of a container to ascending times of a recording, and its documents.

Single frames that are stamped far away are repaired. Where the stamps jump and stay there, a new
document begins: nobody knows what happened in between.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

CLOCK_RESTART_S = Fraction(1)
"""A time stamp further back than this, but not as far as a jump, is a restart of the clock."""
LONGEST_S = Fraction(24 * 3600)
"""A jump further ahead is that of a clock that was set, not a time without frames."""
WRAPS_S = (Fraction(2**33, 90_000), Fraction(2**32, 90_000))
"""Spans after which clocks begin again at 0: MPEG transport streams (26.5 h) and RTP (13.3 h)."""
CONFIRMED = 3
"""Frames in a row that agree on a jump make it one; fewer are repaired."""
MOST_HELD = 12
"""Frames whose stamps agree neither with those before nor with each other; then all are repaired.
They are held back until they are understood, so this also limits memory."""
LEAST_GAPS = 5
"""Jumps are longer than this number of usual gaps: time-lapse has one frame a minute or an hour."""


class Stamped(NamedTuple):
    """A frame with its time in the recording."""

    item: Any
    time_s: Fraction
    """Seconds since the first frame; strictly ascending."""
    document: int
    """Number of the document, from 0."""
    origin_s: Fraction
    """The container's time stamp of second 0, seconds."""


@dataclass(slots=True, kw_only=True)
class FrameClock:
    """Gives frames ascending times that start at 0, and finds where documents begin.

    Parameters
    ----------
    gap_s : Fraction
        Usual time between frames, seconds.
    max_gap_s : Fraction
        A longer step of the stamps, forward or backward, ends a document, seconds.
    """

    gap_s: Fraction
    max_gap_s: Fraction = Fraction(10)
    repaired: int = 0
    """Stamps that were missing, repeated, ran backward or were far from those around them."""
    time_s: Fraction = Fraction(-1)
    """Time of the last frame that was given one; -1 before the first."""
    document: int = 0
    _n_in_document: int = 0
    _stamp: Fraction | None = None
    _shift_s: Fraction = Fraction(0)
    _origin_s: Fraction = Fraction(0)
    _held: list[tuple[Fraction | None, Any]] = field(default_factory=list)
    _near_s: float = field(init=False)
    """Steps of the stamps up to this are usual ones, with a margin for rounding, seconds."""

    def __post_init__(self) -> None:
        self.max_gap_s = max(self.max_gap_s, LEAST_GAPS * self.gap_s)
        self._near_s = 0.5 * float(self.max_gap_s)

    def push(self, stamp: Fraction | None, item: Any) -> list[Stamped]:
        """Take the next frame; return the frames whose time is known now, in order.

        Parameters
        ----------
        stamp : Fraction or None
            Time stamp of the container, seconds.
        item : object
            The frame.
        """
        if self.time_s < 0:
            return [self._begin(stamp, item)]
        if stamp is not None:
            if not self._held and self._stamp is not None:
                time_s = stamp + self._shift_s if self._shift_s else stamp
                # nearly every frame ends here; exact fractions would take longer than all else
                if 0 < float(time_s) - float(self.time_s) < self._near_s:
                    self._stamp = stamp
                    return [self._emit(time_s, item)]
            stamp = self._unwrap(stamp)
        if not self._held and (stamp is None or not self._is_far(stamp)):
            return [self._emit(self._next_time(stamp), item)]
        if stamp is not None and not self._is_far(stamp):
            return [*self._repair_held(stamp), self._emit(self._next_time(stamp), item)]
        self._held.append((stamp, item))
        if self._agree(self._held[-CONFIRMED:]):
            return self._jump()
        return self._repair_held() if len(self._held) > MOST_HELD else []

    def flush(self) -> list[Stamped]:
        """Return the frames that are still held back at the end."""
        return self._repair_held()

    def _begin(self, stamp: Fraction | None, item: Any) -> Stamped:
        self.repaired += int(stamp is None)
        self._stamp, self._origin_s = stamp, stamp or Fraction(0)
        self._shift_s = -self._origin_s
        return self._emit(Fraction(0), item)

    def _emit(self, time_s: Fraction, item: Any) -> Stamped:
        self.time_s = time_s
        self._n_in_document += 1
        return Stamped(item, time_s, self.document, self._origin_s)

    def _ahead_s(self, stamp: Fraction) -> Fraction:
        return stamp + self._shift_s - self.time_s

    def _is_far(self, stamp: Fraction) -> bool:
        # a first frame without a stamp: there is nothing to be far from
        return self._stamp is not None and abs(self._ahead_s(stamp)) > self.max_gap_s

    def _unwrap(self, stamp: Fraction) -> Fraction:
        """Add the span of a clock that has begun again at 0, in all further stamps, too."""
        for span_s in WRAPS_S:
            if abs(self._ahead_s(stamp + span_s)) <= self.max_gap_s and self._is_far(stamp):
                self._shift_s += span_s
        return stamp

    def _next_time(self, stamp: Fraction | None) -> Fraction:
        """Return the time of a frame whose stamp is not far, and repair the stamp if necessary."""
        if self._stamp is None and stamp is not None:
            self._stamp, self._shift_s = stamp, self.time_s + self.gap_s - stamp
            return self.time_s + self.gap_s
        if stamp is None:
            self.repaired += 1
            return self.time_s + self.gap_s
        if self._ahead_s(stamp) < -CLOCK_RESTART_S:
            self.repaired += 1
            time_s = self.time_s + self.gap_s
            self._stamp, self._shift_s = stamp, time_s - stamp
            return time_s
        if stamp + self._shift_s <= self.time_s:
            self.repaired += 1
            # between the last time and the expected next one, which can then keep its time stamp
            room_s = (self._stamp or 0) + self._shift_s + self.gap_s - self.time_s
            return self.time_s + max(room_s, self.gap_s / 1000) / 2
        self._stamp = stamp
        return stamp + self._shift_s

    def _agree(self, held: Sequence[tuple[Fraction | None, Any]]) -> bool:
        """Return whether enough stamps follow each other as those of one clock do."""
        stamps = [stamp for stamp, _ in held if stamp is not None]
        steps = [after - before for before, after in itertools.pairwise(stamps)]
        return len(stamps) == CONFIRMED and all(0 < step <= self.max_gap_s for step in steps)

    def _jump(self) -> list[Stamped]:
        """Go on with the clock of the frames held last, in a new document."""
        followers, self._held = self._held[-CONFIRMED:], self._held[:-CONFIRMED]
        found = self._repair_held()
        stamp = followers[0][0]
        assert stamp is not None
        if self._n_in_document < CONFIRMED:
            # the few frames before are the ones stamped wrongly, for example the first alone
            self.repaired += self._n_in_document
            self._shift_s = self.time_s + self.gap_s - stamp
        else:
            self.document += 1
            self._n_in_document = 0
            if not 0 < self._ahead_s(stamp) <= LONGEST_S:
                self._shift_s = self.time_s + self.gap_s - stamp
        # needed to seek: clips are cut by the stamps of the container
        self._origin_s = -self._shift_s
        for stamp, item in followers:
            assert stamp is not None
            self._stamp = stamp
            found.append(self._emit(stamp + self._shift_s, item))
        return found

    def _repair_held(self, following: Fraction | None = None) -> list[Stamped]:
        """Return the held frames with times after the last one, and before the following stamp."""
        held, self._held = self._held, []
        step_s = self.gap_s
        if following is not None:
            room_s = self._ahead_s(following)
            # evenly in the room before the frame that follows, so that its own stamp can stay
            step_s = min(step_s, max(room_s, self.gap_s / 1000) / (len(held) + 1))
        self.repaired += len(held)
        return [self._emit(self.time_s + step_s, item) for _, item in held]
