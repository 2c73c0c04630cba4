"""Text tables of any size, read in blocks of lines and parsed by pyarrow.

A block with anything unexpected is parsed again by the slow parser (`csv_slow`), which reports
file, line, column and value, or excludes bad rows.
"""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from motifmine.errors import FormatError
from motifmine.io.series.compressed import open_bytes
from motifmine.io.series.csv_dialect import TextTable, detect_dialect
from motifmine.io.series.csv_slow import code_texts, parse_rows_slow
from motifmine.io.series.options import BadRows, SeriesOptions
from motifmine.io.series.row_reader import RowReader
from motifmine.io.series.row_stream import NO_LABELS, ONE_LABEL, Rows
from motifmine.io.series.senders import TextColumn
from motifmine.io.series.sorting import MOST_BYTES
from motifmine.io.series.time_formats import FAST_DIRECTIVES, TimeReading
from motifmine.records.series import Chunk
from motifmine.types import Floats, Indices

BLOCK_BYTES = 8 << 20
LONGEST_LINE = 64 << 20
REPEATED = "the header is repeated among the rows: several files put together"
NUMBER_PATTERN = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
CLOCK_TYPE = pa.time64("ns")


class TextReader(RowReader):
    """An open text table of samples or events; see `SeriesReader`.

    `growing` is read instead of the file at `path`, which may be its beginning alone.
    """

    def __init__(
        self, path: Path, options: SeriesOptions, growing: IO[bytes] | None = None
    ) -> None:
        self.path = path
        self.growing = growing
        self.table = detect_dialect(path, options)
        self.n_repeated = 0
        """Lines that repeat the header."""
        self.has_texts = False
        """Whether the long form had texts among its numbers up to now."""
        super().__init__(
            names=self.table.names,
            units=self.table.units,
            roles=self.table.roles,
            reading=self.table.reading,
            first_time=self.table.first_time,
            bad=BadRows(str(path), options.on_bad),
            row_noun="line",
            # what is still being written is in the order in which it happens
            n_bytes=path.stat().st_size if growing is None else MOST_BYTES + 1,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided about the table, for people."""
        return self.table.notes + (REPEATED,) * bool(self.n_repeated)

    def _read_blocks(self) -> Iterator[Chunk]:
        opened = open_bytes(self.path) if self.growing is None else nullcontext(self.growing)
        with opened as file:
            file.read(self.table.offset)
            # blocks end at line ends, so that each can be parsed alone
            for first_line, block in iterate_line_blocks(file, self.table):
                yield self._chunk(block, first_line)

    def _chunk(self, block: bytes, first_line: int) -> Chunk:
        """Parse one block; rows are in order of time and without bad ones."""
        block = self._blank_heads(block)
        rows = parse_rows_fast(block, self.table, self.stream.n_rows, has_texts=self.has_texts)
        # the fast parser says only that something is wrong, the slow one where
        if rows is not None and (chunk := self.stream.chunk_if_clean(rows)) is not None:
            self.has_texts |= any(column.names for column in rows.states)
            return chunk
        slow = parse_rows_slow(block, self.table, first_line, self.stream.n_rows, self.stream.bad)
        return self.stream.chunk(slow)

    def _blank_heads(self, block: bytes) -> bytes:
        """Empty the lines that repeat the header, and comments; lines keep their numbers."""
        heads = [line.encode(self.table.encoding) for line in self.table.head_lines]
        # one byte is found ten times as fast as two
        has_comments = b"#" in block and b"\n#" in block
        if not has_comments and not any(head in block for head in heads):
            return block
        lines = block.split(b"\n")
        repeated = [line.strip() in heads for line in lines]
        self.n_repeated += sum(repeated)
        return b"\n".join(
            b"" if is_head or line.startswith(b"#") else line
            for line, is_head in zip(lines, repeated, strict=True)
        )


def iterate_line_blocks(file: IO[bytes], table: TextTable) -> Iterator[tuple[int, bytes]]:
    """Yield blocks of complete lines with the number of their first line, counted from 1."""
    line, carry = table.first_line, b""
    while block := file.read(BLOCK_BYTES):
        # "\n" is the last byte of a line in all encodings that are read (UTF-8, Latin-1)
        cut = block.rfind(b"\n") + 1
        if not cut:
            carry += block
            # a file without line ends would be collected in memory as a whole
            if len(carry) > LONGEST_LINE:
                raise FormatError(f"{table.path}, line {line}: longer than {LONGEST_LINE} bytes")
            continue
        whole = carry + block[:cut]
        carry = block[cut:]
        yield line, whole
        line += int(np.count_nonzero(np.frombuffer(whole, np.uint8) == ord("\n")))
    if carry:
        yield line, carry


def parse_rows_fast(
    block: bytes, table: TextTable, first_row: int, *, has_texts: bool = True
) -> Rows | None:
    """Parse a block with pyarrow; None if anything in it needs the slow parser.

    The block has complete lines. Rows are counted where a table has no times; texts are expected
    among the numbers of the long form.
    """
    time_type = _choose_time_type(table)
    if time_type is None:
        return None
    if table.delimiter == " ":
        # pyarrow splits at every blank, the dialect at runs of blanks
        block = b"\n".join(b" ".join(line.split()) for line in block.split(b"\n"))
    has_texts = has_texts or bool(table.thousands)
    options = _make_parse_options(table, time_type, has_texts=has_texts)
    try:
        found = pa_csv.read_csv(pa.py_buffer(block), **options)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        is_sure = has_texts or not table.roles.is_long
        return None if is_sure else parse_rows_fast(block, table, first_row, has_texts=True)
    raw = _extract_times(found, table, first_row)
    if raw is None:
        return None
    if table.roles.is_events:
        return _extract_events(found, table, raw)
    if table.roles.is_long:
        return _extract_long(found, table, raw)
    names = [str(index) for index in table.roles.values]
    if table.thousands:
        found = _ungroup_digits(found, names, table)
        if found is None:
            return None
    value = _extract_values(found, names)
    if value is None:
        return None
    states = tuple(
        _code_column(found.column(str(index)), table.missing) for index in table.roles.states
    )
    return Rows(raw=raw, value=value, code=NO_LABELS, n_read=len(raw), states=states)


def _make_parse_options(
    table: TextTable, time_type: pa.DataType, *, has_texts: bool
) -> dict[str, Any]:
    """Return the options of pyarrow; columns are named by their index."""
    roles = table.roles
    # Arrow parses neither digits in groups nor states among numbers: both are read as text first
    number = pa.string() if table.thousands or (roles.is_long and has_texts) else pa.float64()
    types: dict[str, pa.DataType] = {str(index): number for index in roles.values}
    texts = pa.dictionary(pa.int32(), pa.string())
    labels = () if roles.label is None else (roles.label,)
    types |= {str(index): texts for index in (*roles.states, *roles.sensors, *labels)}
    if roles.end is not None:
        types[str(roles.end)] = pa.float64() if roles.is_duration else time_type
    if roles.weight is not None:
        types[str(roles.weight)] = pa.float64()
    if roles.time is not None:
        types[str(roles.time)] = time_type
    if roles.clock is not None:
        types[str(roles.clock)] = CLOCK_TYPE
    pattern = table.reading.pattern
    if roles.clock is not None:
        pattern = pattern.split(" ")[0]
    return {
        "read_options": pa_csv.ReadOptions(
            column_names=[str(index) for index in range(len(table.names))], block_size=1 << 20
        ),
        "parse_options": pa_csv.ParseOptions(delimiter=table.delimiter),
        "convert_options": pa_csv.ConvertOptions(
            column_types=types,
            # other columns may hold anything, and parsing them takes time
            include_columns=list(types),
            null_values=list(table.missing),
            decimal_point=table.decimal,
            timestamp_parsers=[pattern] if pattern else None,
        ),
    }


def _choose_time_type(table: TextTable) -> pa.DataType | None:
    """Return the type to parse times as; None if only the slow parser can."""
    reading: TimeReading = table.reading
    if table.roles.date_parts:
        return None
    if reading.form == "number":
        return pa.float64()
    if reading.form == "clock":
        return CLOCK_TYPE
    parts = strip_fraction(reading.pattern).split("%")[1:]
    if any(part[:1] not in FAST_DIRECTIVES for part in parts):
        return None
    if reading.pattern.endswith("%f"):
        return pa.string()
    return pa.timestamp("ns", "UTC" if reading.has_zone else None)


def _extract_times(found: pa.Table, table: TextTable, first_row: int) -> Any:
    """Return the raw times; None if one is missing or not finite."""
    if table.roles.time is None:
        return np.arange(first_row, first_row + found.num_rows, dtype=np.float64)
    return _extract_time_column(found, table, table.roles.time)


def _extract_time_column(found: pa.Table, table: TextTable, index: int) -> Any:
    """Return the raw times of one column; None if one is missing or not finite."""
    column = found.column(str(index))
    if column.null_count:
        return None
    if table.reading.form == "number":
        raw = column.to_numpy()
        if not np.isfinite(raw).all() or (table.reading.is_count and np.any(raw % 1)):
            return None
        return raw
    if pa.types.is_string(column.type):
        return _parse_fractional_times(column, table.reading.pattern)
    ns = column.cast(pa.int64()).to_numpy()
    if table.roles.clock is not None:
        clock = found.column(str(table.roles.clock))
        return None if clock.null_count else ns + clock.cast(pa.int64()).to_numpy()
    return ns / 1e9 if table.reading.form == "clock" else ns


def strip_fraction(pattern: str) -> str:
    """Remove a trailing fraction of a second from a pattern."""
    return pattern[:-3] if pattern.endswith((".%f", ",%f")) else pattern


def _parse_fractional_times(column: pa.ChunkedArray, pattern: str) -> Any:
    """Parse times whose pattern ends with a fraction; None if one does not match.

    pyarrow's `strptime` does not support fractions, so seconds and fractions are parsed separately.
    """
    form = rf"^(?P<whole>.*)[{pattern[-3]}](?P<part>[0-9]{{1,6}})$"
    cut = pc.extract_regex(column.combine_chunks(), pattern=form)
    if cut.null_count:
        return None
    whole, part = pc.struct_field(cut, "whole"), pc.struct_field(cut, "part")
    seconds = pc.strptime(whole, format=strip_fraction(pattern), unit="s", error_is_null=True)
    if seconds.null_count:
        return None
    fraction = pc.utf8_rpad(part, 9, "0").cast(pa.int64()).to_numpy()
    return seconds.cast(pa.int64()).to_numpy() * 1_000_000_000 + fraction


def _extract_values(found: pa.Table, names: list[str]) -> Floats | None:
    """Return columns as one array, NaN where missing; None if a cell is nan or inf itself."""
    value = np.empty((found.num_rows, len(names)))
    n_missing = 0
    for place, name in enumerate(names):
        column = found.column(name)
        n_missing += column.null_count
        value[:, place] = column.to_numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        total = value.sum()
    if n_missing == 0 and np.isfinite(total):
        return value
    return value if value.size - np.count_nonzero(np.isfinite(value)) == n_missing else None


def _code_column(column: pa.ChunkedArray, missing: tuple[str, ...] = ()) -> TextColumn:
    """Return a column of texts as codes, -1 where one is missing."""
    coded = column.combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], column.type)
    code = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    # blanks around a text make no other text
    texts = code_texts([str(name or "").strip() for name in coded.dictionary.to_pylist()], missing)
    # the last one is that of -1
    return TextColumn(code=np.append(texts.code, -1)[code], names=texts.names)


def _extract_long(found: pa.Table, table: TextTable, raw: Any) -> Rows | None:
    """Return rows of single sensors; None if a sensor has no name."""
    columns = [_code_column(found.column(str(index))) for index in table.roles.sensors]
    sensor = columns[0]
    for other in columns[1:]:
        # pairs of names, of which few occur
        pair = (sensor.code + 1) * (len(other.names) + 1) + other.code + 1
        distinct, code = np.unique(pair, return_inverse=True)
        names = [
            f"{(*sensor.names, '')[first - 1]} {(*other.names, '')[second - 1]}".strip()
            for first, second in (divmod(one, len(other.names) + 1) for one in distinct.tolist())
        ]
        sensor = TextColumn(code=code.astype(np.int64), names=tuple(names))
    if (sensor.code < 0).any():
        return None
    parts = [_split_numbers(found.column(str(index)), table) for index in table.roles.values]
    return Rows.of_senders(raw, sensor, parts)


def _split_numbers(column: pa.ChunkedArray, table: TextTable) -> tuple[Floats, TextColumn]:
    """Return the numbers of a column of texts, NaN elsewhere, and the other texts as states."""
    none = TextColumn(code=np.full(len(column), -1, np.int64), names=())
    if pa.types.is_floating(column.type):
        number = column.to_numpy()
        # as text, inf is a missing value, too
        return np.where(np.isinf(number), np.nan, number), none
    text = pc.utf8_trim_whitespace(column)
    text = pc.if_else(pc.is_in(text, pa.array(table.missing)), pa.scalar(None, pa.string()), text)
    plain = text
    if table.thousands:
        plain = pc.replace_substring(plain, table.thousands, "")
    if table.decimal == ",":
        plain = pc.replace_substring(plain, ",", ".")
    is_number = pc.match_substring_regex(plain, NUMBER_PATTERN)
    numbers = pc.if_else(is_number, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    if pc.all(is_number).as_py() is not False:
        return numbers.to_numpy(), none
    is_finite = pc.invert(pc.is_in(pc.utf8_lower(text), pa.array(["nan", "inf", "-inf"])))
    is_state = pc.and_(pc.invert(is_number), is_finite)
    states = pc.if_else(is_state, text, pa.scalar(None, pa.string()))
    return numbers.to_numpy(), _code_column(pc.dictionary_encode(states))


def _ungroup_digits(found: pa.Table, names: list[str], table: TextTable) -> pa.Table | None:
    """Return columns of text as numbers, without thousands separators; None if one is bad."""
    columns = {}
    missing = pa.array(table.missing)
    form = rf"^[+-]?\d{{1,3}}({re.escape(table.thousands)}\d{{3}})+([{table.decimal}]\d*)?$"
    for name in names:
        text = pc.utf8_trim_whitespace(found.column(name))
        grouped = pc.match_substring_regex(text, form)
        plain = pc.replace_substring(text, table.thousands, "")
        text = pc.if_else(grouped, plain, text)
        if table.decimal == ",":
            text = pc.replace_substring(text, ",", ".")
        text = pc.if_else(pc.is_in(text, missing), pa.scalar(None, pa.string()), text)
        try:
            columns[name] = text.cast(pa.float64())
        except pa.ArrowInvalid:
            return None
    return pa.table(columns)


def _extract_events(found: pa.Table, table: TextTable, raw: Any) -> Rows | None:
    """Return events; None if a label is missing or a count is bad."""
    roles = table.roles
    names: tuple[str, ...] = (ONE_LABEL,)
    code: Indices = np.zeros(len(raw), np.int64)
    if roles.label is not None:
        labels = _code_column(found.column(str(roles.label)))
        if (labels.code < 0).any():
            return None
        names, code = labels.names, labels.code
    end = None
    if roles.end is not None:
        end = _extract_time_column(found, table, roles.end)
        if end is None:
            return None
    count = np.ones((len(raw), 1))
    if roles.weight is not None:
        counts = _extract_values(found, [str(roles.weight)])
        if counts is None or not np.all(counts >= 0):
            return None
        count = counts
    return Rows(raw=raw, value=count, code=code, label_names=names, n_read=len(raw), end=end)
