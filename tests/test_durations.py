"""Durations carry their unit."""

import pytest

from motifmine.durations import Duration
from motifmine.errors import SpecError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12s", 12.0),
        ("500ms", 0.5),
        ("2min", 120.0),
        ("1h", 3600.0),
        ("20bins", 5.0),
        (".5 s", 0.5),
    ],
)
def test_a_duration_says_its_seconds(text: str, seconds: float) -> None:
    assert Duration.parse(text).seconds(bin_s=0.25) == pytest.approx(seconds)


def test_a_duration_is_rounded_to_whole_bins() -> None:
    assert Duration.parse("3s").bins(bin_s=0.25) == 12


def test_a_duration_shorter_than_a_bin_is_one_bin() -> None:
    assert Duration.parse("1ms").bins(bin_s=0.25) == 1


def test_a_bare_number_is_refused_with_both_readings() -> None:
    with pytest.raises(SpecError, match="did you mean 90s or 90bins"):
        Duration.parse("90")


@pytest.mark.parametrize("text", ["", "s", "3 parsecs", "-3s", "0s", "1e3s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="is not a duration"):
        Duration.parse(text)
