"""Aligned tables of plain text, for terminals."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.cells import cell_len

if TYPE_CHECKING:
    import pyarrow as pa

    from motifmine.types import Floats

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
        padded = [_pad(*cell) for cell in zip(row, widths, right, strict=True)]
        lines.append("  ".join(padded).rstrip() + "\n")
    return "".join(lines)


class Cells(NamedTuple):
    """How the cells of a column are written."""

    width: int
    """Columns of the terminal."""
    is_right: bool
    """Whether they are right-aligned."""


def measure_columns(
    columns: Mapping[str, "pa.ChunkedArray"],
    *,
    numbers: Sequence[str],
    names: Sequence[str],
    where_known: Sequence[str] = (),
) -> dict[str, Cells]:
    """Return the columns of `text_table` for texts that may be too many for rows.

    Parameters
    ----------
    columns : mapping of str to pyarrow.ChunkedArray or pyarrow.Array
        Columns of strings: the longest of each are enough.
    numbers, names : sequence of str
        Columns that are right-aligned, and those with few different texts, which may hold any
        characters; all others are ASCII.
    where_known : sequence of str
        Columns that are omitted when they are empty.
    """
    import pyarrow.compute as pc  # noqa: PLC0415

    cells = {}
    for head, column in columns.items():
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if head in where_known and not longest:
            continue
        is_right = head in numbers and longest > 0
        width = max(len(head), longest)
        if head in names:
            texts = [escape_control(text) for text in pc.unique(column).to_pylist()]
            is_right = longest > 0 and all(_NUMERIC.fullmatch(text) for text in texts)
            width = max(map(cell_len, (head, *texts)))
        cells[head] = Cells(width, is_right)
    return cells


def text_heads(cells: Mapping[str, Cells]) -> str:
    """Return the two lines above the rows of `text_rows`."""
    heads = "  ".join(_pad(head, *kind) for head, kind in cells.items())
    return f"{heads.rstrip()}\n{'  '.join('-' * kind.width for kind in cells.values())}\n"


def text_rows(
    columns: Mapping[str, "pa.ChunkedArray"], cells: Mapping[str, Cells], names: Sequence[str]
) -> bytes:
    """Return rows of `text_table`, from columns as `measure_columns` takes them."""
    import pyarrow.compute as pc  # noqa: PLC0415

    padded = []
    for head, (width, is_right) in cells.items():
        if head in names:
            shown = partial(_pad_name, width=width, is_right=is_right)
            padded.append(map_texts(columns[head], shown))
        else:
            padded.append((pc.ascii_lpad if is_right else pc.ascii_rpad)(columns[head], width))
    rows = pc.ascii_rtrim_whitespace(pc.binary_join_element_wise(*padded, "  "))
    return join_texts(pc.binary_join_element_wise(rows, "\n", ""))


def format_decimals(values: "Floats", unit: str = "") -> "pa.Array":
    """Return numbers with one decimal and a unit, a column of strings (n,)."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    column = pa.array(values, pa.float64())
    finite = pc.if_else(pc.is_finite(column), column, None).cast(pa.decimal128(38, 1))
    # with one decimal few are different, of which each is formatted once
    known = finite.dictionary_encode()
    texts = known.dictionary.cast(pa.string()).take(known.indices)
    if texts.null_count:
        texts = pc.coalesce(texts, column.cast(pa.string()))
    return pc.binary_join_element_wise(texts, unit, "")


def map_texts(column: "pa.ChunkedArray", convert: Callable[[str], str]) -> "pa.Array":
    """Return a column of strings with every text converted, each different one once."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    known = pc.unique(column)
    converted = pa.array([convert(text) for text in known.to_pylist()], pa.string())
    return converted.take(pc.index_in(column, value_set=known))


def join_texts(column: "pa.ChunkedArray | pa.Array") -> bytes:
    """Return the texts of a column as one, in UTF-8."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)

    parts = []
    for texts in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        # they lie one after the other in memory
        _, offsets, content = texts.cast(pa.string()).buffers()
        edges = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
        parts.append(memoryview(content)[edges[0] : edges[1]] if len(texts) else b"")
    return b"".join(parts)


def _pad_name(text: str, width: int, is_right: bool) -> str:
    return _pad(escape_control(text), width, is_right)


def _pad(text: str, width: int, is_right: bool) -> str:
    # units of numbers are then below each other
    space = " " * (width - cell_len(text))
    return space + text if is_right else text + space


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
