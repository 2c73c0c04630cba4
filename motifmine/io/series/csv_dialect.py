"""Detection of the dialect of a text table: encoding, delimiter, decimal, header, column roles."""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from motifmine.errors import FormatError
from motifmine.io.series.column_names import MISSING, Roles
from motifmine.io.series.column_roles import choose_roles, describe_roles
from motifmine.io.series.compressed import open_bytes
from motifmine.io.series.header import HEAD_ROWS, MANY_ROWS, only_groups, parse_head
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.time_columns import choose_reading, read_first_time
from motifmine.io.series.time_formats import TimeReading, parse_iso

HEAD_BYTES = 1 << 18
DELIMITERS = ("\t", ";", "|", ",", " ")
MAGIC = {
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a ZIP archive (NPZ, XLSX, ...)",
    b"PAR1": "a Parquet file",
    b"RIFF": "a WAV or AVI file",
    b"fLaC": "a FLAC file",
    b"\x93NUMPY": "an NPY file",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"%PDF": "a PDF file",
}
FIELDS = re.compile(r"#\s*fields:?\s+", re.IGNORECASE)
END_OF_HEADER = "***End_of_Header***"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """Dialect of a text table."""

    path: str
    names: tuple[str, ...]
    """Names of all columns."""
    units: tuple[str, ...]
    roles: Roles
    reading: TimeReading
    first_time: int | float
    """Raw time of the first row."""
    delimiter: str
    decimal: str
    encoding: str
    offset: int
    """Bytes before the first row."""
    first_line: int
    """Line of the first row, counted from 1."""
    notes: tuple[str, ...]
    thousands: str = ""
    """Character between groups of three digits, "" for none."""
    missing: tuple[str, ...] = MISSING
    """Cells that mean a missing value."""
    head_lines: tuple[str, ...] = ()
    """Lines of the header, which files that were put together repeat among their rows."""


def detect_dialect(path: Path, options: SeriesOptions) -> TextTable:
    """Detect the dialect of the text table at `path`.

    Raises `FormatError` if the file is empty, is not text, or has no rows; `DataError` if the time
    column or a column that `options` name cannot be found.
    """
    text, encoding, mark = _read_head(path)
    lines = text.split("\n")
    n_before = _count_lines_before(lines, options)
    delimiter = options.delimiter or _detect_delimiter(lines[n_before : n_before + HEAD_ROWS])
    comments = [line for line in lines[:n_before] if line.strip()]
    # NumPy's savetxt writes names of columns as the last comment, web servers and Zeek as fields
    fields = (line for line in comments if FIELDS.match(line))
    names = FIELDS.sub("", next(fields, comments[-1] if comments else "")).lstrip("#% ")
    comment = split_line(names, delimiter) if names else []
    rows = [
        [] if line.startswith("#") else split_line(line, delimiter)
        for line in lines[n_before : n_before + HEAD_ROWS]
    ]
    decimal = options.decimal or _detect_decimal(rows, delimiter)
    missing = (*MISSING, *options.missing)
    head = parse_head(
        str(path),
        rows,
        comment,
        decimal,
        missing=missing,
        starts_with_names=options.header_row is not None,
    )
    roles = choose_roles(head, options)
    reading = choose_reading(head, roles, options)
    n_skipped = n_before + head.n_skipped
    delimiter_name = {"\t": "tabs", " ": "blanks"}.get(delimiter, f"'{delimiter}'")
    form = f"cells are separated by {delimiter_name}, the decimal is '{decimal}'"
    if head.thousands:
        form += f", thousands are separated by '{head.thousands}'"
    preamble = (f"lines before the header that are not read: {head.n_preamble}",)
    named = lines[n_before + head.n_preamble : n_skipped] if head.has_names else []
    return TextTable(
        path=str(path),
        names=head.names,
        units=head.units,
        roles=roles,
        reading=reading,
        first_time=read_first_time(head, roles, reading),
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        offset=mark + sum(len(line.encode(encoding)) + 1 for line in lines[:n_skipped]),
        first_line=n_skipped + 1,
        notes=(
            f"{form}, {'the header names the columns' if head.has_names else 'without header'}",
            *(preamble if head.n_preamble else ()),
            *describe_roles(head, roles, reading),
        ),
        thousands=head.thousands,
        missing=missing,
        head_lines=tuple(line.strip() for line in named if line.strip()),
    )


