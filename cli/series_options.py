"""Options of `extract` for series of sensors, sounds and lists of events."""

from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import click

from .options import DURATION

if TYPE_CHECKING:
    from motifmine.durations import Duration
    from motifmine.features.series.survey import SeriesSettings

OPTIONS = (
    click.option(
        "--words",
        type=click.Choice(["auto", "counts", "rectified", "levels", "changes", "events"]),
        help="Coding of the values of a series into words.  [default: auto, by the data]  For "
        "video, changes: foreground per cell without direction, for time-lapse.",
    ),
    click.option("--levels", "n_levels", type=int, help="Levels of a channel.  [default: 5]"),
    click.option("--time-column", help="Column of the times.  [default: recognised]"),
    click.option("--columns", help="Channels to read: a,b,c.  [default: all numeric ones]"),
    click.option(
        "--time-format",
        help="s, ms, us, ns, unix, unix-ms, excel, matlab, jd, mjd, iso, clock or a pattern like "
        "'%d.%m.%Y %H:%M'.  [default: recognised]",
    ),
    click.option(
        "--missing", help="Further markers of missing values: -9999,'No Data'; none: no guess."
    ),
    click.option("--skip-rows", type=int, help="Lines before the header of a text table."),
    click.option("--sheet", help="Sheet of an Excel workbook.  [default: the first]"),
    click.option("--header-row", type=int, help="Line of the names of a text table, from 1."),
    click.option("--time-zone", help="Zone of local times: Europe/Paris.  [default: UTC]"),
    click.option(
        "--max-gap",
        type=DURATION,
        help="Longer gaps, or jumps of the time stamps of a video, begin a new document.  "
        "[default: 10s for video, ten bins for series]",
    ),
    click.option(
        "--hold",
        help="Values sent on change hold until the next: auto, off, or for at most 6h.  "
        "[default: auto]",
    ),
    click.option(
        "--detrend",
        type=click.Choice(["auto", "off"]),
        help="Whether drift and daily rhythm of measurements are taken out, where they are apart "
        "from what is faster.  [default: auto]",
    ),
    click.option(
        "--long",
        help="Columns of the long form: time,sensor,value; several of one role: host+room.  "
        "[default: recognised]",
    ),
    click.option(
        "--join", is_flag=True, default=None, help="All series are parts of one recording."
    ),
    click.option("--document", type=DURATION, help="Longest document: 1h."),
    click.option(
        "--on-bad",
        type=click.Choice(["fail", "skip"]),
        help="Refuse series with invalid rows, or skip these rows.  [default: fail]",
    ),
    click.option("--bands", "n_bands", type=int, help="Mel bands of sound.  [default: 40]"),
)

CODING = ("words", "n_levels")
READING = (
    "time_column",
    "time_format",
    "time_zone",
    "on_bad",
    "n_bands",
    "skip_rows",
    "header_row",
    "sheet",
)
LISTS = ("columns", "missing", "long")


def series_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept the options of series."""
    # decorators apply from the last to the first
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def take_series_settings(
    given: MutableMapping[str, Any], bin_length: "Duration | None", seed: int
) -> "SeriesSettings":
    """Return the settings of series, and remove the options that do not concern video."""
    from motifmine.durations import Duration
    from motifmine.features.series.coding import CodingSpec
    from motifmine.features.series.survey import SOUND_HOP_S, SeriesSettings
    from motifmine.io.series.options import SeriesOptions

    coding = {name: given.pop(name) for name in CODING if name in given}
    reading = {name: given.pop(name) for name in READING if name in given}
    for name in LISTS:
        if name in given:
            parts = given.pop(name).split(",")
            reading[name] = tuple(part.strip() for part in parts if part.strip())
    # left in `given`: it is the rate of frames of a video, too
    if "rate_hz" in given:
        reading["rate_hz"] = given["rate_hz"]
    bin_s = None if bin_length is None else bin_length.seconds(1.0)
    gap, document = (_seconds(given.pop(name, None), bin_s) for name in ("max_gap", "document"))
    # a word or a length in one option: click has no type for both
    hold = given.pop("hold", "auto")
    if hold not in ("auto", "off"):
        hold = _seconds(Duration.parse(hold), bin_s)
    return SeriesSettings(
        coding=CodingSpec(**coding),
        # the default of the options that are replaced here
        options=SeriesOptions(hop_s=SOUND_HOP_S, **reading),
        bin_s=bin_s,
        max_gap_s=gap,
        document_s=document,
        hold=hold,
        detrend=given.pop("detrend", "auto"),
        join=bool(given.pop("join", False)),
        seed=seed,
    )


def _seconds(length: "Duration | None", bin_s: float | None) -> float | None:
    """Return a duration in seconds; in bins only where their length is given, too."""
    from motifmine.errors import SpecError

    if length is None:
        return None
    if length.unit == "bins" and bin_s is None:
        raise SpecError(f"{length.value:g}bins needs --bin; or give the length in s, min or h")
    return length.seconds(bin_s or 1.0)
