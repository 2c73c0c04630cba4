"""Spike trains: one sorted list of times per unit, merged into one stream of events."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.io.series.options import BadRows, OnBad
from motifmine.records.series import EventChunk, SeriesHeader, SeriesReader
from motifmine.types import Floats

PIECE_SPIKES = 1 << 16  # spikes of a unit that are in memory at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeTrain:
    """Spike times of one unit."""

    label: str
    place: str
    """Position in the file, for messages."""
    pieces: Callable[[int], Iterator[NDArray[Any]]]
    """Called with a number of spikes; yields the times, seconds, in pieces of that length."""


class TrainReader(SeriesReader):
    """Open spike trains."""

    def __init__(
        self,
        *,
        path: str,
        trains: Sequence[SpikeTrain],
        on_bad: OnBad,
        start_utc: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        self.trains = tuple(trains)
        self.start_utc = start_utc
        self.bad = BadRows(path, on_bad)
        self.notes = (*notes, f"{len(trains)} units, a list of times each")

    @property
    def header(self) -> SeriesHeader:
        """What is known of the series."""
        return SeriesHeader(
            channels=self.labels(),
            units=("",) * len(self.trains),
            start_utc=self.start_utc,
            is_events=True,
            notes=self.notes,
        )

    def labels(self) -> tuple[str, ...]:
        """Return the names of the units."""
        return tuple(train.label for train in self.trains)

    def chunks(self) -> Iterator[EventChunk]:
        """Yield the spikes of all units in order of time.

        A merge of sorted lists: one piece of every unit is in memory, and all spikes up to the
        earliest end of a piece can be emitted, since no unit can have earlier ones.
        """
        sources = [self._check_order(train) for train in self.trains]
        pending = [next(source, None) for source in sources]
        while any(times is not None for times in pending):
            horizon = min(float(times[-1]) for times in pending if times is not None)
            time_s, label = [], []
            for unit, times in enumerate(pending):
                if times is None:
                    continue
                n_ready = int(np.searchsorted(times, horizon, side="right"))
                time_s.append(times[:n_ready])
                label.append(np.full(n_ready, unit, np.int64))
                rest = times[n_ready:]
                pending[unit] = rest if len(rest) else next(sources[unit], None)
            yield _merge(time_s, label)
        self.bad.warn()

    def _check_order(self, train: SpikeTrain) -> Iterator[Floats]:
        """Yield the times of a unit without those that are not finite or out of order."""
        last = -np.inf
        n_before = 0
        for piece in train.pieces(PIECE_SPIKES):
            times = piece.astype(np.float64)
            steps = np.diff(times, prepend=last)
            if not np.all(steps >= 0) or not np.isfinite(times).all():
                times = self._drop_bad(train, times, last, n_before)
            n_before += len(piece)
            if len(times):
                last = float(times[-1])
                yield times

    def _drop_bad(self, train: SpikeTrain, times: Floats, last: float, n_before: int) -> Floats:
        kept = []
        for row, now in enumerate(times.tolist(), start=n_before + 1):
            where = f"{train.place}, row {row}"
            if not np.isfinite(now):
                self.bad.note(where, f"'{now}' is not a time; times are finite seconds")
            elif now < last:
                self.bad.note(where, f"'{now:.9g}' runs back {last - now:.9g} s; times must ascend")
            else:
                kept.append(now)
                last = now
        return np.array(kept, np.float64)


def _merge(time_s: Sequence[Floats], label: Sequence[NDArray[np.int64]]) -> EventChunk:
    times, labels = np.concatenate(time_s), np.concatenate(label)
    order = np.argsort(times, kind="stable")
    return EventChunk(
        time_s=times[order], label=labels[order], count=np.ones(len(order), np.float64)
    )
