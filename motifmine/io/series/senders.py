"""Rows of single sensors become values of channels: numbers, and states as channels of 0 and 1."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from motifmine.records.series import UpdateChunk
from motifmine.types import Floats, Indices

# states of a sensor that become channels; a sensor with more sends texts, not states
MOST_STATES = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextColumn:
    """Texts of a column, coded."""

    code: Indices
    """Index into `names` of every row, -1 for none, int64 array (n,)."""
    names: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class ChannelList:
    """The channels found so far: sensors with numbers, and states as `sensor=state`."""

    index: dict[str, int] = field(default_factory=dict)
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    """Channel of every state by sensor."""
    is_cut: bool = False
    """Whether a sensor has more states than become channels."""

    def number(self, sensor: str) -> int:
        """Return the channel of the numbers of a sensor."""
        return self.index.setdefault(sensor, len(self.index))

    def state(self, sensor: str, state: str) -> int:
        """Return the channel of a state of a sensor, -1 if it has too many."""
        known = self.states.setdefault(sensor, {})
        if state not in known:
            if len(known) == MOST_STATES:
                self.is_cut = True
                return -1
            known[state] = self.index.setdefault(f"{sensor}={state}", len(self.index))
        return known[state]


def split_values(
    time_s: Floats,
    sensor: TextColumn,
    value: Floats,
    states: Sequence[TextColumn],
    names: Sequence[str],
) -> tuple[Floats, TextColumn, Floats, TextColumn]:
    """Return rows with one value each from rows with several.

    The values of a sensor become sensors of their own: `host1 load`.

    Parameters
    ----------
    time_s : float array (n,)
    sensor : TextColumn
    value : float array (n, value)
    states : TextColumn for every value
    names : str for every value

    Returns
    -------
    time_s, sensor, value, state
        Of `n * value` rows, see `make_updates`.
    """
    n_values = len(names)
    if n_values == 1:
        return time_s, sensor, value[:, 0], states[0]
    each = np.arange(n_values)
    pairs = TextColumn(
        code=(sensor.code[:, None] * n_values + each).ravel(),
        names=tuple(f"{sender} {name}" for sender in sensor.names for name in names),
    )
    texts = tuple(dict.fromkeys(text for column in states for text in column.names))
    place = {text: code for code, text in enumerate(texts)}
    codes = [
        np.array([*(place[text] for text in column.names), -1], np.int64)[column.code]
        for column in states
    ]
    state = TextColumn(code=np.stack(codes, axis=1).ravel(), names=texts)
    return np.repeat(time_s, n_values), pairs, value.ravel(), state


def make_updates(
    time_s: Floats, sensor: TextColumn, value: Floats, state: TextColumn, channels: ChannelList
) -> UpdateChunk:
    """Return the values of single channels for rows of single sensors, in order of time.

    A state sets its own channel to 1 and the other states of its sensor to 0; a row without value
    makes all channels of its sensor missing.

    Parameters
    ----------
    time_s : float array (n,)
    value : float array (n,)
        NaN where a row has no number.
    state : TextColumn
        States of the rows without number; none where the value is missing.
    channels : ChannelList
        Grows.
    """
    if not state.names and not any(name in channels.states for name in sensor.names):
        return _make_numbers(time_s, sensor, value, channels)
    row_parts: list[Indices] = []
    channel_parts: list[Indices] = []
    value_parts: list[Floats] = []

    def add(rows: Indices, channel: int, values: Floats) -> None:
        row_parts.append(rows)
        channel_parts.append(np.full(len(rows), channel, np.int64))
        value_parts.append(values)

    # sensor by sensor: a loop over rows would be slow in Python
    order = np.argsort(sensor.code, kind="stable")
    cuts = np.flatnonzero(np.diff(sensor.code[order])) + 1
    for rows in np.split(order, cuts) if len(order) else []:
        name = sensor.names[int(sensor.code[rows[0]])]
        numbers, codes = value[rows], state.code[rows]
        for code in np.unique(codes[codes >= 0]).tolist():
            channels.state(name, state.names[code])
        if np.isfinite(numbers).any() or name in channels.index:
            add(rows, channels.number(name), numbers)
        is_missing = np.isnan(numbers) & (codes < 0)
        for text, channel in channels.states.get(name, {}).items():
            code = state.names.index(text) if text in state.names else -2
            add(rows, channel, np.where(is_missing, np.nan, (codes == code).astype(np.float64)))
    if not row_parts:
        none = np.empty(0, np.int64)
        return UpdateChunk(time_s=np.empty(0), channel=none, value=np.empty(0))
    row = np.concatenate(row_parts)
    # ties in the order of the file: the later of two values holds
    by_time = np.lexsort((row, time_s[row]))
    return UpdateChunk(
        time_s=time_s[row][by_time],
        channel=np.concatenate(channel_parts)[by_time],
        value=np.concatenate(value_parts)[by_time],
    )


def _make_numbers(
    time_s: Floats, sensor: TextColumn, value: Floats, channels: ChannelList
) -> UpdateChunk:
    """Return the values of sensors that send numbers alone, see `make_updates`."""
    has_numbers = np.zeros(len(sensor.names), bool)
    has_numbers[sensor.code[np.isfinite(value)]] = True
    # a sensor that never sent a value is no channel
    place = [
        channels.number(name) if found or name in channels.index else -1
        for name, found in zip(sensor.names, has_numbers.tolist(), strict=True)
    ]
    channel = np.array(place, np.int64)[sensor.code]
    if (channel < 0).any():
        kept = channel >= 0
        time_s, value, channel = time_s[kept], value[kept], channel[kept]
    if np.any(np.diff(time_s) < 0):
        order = np.argsort(time_s, kind="stable")
        time_s, value, channel = time_s[order], value[order], channel[order]
    return UpdateChunk(time_s=time_s, channel=channel, value=value)
