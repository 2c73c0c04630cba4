"""The first rows of a table as text: header, units, and kinds of cells."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from motifmine.errors import FormatError
from motifmine.io.series.column_names import MISSING, split_units
from motifmine.io.series.time_formats import parse_clock, parse_iso, parse_number

HEAD_ROWS = 100
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

    def column(self, index: int) -> list[str]:
        """Return the cells of one column."""
        return [row[index] for row in self.rows if len(row) > index]

    def numbers(self, index: int) -> list[float | None]:
        """Return the cells of one column as numbers, None where a cell is not a number."""
        return [parse_number(cell, self.decimal) for cell in self.column(index)]

    def is_text(self, index: int) -> bool:
        """Return whether a column has cells that are not empty, and none of them is a number."""
        full = [cell for cell in self.column(index) if cell not in MISSING]
        return bool(full) and not any(is_number(cell, self.decimal) for cell in full)


def is_number(cell: str, decimal: str) -> bool:
    """Return whether a cell is meant as a number, including bad ones such as nan and 1.234,5."""
    if parse_number(cell, decimal) is not None or cell.lower().lstrip("+-") in NOT_FINITE:
        return True
    return re.fullmatch(r"[+-]?\d[\d.,]*([eE][+-]?\d+)?", cell) is not None


def is_data(cell: str, decimal: str) -> bool:
    """Return whether a cell contains data rather than a name."""
    return (
        is_number(cell, decimal)
        or cell in MISSING
        or parse_iso(cell) is not None
        or parse_clock(cell) is not None
        or re.fullmatch(r"[\d./:\- ]{6,}", cell) is not None
    )


def ascends(numbers: Sequence[float | None], *, strictly: bool) -> bool:
    """Return whether there are at least two numbers, in ascending order."""
    known = [number for number in numbers if number is not None]
    if len(known) < 2 or len(known) < len(numbers):
        return False
    return all(b > a or (not strictly and b == a) for a, b in pairwise(known))


def parse_head(path: str, lines: list[list[str]], comments: list[str], decimal: str) -> Head:
    """Parse the head of a text table.

    Parameters
    ----------
    path : str
        For messages.
    lines : list of rows of cells
        Lines from the first one that is neither empty nor a comment.
    comments : list of cells
        Cells of the comment before them, which may be the header.
    decimal : str

    Raises
    ------
    FormatError
        If there are no rows, or if header and rows differ in the number of cells.
    """
    rows = list(lines)
    full = [row for row in rows if any(row)]
    if not full:
        raise FormatError(f"{path} has no rows, only comments")
    n_skipped = 0
    names: list[str] = []
    if _is_header(full[0], full[1:], decimal):
        names, n_skipped = rows[0], 1
    elif len(comments) == len(full[0]) and not any(is_data(cell, decimal) for cell in comments):
        names = comments
    has_names = bool(names)
    names = names or [f"column {index + 1}" for index in range(_count_cells(full))]
    distinct, units = split_units(names)
    if _is_unit_row(rows[n_skipped:], decimal):
        units = tuple(cell.strip("[]()") for cell in rows[n_skipped])
        n_skipped += 1
    data = [row for row in rows[n_skipped:] if any(row)]
    if not data:
        raise FormatError(f"{path} has a header and no rows")
    if len(names) != _count_cells(data):
        raise FormatError(
            f"{path}: the header has {len(names)} cells ({', '.join(map(repr, names[:5]))}, ...), "
            f"the rows have {_count_cells(data)}; give every column a name"
        )
    return Head(
        path=path,
        names=distinct,
        units=units,
        rows=data,
        has_names=has_names,
        decimal=decimal,
        n_skipped=n_skipped,
    )


def _count_cells(rows: list[list[str]]) -> int:
    """Return the most frequent number of cells."""
    return Counter(len(row) for row in rows).most_common(1)[0][0]


def _is_header(first: list[str], rest: list[list[str]], decimal: str) -> bool:
    """Return whether the first line has names: text above data, or only text."""
    below = [row for row in rest[:5] if any(row)]
    for index, cell in enumerate(first):
        column = [row[index] for row in below if len(row) > index]
        if column and not is_data(cell, decimal) and is_data(column[-1], decimal):
            return True
    return not any(is_data(cell, decimal) for cell in first)


def _is_unit_row(rows: list[list[str]], decimal: str) -> bool:
    """Return whether the row after the header has units: short text above data."""
    if len(rows) < 2 or len(rows[0]) != len(rows[1]):
        return False
    pairs = [(a, b) for a, b in zip(rows[0], rows[1], strict=True) if b not in MISSING]
    return bool(pairs) and all(
        not is_data(a, decimal) and is_data(b, decimal) and len(a) <= 12 for a, b in pairs
    )
