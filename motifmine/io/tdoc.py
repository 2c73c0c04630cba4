"""Observation tables in the text format of the authors' programs.

One line per time bin, with entries `word:count` separated by blanks. An empty line is an empty bin,
counts may be fractional. A line may start with its number of entries (the LDA-C variant). Lines
that start with `#` are comments and are not time bins.
"""

import math
from pathlib import Path

import numpy as np

from motifmine.errors import FormatError
from motifmine.files import sha256, write_text
from motifmine.io.regular import check_input
from motifmine.records.table import ObservationTable, Recording, bin_starts, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats, Indices

# limit of the vocabulary: each of its words has a label in memory and in every table
MAX_WORDS = 1 << 22


def read_tdoc(path: Path, *, bin_s: float = 1.0, n_words: int | None = None) -> ObservationTable:
    """Read a `.tdoc` (or LDA-C) file as a table of kind `labels`.

    Without a size of the vocabulary, it is the largest word of the file plus one.

    Raises `FormatError` if an entry cannot be parsed; the message names file, line and entry.
    """
    time, word, count, n_times = _read_entries(path)
    found = int(word.max()) + 1 if len(word) else 0
    if n_words is not None and found > n_words:
        raise FormatError(
            f"{path}, time bin {int(time[int(word.argmax())])}: word {found - 1} is outside the "
            f"vocabulary of {n_words} words"
        )
    labels = [str(index) for index in range(found if n_words is None else n_words)]
    table = table_from_rows(
        time=time,
        word=word,
        count=count,
        n_times=n_times,
        vocabulary=Vocabulary.of_labels(labels),
        bin_s=bin_s,
    )
    recording = Recording(
        name=path.stem,
        bin_start_s=bin_starts(n_times, bin_s),
        source=str(path.resolve()),
        source_digest=sha256(path),
    )
    return table.of_recording(recording)


def _read_entries(path: Path) -> tuple[Indices, Indices, Floats, int]:
    """Return time, word and count of every entry, and the number of lines."""
    time: list[int] = []
    word: list[int] = []
    count: list[float] = []
    n_times = 0
    check_input(path, "lines of word:count entries")
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.startswith("#"):
                    continue
                for entry in parse_line(path, number, line):
                    time.append(n_times)
                    word.append(entry[0])
                    count.append(entry[1])
                n_times += 1
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not text; expected lines of word:count entries") from error
    if not n_times:
        raise FormatError(f"{path} has only comments; expected lines of word:count entries")
    return np.array(time, np.int64), np.array(word, np.int64), np.array(count, float), n_times


def parse_line(path: Path, number: int, line: str) -> list[tuple[int, float]]:
    """Return the (word, count) pairs of one line."""
    parts = line.split()
    # the LDA-C variant begins with the number of entries
    if parts and ":" not in parts[0]:
        if not parts[0].isdigit() or int(parts[0]) != len(parts) - 1:
            raise FormatError(
                f"{path}, line {number}: {parts[0]!r} is neither word:count nor the number of "
                f"entries on the line ({len(parts) - 1})"
            )
        parts = parts[1:]
    return [_parse_entry(path, number, part) for part in parts]


def _parse_entry(path: Path, number: int, part: str) -> tuple[int, float]:
    word, _, count = part.partition(":")
    try:
        value = float(count)
        index = int(word)
    except ValueError as error:
        raise FormatError(f"{path}, line {number}: {part!r} is not word:count") from error
    if index >= MAX_WORDS:
        raise FormatError(
            f"{path}, line {number}: word {index} is above the limit of {MAX_WORDS - 1}; number "
            "words from 0 without gaps"
        )
    if index < 0 or value < 0 or not math.isfinite(value):
        raise FormatError(
            f"{path}, line {number}: {part!r} has a negative or infinite number; words and counts "
            "must be 0 or more"
        )
    return index, value


def write_tdoc(path: Path, table: ObservationTable, *, force: bool = False) -> None:
    """Write a one-document table as `.tdoc` text, including fractional counts."""
    lines = []
    for t in range(table.n_times):
        entries = slice(table.offsets[t], table.offsets[t + 1])
        pairs = zip(table.word[entries].tolist(), table.count[entries].tolist(), strict=True)
        # nine digits give every float32 back
        lines.append(" ".join(f"{w}:{c:.9g}" for w, c in pairs))
    write_text(path, "\n".join(lines) + "\n", force=force)
