"""Names of columns: which are times, labels or counts, and which units they give."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from motifmine.errors import DataError

# cells that mean a missing value, of loggers, spreadsheets and home automation. Not a literal nan,
# which is the result of a computation (NAN is how Campbell loggers write a missing value).
MISSING = (
    *("", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "NAN", "-", "--", "---"),
    *("No Data", "no data", "NoData", "unavailable", "unknown", "missing"),
)

TIME_NAMES = frozenset(
    {
        *("time", "times", "t", "timestamp", "timestamps", "ts", "datetime", "date_time", "date"),
        *("utc", "seconds", "sec", "secs", "s", "ms", "us", "epoch", "unixtime", "clock", "when"),
        *("elapsed", "x_value"),
        *("onset", "onsets", "start", "begin", "spike", "spikes", "spike_times", "spiketimes"),
        *("zeit", "datum", "zeitstempel", "uhrzeit", "temps", "heure", "horodatage"),
        *("tiempo", "fecha", "data_ora", "tijd", "tid", "datenum", "jd", "mjd"),
    }
)
# names of columns that are parts of a time, and their least and largest values
DATE_PARTS: dict[str, tuple[frozenset[str], int, int]] = {
    "year": (frozenset({"year", "years", "yr", "yyyy", "jahr"}), 1900, 2200),
    "month": (frozenset({"month", "months", "mon", "mo", "monat"}), 1, 12),
    "day": (frozenset({"day", "days", "dd", "tag"}), 1, 31),
    "hour": (frozenset({"hour", "hours", "hr", "hh", "stunde"}), 0, 23),
    "minute": (frozenset({"minute", "minutes"}), 0, 59),
    "second": (frozenset({"second", "seconds", "sec"}), 0, 60),
}
# names of columns that may number the samples
COUNT_NAMES = frozenset(
    {
        *("index", "idx", "sample", "samples", "frame", "row", "n", "no", "nr", ""),
        *("record", "rn", "recno", "recnum", "recnbr", "#"),
    }
)
LABEL_NAMES = frozenset(
    {
        *("label", "labels", "neuron", "neurons", "unit", "units", "unit_id", "cell", "cell_id"),
        *("event", "events", "event_type", "word", "class", "category", "kind", "name", "type"),
        *("code", "channel", "sensor", "state", "message", "id", "drum", "note"),
        *("behavior", "behaviour", "annotation", "text", "activity", "tier"),
    }
)
# names of columns that say which sensor a row of the long form is of
SENSOR_NAMES = frozenset(
    {
        *("sensor", "sensor_id", "sensor name", "sensor_name", "entity", "entity_id", "variable"),
        *("metric", "channel", "tag", "tagname", "tag name", "name", "item", "point", "parameter"),
        *("signal", "device", "device_id", "field", "_field", "_measurement", "topic", "series"),
        *("id", "key", "source", "node", "register", "quantity"),
    }
)
# names of columns of its value
VALUE_NAMES = frozenset(
    {
        *("value", "values", "val", "_value", "state", "reading", "wert", "valeur", "valor"),
        *("amount", "data", "v"),
    }
)
# words in names of columns that say what or whom the values of a row are of
SENDER_WORDS = frozenset(
    {
        *(
            "sensor",
            "device",
            "machine",
            "host",
            "hostname",
            "instance",
            "server",
            "node",
            "entity",
        ),
        *("station", "site", "location", "place", "room", "zone", "area", "building", "floor"),
        *("asset", "equipment", "engine", "turbine", "pump", "meter", "inverter", "robot", "tag"),
        *(
            "vehicle",
            "car",
            "bus",
            "truck",
            "ship",
            "vessel",
            "aircraft",
            "city",
            "region",
            "plant",
        ),
        *("person", "subject", "patient", "participant", "animal", "individual", "player", "well"),
    }
)
# texts that say how something is, and name nothing
STATE_TEXTS = frozenset(
    {
        *("on", "off", "open", "closed", "opened", "true", "false", "yes", "no", "high", "low"),
        *("running", "stopped", "idle", "active", "inactive", "standby", "auto", "manual", "ok"),
        *("start", "stop", "up", "down", "home", "away", "occupied", "empty", "fault", "normal"),
    }
)
NUMBERING_WORDS = frozenset({"id", "no", "nr", "num", "number", "name", "code", "key"})
# columns of texts that may change from row to row of one sensor
REMARK_NAMES = frozenset(
    {
        *("quality", "status", "flag", "flags", "unit", "units", "uom", "comment", "comments"),
        *("remark", "remarks", "note", "notes", "attributes", "user", "context", "message"),
        *("quality_code", "qualifier", "qc", "valid", "source", "origin", "method", "type"),
    }
)
START_WORDS = frozenset({"start", "begin", "onset", "from"})
END_WORDS = frozenset({"end", "ends", "stop", "offset", "until", "ende", "fin", "finish"})
DURATION_NAMES = frozenset({"duration", "dur", "dauer", "durée", "duración"})
WEIGHT_NAMES = frozenset({"count", "counts", "weight", "n", "amount", "number", "mass"})
UNIT = re.compile(
    r"^(?P<name>.*\S)"
    r"(?:\s*\[(?P<a>[^\[\]]*)\]|\s*\((?P<b>[^()]{1,8})\)|(?:,|\s+in)\s+(?P<c>\S{1,8}))$"
)
# units recognised in parentheses; in square brackets any text is a unit
PLAIN_UNITS = frozenset(
    {
        *("s", "sec", "ms", "us", "µs", "ns", "min", "h", "Hz", "kHz", "rpm", "bpm", "dB"),
        *("V", "mV", "uV", "µV", "A", "mA", "W", "kW", "kWh"),
        *("°C", "C", "F", "°F", "K", "%", "ppm"),
        *("m", "mm", "cm", "km", "m/s", "m/s2", "m/s²", "km/h", "mph", "g", "kg", "N", "Nm", "deg"),
        *("°", "rad", "rad/s", "Pa", "hPa", "kPa", "bar", "mbar", "mmHg", "lx", "l", "l/min"),
        *("m3/h", "Wh", "MW", "VA", "kVA", "lux", "l/h", "m³/h", "µm", "ml"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Role of every column; indices count from 0."""

    time: int | None
    """Times; None if rows are numbered."""
    values: tuple[int, ...]
    """Channels; empty for events."""
    label: int | None = None
    """Label of events; None if all events are of one kind."""
    weight: int | None = None
    """Count of events; None if each counts 1."""
    clock: int | None = None
    """Time of day, if the column of times has dates only."""
    date_parts: tuple[int, ...] = ()
    """Year (which is `time`), month and day, with the hour, minute and second that there are. Empty
    if a time is in one column, or two."""
    is_events: bool = False
    """Whether rows are events."""
    end: int | None = None
    """Ends of events, or their durations; None if they have neither."""
    is_duration: bool = False
    """Whether `end` has durations."""
    sensors: tuple[int, ...] = ()
    """Columns that say which sensor a row is of; each of `values` is a channel of it. Empty if
    rows have all channels."""
    states: tuple[int, ...] = ()
    """Columns of text that is a state, such as on and off."""

    @property
    def is_long(self) -> bool:
        """Whether a row has the values of one sensor."""
        return bool(self.sensors)

    @property
    def singles(self) -> tuple[int, ...]:
        """Columns of times, labels, ends and counts."""
        found = (self.time, self.clock, *self.date_parts[1:], self.label, self.weight, self.end)
        return tuple(index for index in found if index is not None)


