import csv
import json

import pytest

from motifmine.reporting.tables.encoding import encode_csv, encode_json, encode_json_rows


@pytest.mark.parametrize("encode", [encode_json, lambda content: encode_json_rows([content])])
def test_what_json_cannot_hold_is_null_or_escaped(encode: object) -> None:
    content = {"p": float("nan"), "deep": [{"q": -float("inf")}, 1], "name": "caf\udce9"}
    assert callable(encode)
    text = encode(content)
    (text + text).encode("utf-8")
    found = json.loads(text)
    found = found[0] if isinstance(found, list) else found
    assert found == {"p": None, "deep": [{"q": None}, 1], "name": "caf\udce9"}


def test_no_rows_are_a_list() -> None:
    assert json.loads(encode_json_rows([])) == []


def test_cells_of_csv_are_quoted_and_valid_utf_8() -> None:
    text = encode_csv(["a", "b"], [(None, 'x,"y"'), (1.5, "caf\udce9")])
    assert list(csv.reader(text.splitlines())) == [["a", "b"], ["", 'x,"y"'], ["1.5", "caf\\udce9"]]