def split_line(line: str, delimiter: str) -> list[str]:
    """Split a line into cells, stripped of blanks."""
    line = line.rstrip("\r\n")
    if delimiter == " ":
        return line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _count_lines_before(lines: list[str], options: SeriesOptions) -> int:
    """Return the number of lines before the table: comments, or those that the user names."""
    if options.header_row is not None:
        return min(options.header_row - 1, len(lines))
    start = min(options.skip_rows, len(lines))
    # LabVIEW writes one header of the file and one of the channels
    ends = (i for i in range(len(lines) - 1, start - 1, -1) if lines[i].startswith(END_OF_HEADER))
    start = next(ends, start - 1) + 1
    here = (i for i, line in enumerate(lines[start:], start) if not _is_preamble(line))
    return next(here, len(lines))


def _is_preamble(line: str) -> bool:
    """Return whether a line before the table is empty, a comment, or Excel's `sep=` line."""
    return not line.strip() or line.startswith(("#", "%")) or line.lower().startswith("sep=")


def _read_head(path: Path) -> tuple[str, str, int]:
    """Return the first complete lines, their encoding, and the length of a byte order mark."""
    try:
        with open_bytes(path) as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}") from error
    if not head.strip():
        raise FormatError(f"{path} is empty; expected a table of text")
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise FormatError(f"{path} is {what}; expected a table of text, as its name says")
    if b"\0" in head:
        raise FormatError(f"{path} is not text; expected a table of text, as its name says")
    if b"\r" in head and b"\n" not in head:
        raise FormatError(f"{path} ends its lines with CR alone; save it with LF or CR LF")
    mark = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    if len(head) == HEAD_BYTES and b"\n" in head:
        # the last line may be cut within a character
        head = head[: head.rindex(b"\n")]
    try:
        return head[mark:].decode("utf-8"), "utf-8", mark
    except UnicodeDecodeError:
        # never fails: loggers of all countries differ only in names and units
        return head.decode("latin-1"), "latin-1", 0


def _detect_delimiter(lines: list[str]) -> str:
    """Return the first delimiter that splits most lines into the same number of cells."""
    rows = [line for line in lines if line.strip()]
    if len(rows) >= MANY_ROWS:
        rows = rows[len(rows) // 2 :]  # lines about the file have other cells
    for delimiter in DELIMITERS:
        # a single column of times such as `2026-03-01 10:00:00` is not a table of two columns
        if delimiter == " " and any(parse_iso(row.strip()) for row in rows):
            continue
        n_cells = Counter(len(split_line(row, delimiter)) for row in rows)
        usual, n_lines = n_cells.most_common(1)[0] if n_cells else (1, 0)
        # not all: texts in cells may hold the delimiter, and rows may be cut off
        if usual > 1 and n_lines >= 0.6 * len(rows):
            return delimiter
    return ","


def _detect_decimal(rows: list[list[str]], delimiter: str) -> str:
    """Return "," if there are more cells such as 0,5 than such as 0.5."""
    if delimiter != "," and only_groups(rows, "."):
        return ","
    if only_groups(rows, ","):
        return "."
    cells = [cell for row in rows for cell in row]
    # counted, because dates and texts also hold points and commas
    commas, points = (
        sum(bool(re.fullmatch(form, cell)) for cell in cells)
        for form in (
            r"[+-]?(\d*|\d{1,3}([.'\s]\d{3})+),\d+([eE][+-]?\d+)?",
            r"[+-]?(\d*|\d{1,3}([,'\s]\d{3})+)\.\d+([eE][+-]?\d+)?",
        )
    )
    return "," if delimiter != "," and commas > points else "."