def normalise_name(name: str) -> str:
    """Return a column's name in lower case without its unit, for comparisons."""
    short = re.sub(r"\s*[\[(].*$", "", name.strip().lower())
    return re.sub(
        r"[_\s.](s|sec|secs|seconds|ms|us|ns|min|minutes|h|hours|utc|local|unix)$", "", short
    )


def is_time_name(name: str) -> bool:
    """Return whether a column of this name contains times."""
    plain = normalise_name(name)
    words = re.split(r"[_\s./-]+", plain)
    return plain in TIME_NAMES or not {words[0], words[-1]}.isdisjoint(
        {"time", "timestamp", "elapsed"}
    )


def names_moment(name: str, words: frozenset[str]) -> bool:
    """Return whether a column is called by one of `words`, as `end time` and `time_end` are."""
    parts = re.split(r"[_\s./-]+", normalise_name(name))
    said = set(parts) - {"time", "date", "at", "datetime", "timestamp"}
    return bool(said) and said <= words


def is_sender_name(name: str, *, has_number: bool = False) -> bool:
    """Return whether a column says what the values of a row are of, as host and machineID do.

    With `has_number` only if the name says that it numbers them, as `room_no` does.
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()).lower()
    parts = re.split(r"[_\s./-]+", words)
    nouns = [part for part in parts if part not in NUMBERING_WORDS]
    is_numbered = len(nouns) < len(parts)
    is_sender = not nouns or nouns[-1] in SENDER_WORDS
    return is_sender and (is_numbered or not has_number)


def split_unit(name: str) -> tuple[str, str]:
    """Split names such as `speed [km/h]` or `t (s)` into name and unit."""
    match = UNIT.match(name.strip())
    plain = match and (match["b"] or match["c"])
    if not match or (plain and plain not in PLAIN_UNITS):
        return name.strip(), ""
    return match["name"], match["a"] or plain or ""


def split_units(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split names and units of columns; names keep their units if they are not distinct without."""
    bare, units = zip(*(split_unit(name) for name in names), strict=True)
    # `T [C]` and `T [F]` are two channels
    wanted = bare if len(set(bare)) == len(bare) else names
    return make_distinct(wanted), units


def make_distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Make names distinct: number empty and repeated ones."""
    found: list[str] = []
    for index, name in enumerate(names, start=1):
        wanted = name.strip() or f"column {index}"
        twin = 2
        distinct = wanted
        while distinct in found:
            distinct = f"{wanted} ({twin})"
            twin += 1
        found.append(distinct)
    return tuple(found)


def find_column(names: Sequence[str], name: str, path: str, option: str) -> int:
    """Return the index of a column by its name, with or without its unit.

    Raises `DataError` if there is no such column.
    """
    if name in names:
        return names.index(name)
    bare = split_unit(name)[0]
    if bare in names:
        return names.index(bare)
    listed = ", ".join(repr(other) for other in names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    raise DataError(f"{path} has no column {name!r} ({option}); it has {listed}{more}")
