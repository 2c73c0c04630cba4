"""The text format of the authors' programs."""

from pathlib import Path

import numpy as np
import pytest

from motifmine.errors import FormatError
from motifmine.io.tdoc import read_tdoc, write_tdoc
from motifmine.simulation import Simulation


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "doc.tdoc"
    path.write_text(text)
    return path


def test_a_line_is_a_time_bin_and_an_empty_line_an_empty_one(tmp_path: Path) -> None:
    table = read_tdoc(written(tmp_path, "0:2 3:1\n\n1:42.7\n"), bin_s=0.5)
    assert table.offsets.tolist() == [0, 2, 2, 3]
    assert table.word.tolist() == [0, 3, 1]
    np.testing.assert_allclose(table.count, [2, 1, 42.7], rtol=1e-6)
    assert table.bin_s == 0.5


def test_the_lda_c_variant_begins_with_the_number_of_entries(tmp_path: Path) -> None:
    plain = read_tdoc(written(tmp_path, "0:2 3:1\n\n1:4\n"))
    counted = read_tdoc(written(tmp_path, "2 0:2 3:1\n0\n1 1:4\n"))
    np.testing.assert_array_equal(plain.dense(), counted.dense())


def test_a_comment_takes_no_time(tmp_path: Path) -> None:
    assert read_tdoc(written(tmp_path, "# words of camera 3\n0:1\n")).n_times == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0:1\n1;2\n", "line 2: '1;2'"),
        ("0:1 x:2\n", "line 1: 'x:2' is not word:count"),
        ("0:1\n\n2:-3\n", "line 3: '2:-3' has a negative"),
        ("-1:3\n", "line 1: '-1:3' has a negative"),
        ("0:nan\n", "line 1: '0:nan' has a negative or infinite"),
        ("3 0:1\n", "line 1: '3' is neither"),
        ("", "is empty"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        read_tdoc(written(tmp_path, text))


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "doc.tdoc"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(FormatError, match="is not text"):
        read_tdoc(path)


def test_a_word_outside_a_given_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="word 3 is outside the vocabulary of 2 words"):
        read_tdoc(written(tmp_path, "0:1\n3:1\n"), n_words=2)


def test_what_is_written_is_read_back(small: Simulation, tmp_path: Path) -> None:
    table = small.table.document(0)
    fractions = table.with_counts(table.count * np.float32(0.37))
    write_tdoc(tmp_path / "again.tdoc", fractions)
    again = read_tdoc(tmp_path / "again.tdoc", n_words=table.n_words)
    np.testing.assert_array_equal(again.word, fractions.word)
    np.testing.assert_array_equal(again.offsets, fractions.offsets)
    np.testing.assert_allclose(again.count, fractions.count, rtol=1e-6)
