"""Aligned tables of plain text, for terminals."""

import re
from collections.abc import Sequence

from rich.cells import cell_len

_NUMERIC = re.compile(r"-?[\d.,:]+( ?(%|s|h))?|-?")


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned plain-text table; columns of numbers are right-aligned.

    Control characters are escaped, so that a name cannot control the terminal.

    Examples
    --------
    >>> print(text_table(("name", "length"), [("a", "9.5 s"), ("bb", "10.0 s")]), end="")
    name  length
    ----  ------
    a      9.5 s
    bb    10.0 s
    """
    cells = [[escape_control(cell) for cell in row] for row in (columns, *rows)]
    # columns of the terminal, not characters: Chinese letters take two, accents none
    widths = [max(cell_len(cell) for cell in column) for column in zip(*cells, strict=True)]
    right = [
        bool(rows) and all(_NUMERIC.fullmatch(cell) for cell in column)
        for column in zip(*cells[1:], strict=True)
    ] or [False] * len(columns)
    cells.insert(1, ["-" * width for width in widths])
    lines = []
    for row in cells:
        padded = []
        for cell, width, is_right in zip(row, widths, right, strict=True):
            space = " " * (width - cell_len(cell))
            # units of numbers are then below each other
            padded.append(space + cell if is_right else cell + space)
        lines.append("  ".join(padded).rstrip() + "\n")
    return "".join(lines)


def escape_control(text: str) -> str:
    r"""Return text on one line, with control characters and undecodable bytes as escapes.

    Examples
    --------
    >>> escape_control("a\x1b[31m\n")
    'a\\x1b[31m\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def escape_undecodable(text: str) -> str:
    r"""Return text valid in UTF-8: undecodable bytes of file names become escapes.

    Examples
    --------
    >>> escape_undecodable("a\udcff")
    'a\\udcff'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
