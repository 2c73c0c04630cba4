"""Changes of the clocks in local times whose zone is not known: summer time begins or ends."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.io.series.time_formats import EPOCH
from motifmine.types import Floats

HOUR_S = 3600.0
# months in which clocks are changed, on either half of the earth; always on a Sunday night
MONTHS = (3, 4, 9, 10, 11)
LAST_HOUR = 4
REGULAR_WITHIN = 0.2  # part of the usual interval by which the one over a lost hour may differ
LONGEST_STEP_S = 1800.0  # sampling period up to which a lost hour can be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSteps:
    """What was found up to the last row."""

    last_raw_ns: int | None = None
    shift_s: float = 0.0
    """Seconds to add to the times of the clock."""
    last_fall_ns: int | None = None
    notes: tuple[str, ...] = ()

    def correct(self, seconds: Floats, raw_ns: NDArray[Any]) -> tuple[Floats, "ClockSteps"]:
        """Return times that go on evenly over a change of the clocks, and what was found.

        A time that runs back by up to an hour in a Sunday night is the end of summer time, and an
        hour that is missing among regular samples its beginning. Other steps stay as they are.

        Parameters
        ----------
        seconds : float array (n,)
        raw_ns : int64 array (n,)
            Nanoseconds since 1970 of the local clock.
        """
        if not len(raw_ns):
            return seconds, self
        before = raw_ns[0] if self.last_raw_ns is None else self.last_raw_ns
        steps_ns = np.diff(raw_ns, prepend=before)
        if steps_ns.min() >= 0 and steps_ns.max() < HOUR_S * 1e9:
            # nearly all chunks
            return seconds + self.shift_s, replace(self, last_raw_ns=int(raw_ns[-1]))
        steps = steps_ns / 1e9
        shift = np.full(len(seconds), self.shift_s)
        notes, last_fall = self.notes, self.last_fall_ns
        # the first step is to the chunk before
        usual = float(np.median(steps[1:])) if len(steps) > 1 else np.inf
        lost = np.abs(steps - HOUR_S - usual) <= REGULAR_WITHIN * usual
        lost &= 0 < usual <= LONGEST_STEP_S
        # further back it is another recording, not a clock that was changed
        falls = (steps < 0) & (steps >= -HOUR_S)
        for index in np.flatnonzero(falls | lost).tolist():
            ns = int(raw_ns[index])
            if not _is_sunday_night(ns) or (last_fall is not None and ns <= last_fall + NEXT_NS):
                continue
            back = bool(falls[index])
            shift[index:] += HOUR_S if back else -HOUR_S
            last_fall = ns
            day = (EPOCH + timedelta(microseconds=ns // 1000)).date()
            way = "back" if back else "forward"
            notes = (*notes, f"clocks were set {way} by an hour on {day}; times go on evenly there")
        found = ClockSteps(
            last_raw_ns=int(raw_ns[-1]),
            shift_s=float(shift[-1]),
            last_fall_ns=last_fall,
            notes=notes,
        )
        return seconds + shift, found


NEXT_NS = 30 * 86_400 * 1_000_000_000  # clocks are not changed twice within a month


def _is_sunday_night(ns: int) -> bool:
    moment = EPOCH + timedelta(microseconds=ns // 1000)
    return moment.weekday() == 6 and moment.hour <= LAST_HOUR and moment.month in MONTHS
