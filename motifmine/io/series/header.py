"""The first rows of a table as text: header, units, and kinds of cells."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from motifmine.errors import FormatError
from motifmine.io.series.column_names import MISSING, split_units
from motifmine.io.series.time_formats import is_grouped, parse_clock, parse_iso, parse_number

HEAD_ROWS = 100
MANY_ROWS = 8
LONGEST_UNIT = 12  # characters of a unit, or of the abbreviation of how a value was made
THOUSANDS = (",", ".", "'", "\u00a0", "\u202f", " ")
NOT_FINITE = ("nan", "inf", "infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first rows of a table, split into cells."""

    path: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    """One per column, "" if unknown."""
    rows: list[list[str]]
    has_names: bool
    """Whether the file names its columns."""
    decimal: str = "."
    n_skipped: int = 0
    """Lines before the first row."""
    n_preamble: int = 0
    """Lines of these before the header, which are about the file."""
    thousands: str = ""
    """Character between groups of three digits, "" for none."""
    missing: tuple[str, ...] = MISSING
    """Cells that mean a missing value."""

    def column(self, index: int) -> list[str]:
        """Return the cells of one column."""
        return [row[index] for row in self.rows if len(row) > index]

    def numbers(self, index: int) -> list[float | None]:
        """Return the cells of one column as numbers, None where a cell is not a number."""
        return [parse_number(cell, self.decimal, self.thousands) for cell in self.column(index)]

    def is_text(self, index: int) -> bool:
        """Return whether a column has cells that are not empty, and none of them is a number."""
        full = [cell for cell in self.column(index) if cell not in self.missing]
        return bool(full) and not any(
            is_number(cell, self.decimal)
            or parse_number(cell, self.decimal, self.thousands) is not None
            for cell in full
        )

    def is_phantom(self, index: int) -> bool:
        """Return whether a column has no name and no cell: one after a delimiter at line ends."""
        is_unnamed = self.has_names and self.names[index] == f"column {index + 1}"
        return is_unnamed and not any(self.column(index))


def is_number(cell: str, decimal: str) -> bool:
    """Return whether a cell is meant as a number, including bad ones such as nan and 1.234,5."""
    if parse_number(cell, decimal) is not None or cell.lower().lstrip("+-") in NOT_FINITE:
        return True
    # 10.0.0.2 is an address
    is_address = cell.count(".") == 3 and "," not in cell
    return not is_address and re.fullmatch(r"[+-]?\d[\d.,]*([eE][+-]?\d+)?", cell) is not None


def is_data(cell: str, decimal: str) -> bool:
    """Return whether a cell contains data rather than a name."""
    return (
        is_number(cell, decimal)
        or cell in MISSING
        or parse_iso(cell) is not None
        or parse_clock(cell) is not None
        or re.fullmatch(r"[\d./:\- ]{6,}", cell) is not None
    )


def _is_moment(cell: str) -> bool:
    return ("-" in cell[1:] and parse_iso(cell) is not None) or parse_clock(cell) is not None


def ascends(numbers: Sequence[float | None], *, strictly: bool) -> bool:
    """Return whether there are at least two numbers, in ascending order."""
    known = [number for number in numbers if number is not None]
    if len(known) < 2 or len(known) < len(numbers):
        return False
    return all(b > a or (not strictly and b == a) for a, b in pairwise(known))


def parse_head(
    path: str,
    lines: list[list[str]],
    comments: list[str],
    decimal: str,
    *,
    missing: tuple[str, ...] = MISSING,
    starts_with_names: bool = False,
) -> Head:
    """Parse the head of a text table: a preamble, names, units and further lines above the data.

    Parameters
    ----------
    path : str
        For messages.
    lines : list of rows of cells
        Lines from the first one that is neither empty nor a comment.
    comments : list of cells
        Cells of the comment before them, which may be the header.
    missing : tuple of str
        Cells that mean a missing value.
    starts_with_names : bool
        Whether the first line has the names, as the user says.

    Raises
    ------
    FormatError
        If there are no rows, or if header and rows differ in the number of cells.
    """
    full = [index for index, row in enumerate(lines) if any(row)]
    if not full:
        raise FormatError(f"{path} has no rows, only comments")
    # the table is what most lines look like; the preamble is what does not
    width = count_cells([lines[index] for index in full])
    n_preamble = 0 if starts_with_names else _find_header(lines, full, width, decimal)
    rows = lines[n_preamble:]
    below = [row for row in rows[1:] if any(row)]
    n_skipped, names, units = 0, [], None
    if starts_with_names or _is_header(rows[0], below, decimal):
        names, n_skipped = rows[0], 1
        while (row := _find_further_line(rows, n_skipped, decimal)) is not None:
            # a line below the units says how the logger made the values: average, sample
            units = units or tuple(cell.strip("[]()") for cell in row)
            n_skipped += 1
    elif len(comments) == len(rows[0]) and not any(is_data(cell, decimal) for cell in comments):
        names = comments
    data = [row for row in rows[n_skipped:] if any(row)]
    if not data:
        raise FormatError(f"{path} has a header and no rows")
    n_cells = count_cells(data)
    has_names = bool(names)
    names = list(names) or [f"column {index + 1}" for index in range(n_cells)]
    if len(names) == n_cells - 1 and not any(row[-1] for row in data if len(row) == n_cells):
        names.append("")  # the rows end with a delimiter, the header does not
    if len(names) != n_cells:
        raise FormatError(
            f"{path}: the header has {len(names)} cells ({', '.join(map(repr, names[:5]))}, ...), "
            f"the rows have {n_cells}; give every column a name, or give the line of the names "
            "with --header-row"
        )
    distinct, units_of_names = split_units(names)
    if units is not None and len(units) != n_cells:
        units = (*units, *("",) * n_cells)[:n_cells]
    return Head(
        path=path,
        names=distinct,
        units=units or units_of_names,
        rows=data,
        has_names=has_names,
        decimal=decimal,
        n_skipped=n_preamble + n_skipped,
        n_preamble=n_preamble,
        thousands=find_thousands(data, decimal),
        missing=missing,
    )


