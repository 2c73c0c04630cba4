"""Options for reading a series, and the handling of bad cells and rows."""

import warnings
from dataclasses import dataclass
from typing import Literal

from motifmine.errors import FormatError, MotifmineWarning, SpecError
from motifmine.records.wall_clock import find_time_zone

OnBad = Literal["fail", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOptions:
    """What the user specifies about a series; everything else is recognised from the file."""

    time_column: str | None = None
    """Name of the column of times; None: recognised."""
    columns: tuple[str, ...] | None = None
    """Names of the channels to read, in this order; None: every column of numbers."""
    time_format: str | None = None
    """`s`, `ms`, `us`, `ns` (numbers since the recording's second 0), `unix`, `unix-ms`, `unix-us`,
    `unix-ns` (numbers since 1970), `iso`, `clock` (HH:MM:SS) or a pattern of `datetime.strptime`;
    None: recognised."""
    time_zone: str | None = None
    """Zone of times without a zone, such as `Europe/Paris`; None: UTC."""
    rate_hz: float | None = None
    """Samples per second, > 0: times are sample numbers, or row numbers if there is no column of
    integer times. Ignored for sound files, which have a rate."""
    on_bad: OnBad = "fail"
    """`fail` raises on a bad cell or row; `skip` excludes it and warns."""
    delimiter: str | None = None
    """Character between cells of a text table; None: recognised."""
    decimal: str | None = None
    """`.` or `,`; None: recognised."""
    missing: tuple[str, ...] = ()
    """Further texts and numbers that mean a missing value, such as `-9999` and `No Data`; `none`
    among them keeps values that look like such markers, see `motifmine.io.series.cleaning`."""
    skip_rows: int = 0
    """Lines of a text table to pass over before its header, >= 0."""
    header_row: int | None = None
    """Line of a text table with the names of the columns, from 1; None: recognised."""
    is_events: bool | None = None
    """Whether the rows are events `time,label[,count]` and not samples; None: recognised."""
    long: tuple[str, ...] = ()
    """Columns of the long form: time, sensor, value; several of a sensor or of values with `+`.
    Empty: recognised."""
    sheet: str | None = None
    """Sheet of an Excel workbook; None: the first."""
    join: tuple[str, ...] = ()
    """Further files that are parts of the same recording."""
    n_bands: int = 40
    """Number of mel bands of sound, > 0."""
    hop_s: float = 0.01
    """Time between spectra of sound, seconds, > 0."""

    def __post_init__(self) -> None:
        if self.rate_hz is not None and not 0 < self.rate_hz < float("inf"):
            raise SpecError(f"rate_hz is {self.rate_hz}; samples per second must be positive")
        if self.on_bad not in ("fail", "skip"):
            raise SpecError(f"on_bad is {self.on_bad!r}; it must be 'fail' or 'skip'")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise SpecError(f"delimiter is {self.delimiter!r}; it must be one character")
        if self.decimal not in (None, ".", ","):
            raise SpecError(f"decimal is {self.decimal!r}; it must be '.' or ','")
        if self.delimiter is not None and self.delimiter == self.decimal:
            raise SpecError(f"delimiter and decimal are both {self.decimal!r}; they must differ")
        if self.skip_rows < 0 or (self.header_row is not None and self.header_row < 1):
            raise SpecError("skip_rows must be at least 0, and header_row at least 1")
        if self.long and len(self.long) != 3:
            raise SpecError(
                "long has the columns of time, sensor and value, such as time,tag,value"
            )
        if self.long and self.is_events:
            raise SpecError("rows are either events or, by --long, values of sensors")
        if self.columns is not None and not self.columns:
            raise SpecError("columns is empty; name at least one channel")
        if self.n_bands < 1 or not 0 < self.hop_s < float("inf"):
            raise SpecError("n_bands must be at least 1 and hop_s more than 0")
        if self.time_zone is not None:
            find_time_zone(self.time_zone)


class BadRows:
    """Handling of bad cells and rows: raise at the first, or exclude all and warn once."""

    def __init__(self, path: str, on_bad: OnBad) -> None:
        self.path = path
        self.skips = on_bad == "skip"
        self.n_bad = 0
        self.first = ""

    def note(self, where: str, problem: str) -> None:
        """Raise `FormatError`, or count the cell or row `where` as excluded."""
        if not self.skips:
            raise FormatError(
                f"{self.path}, {where}: {problem} (--on-bad skip excludes bad cells and rows)"
            )
        self.n_bad += 1
        self.first = self.first or f"{where}: {problem}"

    def warn(self) -> None:
        """Warn about excluded cells and rows, if there are any."""
        if self.n_bad:
            noun = "cell or row was" if self.n_bad == 1 else "cells or rows were"
            warnings.warn(
                f"{self.path}: {self.n_bad} bad {noun} excluded, the first at {self.first}",
                MotifmineWarning,
                stacklevel=2,
            )
