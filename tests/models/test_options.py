"""Settings as options: what they parse, how they are written, and that help and fits agree."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from motifmine.durations import Duration
from motifmine.errors import SpecError
from motifmine.models.options import Option, options_of, setting
from motifmine.models.registry import all_entries, settings_of
from motifmine.models.request import FitRequest


@dataclass(frozen=True)
class Spec:
    n_things: int | Literal["auto"] = setting(3, help="Things.")
    share: float | Literal["learned"] | None = setting(None, help="Share.", words={"off": 0.0})
    kind: Literal["a", "b"] = setting("a", help="Kind.")
    length: Duration | None = setting(None, help="Length.", default_text="3s")
    is_on: bool = setting(True, help="Switch.", negative="--keep-off")
    is_shown: bool = setting(True, help="Word.", words={"off": False})
    file: Path | None = setting(None, help="File.", flag="--to")
    plain: int = 3


OPTIONS = {option.field: option for option in options_of(Spec)}


def test_options_are_the_fields_that_say_so() -> None:
    assert [option.flag for option in OPTIONS.values()] == [
        *("--things", "--share", "--kind", "--length", "--is-on", "--is-shown", "--to")
    ]
    assert OPTIONS["n_things"].metavar == "N|auto"
    assert OPTIONS["share"].metavar == "X|learned|off"
    assert OPTIONS["n_things"].help == "Things.  [default: 3]"
    assert OPTIONS["length"].help == "Length.  [default: 3s]"
    assert OPTIONS["is_on"].is_switch and not OPTIONS["is_shown"].is_switch


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("n_things", "7", 7),
        ("n_things", "auto", "auto"),
        ("share", "0.25", 0.25),
        ("share", "learned", "learned"),
        ("share", "off", 0.0),
        ("kind", "b", "b"),
        ("length", "500ms", Duration(500, "ms")),
        ("is_shown", "off", False),
        ("file", "a b", Path("a b")),
    ],
)
def test_values_are_read_and_written_alike(field: str, text: str, value: Any) -> None:
    option = OPTIONS[field]
    assert option.parse(text) == value
    assert type(option.parse(text)) is type(value)
    assert option.arguments(value) == [option.flag, text]


@pytest.mark.parametrize(
    ("field", "text"), [("n_things", "1.5"), ("share", "on"), ("kind", "c"), ("is_shown", "on")]
)
def test_what_means_nothing_is_refused_with_what_would(field: str, text: str) -> None:
    with pytest.raises(SpecError) as error:
        OPTIONS[field].parse(text)
    assert all(word in str(error.value) for word in OPTIONS[field].words)


def test_nothing_is_written_where_nothing_is_given() -> None:
    assert OPTIONS["share"].arguments(None) == []
    assert OPTIONS["is_shown"].arguments(True) == []
    assert OPTIONS["is_on"].arguments(True) == ["--is-on"]
    assert OPTIONS["is_on"].arguments(False) == ["--keep-off"]


def all_options() -> list[Option]:
    own = [option for entry in all_entries().values() for option in settings_of(entry)]
    return [*options_of(FitRequest), *own]


@pytest.mark.parametrize("option", all_options(), ids=lambda o: o.flag)
def test_every_option_of_a_fit_is_read_as_its_default(option: Option) -> None:
    if option.default is not None and not option.is_switch:
        for word in option.arguments(option.default)[1:]:
            assert option.parse(word) == option.default


def test_a_request_survives_as_plain_values() -> None:
    request = FitRequest.of(
        "plsm", motif_length=Duration(3, "s"), n_motifs=4, online=True, passes=2, sparsity=1.5
    )
    assert FitRequest.from_plain(request.as_plain()) == request