def _find_header(lines: list[list[str]], full: list[int], width: int, decimal: str) -> int:
    """Return the index of the header if lines of other widths are above it, else 0."""
    if len(lines[full[0]]) == width:
        return 0
    # one less, if no line has as many: rows that end with a delimiter have an empty cell more
    for n_cells in (width, width - 1):
        for place, index in enumerate(full[1:], start=1):
            below = [lines[other] for other in full[place + 1 :]]
            if len(lines[index]) == n_cells and below:
                if _is_header(lines[index], below, decimal):
                    return index
                break
    return 0


def _find_further_line(rows: list[list[str]], index: int, decimal: str) -> list[str] | None:
    """Return the row `index` if it belongs to the head: units, or how values were made.

    It has short text above every column of data, or nothing (a time has no unit).
    """
    if index + 1 >= len(rows) or len(rows[index]) != len(rows[index + 1]):
        return None
    # the first rows may be all missing values
    below = next((row for row in rows[index + 1 : index + 6] if _has_data(row, decimal)), None)
    if below is None or len(below) != len(rows[index]):
        return None
    above = [cell for cell, under in zip(rows[index], below, strict=True) if under not in MISSING]
    # a dash is the unit of what has none
    said = [cell for cell in above if cell not in MISSING]
    is_head = bool(said) and all(not is_data(c, decimal) and _may_be_unit(c) for c in said)
    return rows[index] if is_head else None


def _may_be_unit(cell: str) -> bool:
    """Return whether a cell is a unit, or how a time is written: `yyyy-mm-dd hh:mm:ss`."""
    return len(cell) <= LONGEST_UNIT or re.fullmatch(r"[ymdhstz :./-]+", cell.lower()) is not None


def _has_data(row: list[str], decimal: str) -> bool:
    return any(cell not in MISSING and is_data(cell, decimal) for cell in row)


def find_thousands(rows: list[list[str]], decimal: str) -> str:
    """Return the character between groups of three digits, "" if no cell has one."""
    cells = {cell for row in rows for cell in row}
    for mark in THOUSANDS:
        # 1,000 alone may also be a decimal comma with three digits
        short = 0 if mark not in ".," or only_groups(rows, mark) else len("1,000")
        if mark != decimal and any(
            len(cell) > short and is_grouped(cell, decimal, mark) for cell in cells
        ):
            return mark
    return ""


def only_groups(rows: list[list[str]], mark: str) -> bool:
    """Return whether a point or comma groups whole numbers, as in 950, 1.002, 1.054.

    A decimal point would not always be followed by three digits, and numbers that reach hundreds
    without one would not fall to a few as soon as they have one.
    """
    short = re.compile(rf"[+-]?[1-9]\d?{re.escape(mark)}\d{{3}}")
    found = False
    for column in zip_longest(*rows, fillvalue=""):
        marked = [cell for cell in column if mark in cell and is_number(cell, ".")]
        if not all(short.fullmatch(cell) for cell in marked):
            return False
        whole = [int(cell) for cell in column if re.fullmatch(r"[+-]?\d{1,9}", cell)]
        largest = max(map(abs, whole), default=0)
        found |= len(marked) > 1 and len(whole) > 1 and 100 <= largest < 1000
    return found


def count_cells(rows: list[list[str]]) -> int:
    """Return the most frequent number of cells, in the second half of many rows.

    A long preamble is in the first half.
    """
    later = rows[len(rows) // 2 :] if len(rows) >= MANY_ROWS else rows
    return Counter(len(row) for row in later).most_common(1)[0][0]


def _is_header(first: list[str], rest: list[list[str]], decimal: str) -> bool:
    """Return whether the first line has names: text above data, or only text."""
    below = [row for row in rest[:5] if any(row)]
    for index, cell in enumerate(first):
        column = [row[index] for row in below if len(row) > index]
        # no name is a moment above others
        if _is_moment(cell) and any(map(_is_moment, column)):
            return False
    for index, cell in enumerate(first):
        column = [row[index] for row in below if len(row) > index]
        n_data = sum(is_data(under, decimal) for under in column)
        if 2 * n_data > len(column) and not is_data(cell, decimal):
            return True
    return not any(is_data(cell, decimal) for cell in first)
