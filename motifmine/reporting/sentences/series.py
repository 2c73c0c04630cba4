"""Sentences on motifs of a series: 'flow_in rises, then pump2 high'."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError
from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import Channels
from motifmine.reporting.times import format_length
from motifmine.types import Floats

# a channel is named when its mass is at least this share of the heaviest channel's
LEAST_SHARE = 0.25
MOST_CHANNELS = 4
# channels whose moments lie closer, in units of the motif's length, are joined by "and"
TOGETHER = 0.12
ACTIVE_SHARE = 1 / 3  # a channel is active in a bin with this share of its largest mass
LEAST_REST = 2  # bins of a motif in which a channel must not be active to be compared with
# a channel differs from its rest by this share of its extent at least, otherwise it has no rest
LEAST_OF_EXTENT = 0.5
# kinds of channels by their number in the coding, see `motifmine.features.series.mixed`
MIXED_KINDS = ("rectified", "counts", "state", "", "steps")
# names of what two words say, see `_name_sides`
SIDES = ("high", "low", "falls", "rises")
CHANGES = ("rises", "falls", "rises and falls back", "falls and rises again")
ONE_SIDED = 0.8  # share of its mass on one side from which a channel is described as high or low


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPart:
    """Description of one channel in a motif."""

    channel: str
    verb: str
    """`rises`, `high`, ..."""
    moment: float
    """When it happens: mean relative time or, where raw values are known, begin, 0 to 1."""


def describe_channels(record: FitRecord, motif: int) -> str:
    """Return one sentence on the channels of a series in a motif.

    Raises `DataError` when the words of the fit are not those of a series.
    """
    layout = record.vocabulary.layout.series_channels()
    if layout is None:
        raise DataError(f"words of kind {record.vocabulary.kind} have no channels")
    phi = record.motifs.probability[motif].astype(np.float64)
    raw = None if record.segments is None else record.segments.mean[motif].astype(np.float64)
    return describe_series(phi, layout, record.bin_s, raw)


def describe_series(
    probability: Floats, layout: Channels, bin_s: float, raw: Floats | None = None
) -> str:
    """Return one sentence on the channels of a motif, in order of time.

    Parameters
    ----------
    probability : float array (L, W)
        One motif.
    """
    by_channel = probability.reshape(len(probability), len(layout.channels), layout.per_channel)
    mass = by_channel.sum(axis=(0, 2))
    if mass.sum() <= 0:
        return "Empty."
    if layout.words == "counts" and layout.is_sound:
        return _describe_sound(by_channel[:, :, 0], layout, bin_s)
    chosen = np.argsort(-mass, kind="stable")[:MOST_CHANNELS]
    chosen = chosen[mass[chosen] >= LEAST_SHARE * mass.max()]
    parts = sorted(
        (_describe_channel(by_channel[:, c], layout, int(c), bin_s, raw) for c in chosen),
        key=_moment,
    )
    sentence = ""
    for before, part in zip([None, *parts], parts, strict=False):
        joint = ""
        if before is not None:
            apart = part.moment - before.moment
            joint = " and "
            if apart >= TOGETHER:
                delay_s = apart * len(probability) * bin_s
                joint = ", then " if raw is None else f", {format_length(delay_s)} later "
        sentence += f"{joint}{part.channel} {part.verb}".rstrip()
    n_more = int(np.sum(mass >= LEAST_SHARE * mass.max())) - len(parts)
    more = f" (and {n_more} more channels)" if n_more > 0 else ""
    return f"{sentence}{more}."


def _moment(part: ChannelPart) -> float:
    return part.moment


def _describe_channel(
    steps: Floats, layout: Channels, channel: int, bin_s: float, raw: Floats | None
) -> ChannelPart:
    """Describe a channel by its words over relative time, array (L, per_channel)."""
    name, verb, kind = layout.channels[channel], "", layout.words
    if kind == "mixed":
        kind = MIXED_KINDS[int(layout.coding[channel, 0])]
    when = np.arange(len(steps)) @ steps.sum(axis=1) / max(float(steps.sum()), 1e-300)
    moment = float(when) / max(len(steps), 1)
    active = (steps if kind == "steps" else steps[:, :2]).sum(axis=1)
    is_active = active >= ACTIVE_SHARE * active.max()
    if kind == "levels":
        verb = _name_level(steps, layout, channel)
    elif kind == "changes":
        verb = _name_sides(steps, CHANGES)
    elif kind == "rectified":
        verb = _name_sides(steps[:, :2], SIDES)
        if raw is not None:
            verb = _add_amount(verb, raw[:, channel], is_active, layout, channel, bin_s)
    elif kind == "steps":
        verb = SIDES[0]
        if raw is not None and np.isfinite(raw[is_active, channel]).any():
            # bins without words may be between two levels: the lowest is nearest to rest
            extent = float(np.nanmax(raw[:, channel]) - np.nanmin(raw[:, channel]))
            unit = f" {layout.units[channel]}" if layout.units[channel] else ""
            length = format_length(int(is_active.sum()) * bin_s)
            verb = f"rises by {_round_off(extent)}{unit} for {length}"
    elif kind == "state":
        verb = _name_state(steps, bin_s)
        name = name.replace("=", " is ", 1) if "=" in name else f"{name} is on"
        if not verb.startswith("for"):
            name = layout.channels[channel]
    if raw is not None:
        moment = int(is_active.argmax()) / len(steps)
    return ChannelPart(channel=name, verb=verb, moment=moment)


def _name_state(steps: Floats, bin_s: float) -> str:
    """Return what a state does: it lasts, or only begins or ends where it is what is usual."""
    lasting, begins, ends = steps.sum(axis=0)
    if lasting < max(begins, ends) / 2:
        return "begins" if begins >= ends else "ends"
    n = int((steps[:, 0] >= ACTIVE_SHARE * steps[:, 0].max()).sum())
    return f"for {format_length(n * bin_s)}"


def _add_amount(
    verb: str,
    raw: Floats,
    is_active: NDArray[np.bool_],
    layout: Channels,
    channel: int,
    bin_s: float,
) -> str:
    """Return a verb with how much a channel moves, in its unit, and for how long."""
    known = raw[np.isfinite(raw)]
    unit = f" {layout.units[channel]}" if layout.units[channel] else ""
    if not len(known) or not np.isfinite(raw[is_active]).any():
        return verb
    if verb not in ("high", "low"):
        return f"{verb} by {_round_off(float(known.max() - known.min()))}{unit}"
    extreme = float(np.nanmax(raw[is_active]) if verb == "high" else np.nanmin(raw[is_active]))
    rest = raw[~is_active & np.isfinite(raw)]
    if len(rest) < LEAST_REST:
        # nothing to compare with within the motif
        return f"{verb} ({_round_off(extreme)}{unit})"
    amount = extreme - float(np.median(rest))
    way = "rises" if verb == "high" else "falls"
    extent = float(known.max() - known.min())
    if (amount if verb == "high" else -amount) < LEAST_OF_EXTENT * extent:
        # a course without return: the bins outside are on both sides of those inside
        way = "rises" if np.nanargmax(raw) > np.nanargmin(raw) else "falls"
        return f"{way} by {_round_off(extent)}{unit}"
    n = int(is_active.sum())
    return f"{way} by {_round_off(abs(amount))}{unit} for {format_length(n * bin_s)}"


def _round_off(value: float) -> str:
    """Format a number with two digits, or all those before the point."""
    return f"{float(f'{value:.2g}'):.10g}" if abs(value) < 100 else f"{value:.0f}"


def _measure_sides(steps: Floats) -> tuple[float, float, float]:
    """Return the share of the first word and the mean times of both, in units of the length."""
    up, down = steps[:, 0], steps[:, 1]
    time = (np.arange(len(steps)) + 0.5) / len(steps)
    share = float(up.sum() / max(float(up.sum() + down.sum()), 1e-300))
    when = [float(time @ part / max(float(part.sum()), 1e-300)) for part in (up, down)]
    return share, when[0], when[1]


def _name_sides(steps: Floats, names: tuple[str, str, str, str]) -> str:
    """Return a name by two words: only the first, only the second, first before second, after."""
    share, first, second = _measure_sides(steps)
    if share >= ONE_SIDED:
        return names[0]
    if share <= 1 - ONE_SIDED:
        return names[1]
    if abs(first - second) < TOGETHER:
        return "swings"
    return names[2] if first < second else names[3]


def _name_level(steps: Floats, layout: Channels, channel: int) -> str:
    third = max(1, len(steps) // 3)
    first, last = int(steps[:third].sum(axis=0).argmax()), int(steps[-third:].sum(axis=0).argmax())
    unit = f" {layout.units[channel]}" if layout.units[channel] else ""
    way = "at" if first == last else "rises to" if last > first else "falls to"
    edges = layout.coding[channel]
    low = edges[last - 1] if last else -np.inf
    high = edges[last] if last < len(edges) else np.inf
    if not np.isfinite(low):
        return f"{way} less than {high:.4g}{unit}"
    if not np.isfinite(high):
        return f"{way} {low:.4g}{unit} and more"
    return f"{way} {low:.4g} to {high:.4g}{unit}"


def _describe_sound(strength: Floats, layout: Channels, bin_s: float) -> str:
    """Return a sentence on the bands and the duration of a sound, from strengths (L, band)."""
    by_band = np.cumsum(strength.sum(axis=0)) / strength.sum()
    low, high = (int(np.searchsorted(by_band, share)) for share in (0.1, 0.9))
    by_time = np.cumsum(strength.sum(axis=1)) / strength.sum()
    first, last = (int(np.searchsorted(by_time, share)) for share in (0.05, 0.95))
    peak = int(strength.sum(axis=0).argmax())
    n_bins = last - first + 1
    return (
        f"Sound from {layout.channels[low]} to {layout.channels[high]}, most of it at "
        f"{layout.channels[peak]}, over {n_bins * bin_s:.3g} s."
    )
