"""Wrong input to public functions: an error of motifmine of its kind that names it, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import motifmine as mm
from motifmine.errors import DataError, FormatError, MotifmineError, SpecError
from motifmine.validation import check_types

COUNTS = np.ones((30, 2))
FRAME = pd.DataFrame({"t": range(5), "a": [1.5] * 5})
Wrong = tuple[Callable[[], Any], type[MotifmineError], str]


def anything(value: Any) -> Any:
    """Return a value that types would not let pass."""
    return value


def of_frame(*columns: str, **more: Any) -> Any:
    return mm.Table.from_dataframe(pd.DataFrame([["x", 1, 2]] * 3, columns=list(columns)), **more)


WRONG: dict[str, Wrong] = {
    "no sources": (lambda: mm.extract([]), DataError, "there are no sources"),
    "a source without a name": (lambda: mm.extract(""), DataError, "the name of a source is empty"),
    "a number as source": (
        lambda: mm.extract(anything([3])),
        SpecError,
        r"sources is \[3\]; it must be a text or Path or a list of a text or Path",
    ),
    "a text as bin": (
        lambda: mm.extract("a.csv", bin_s=anything("2s")),
        SpecError,
        "bin_s is '2s'; it must be a number or None",
    ),
    "no workers": (lambda: mm.extract("a.csv", workers=-1), SpecError, "workers is -1"),
    "settings of another class": (
        lambda: mm.extract("a.csv", settings=anything({})),
        SpecError,
        "it must be ExtractionSettings",
    ),
    "complex numbers": (lambda: mm.Table.from_array(COUNTS * 1j), DataError, "but complex128"),
    "texts": (lambda: mm.Plsm().fit("log.csv"), DataError, "counts are no numbers, but <U7"),
    "a word twice": (
        lambda: mm.Table.from_array(COUNTS, words=["a", "a"]),
        DataError,
        "several words are called 'a'",
    ),
    "other words in a list": (
        lambda: mm.Plsm().fit([COUNTS, np.ones((30, 3))]),
        DataError,
        r"arrays of one list have \[2, 3\] columns",
    ),
    "a table among arrays": (
        lambda: mm.Plsm().fit([mm.Table.from_array(COUNTS, words=["a", "b"]), COUNTS]),
        DataError,
        "does not belong to the scene of the others",
    ),
    "two columns of one name": (lambda: of_frame("t", "a", "a"), DataError, "the same name"),
    "values of no kind": (
        lambda: mm.Table.from_dataframe(pd.DataFrame({"t": range(5), "a": [object()] * 5})),
        DataError,
        "neither numbers, times nor texts",
    ),
    "a name that is no name": (
        lambda: mm.Table.from_dataframe(FRAME, time="t", name="a/b"),
        DataError,
        "'a/b' cannot name a recording",
    ),
    "half a motif": (lambda: mm.Plsm(n_motifs=anything(2.5)), SpecError, "n_motifs is 2.5"),
    "true motifs": (lambda: mm.Plsm(n_motifs=True), SpecError, "n_motifs is True"),
    "many iterations": (
        lambda: mm.fit_model("hdlsm", COUNTS, sweeps="many", motif_length=3),
        SpecError,
        "sweeps is 'many'; it must be a whole number",
    ),
    "a seed of letters": (
        lambda: mm.Plsm().fit(COUNTS, seed=anything("a")),
        SpecError,
        "seed is 'a'; it must be a whole number or None",
    ),
    "nothing to load": (lambda: mm.load_fit(anything(None)), SpecError, "path is None"),
    "no motifs to simulate": (lambda: mm.simulate(n_motifs=0), SpecError, "must be above 0"),
    "a fit with itself only": (lambda: mm.compare_fits([]), DataError, "0 fits"),
    "no fit": (
        lambda: mm.evaluate(anything(3), "truth.csv"),
        SpecError,
        "fit is 3; it must be Fit or FitRecord",
    ),
    "no words": (
        lambda: mm.MotifFeatures(n_words=0).fit(COUNTS),
        SpecError,
        "n_words is 0; it must be 1 or more",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_an_error_of_its_kind(what: str) -> None:
    call, kind, message = WRONG[what]
    with pytest.raises(kind, match=message) as raised:
        call()
    assert type(raised.value) is kind
    assert "\n" not in str(raised.value)


def test_an_unreadable_source_raises_what_its_reader_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text("time,door\n1,0\n2,1\n")
    wrong: list[Wrong] = [
        (lambda: mm.extract("missing.csv"), FormatError, "missing.csv does not exist"),
        (lambda: mm.extract("log.csv", time_column="x"), DataError, "log.csv has no column 'x'"),
        (lambda: of_frame("t", "a", "b", time="t"), FormatError, "the data frame, line 1"),
    ]
    for call, kind, message in wrong:
        with pytest.raises(kind, match=message) as raised:
            call()
        assert type(raised.value) is kind
        assert str(raised.value).count(message.split()[0]) == 1


def test_numbers_of_numpy_are_numbers() -> None:
    values = {"n": np.int64(3), "share": np.float32(0.5), "words": np.array(["a", "b"])}
    hints = {"n": int | None, "share": float, "words": list[str]}
    with pytest.raises(SpecError, match="words is array"):
        check_types(values, hints)
    check_types({**values, "words": ["a"]}, hints)
