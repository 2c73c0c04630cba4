"""Areas of the picture on the command line: boxes and polygons."""

from importlib import import_module
from typing import Any

import click
import pytest

# the folder cli/ is installed under this name, which type checks do not see
AreaType = import_module("motifmine_cli.extract").AreaType


@pytest.mark.parametrize(
    ("given", "area"),
    [
        ("0,40,640,300", (0, 40, 640, 300)),
        ("120,80 400,90 380,300", ((120, 80), (400, 90), (380, 300))),
        (" 1,2  3,4 5,60  7,8 ", ((1, 2), (3, 4), (5, 60), (7, 8))),
    ],
)
def test_boxes_and_polygons_are_read(given: str, area: tuple[Any, ...]) -> None:
    assert AreaType().convert(given, None, None) == area


@pytest.mark.parametrize(
    "given",
    ["", "1,2,3", "1,2,3,4,5", "1,2 3,4", "1,2 3,4 5", "a,b,c,d", "-1,2,3,4", "1,2,3,4 5,6"],
)
def test_what_is_no_area_is_refused_with_both_forms(given: str) -> None:
    with pytest.raises(click.BadParameter, match="box x,y,w,h"):
        AreaType().convert(given, None, None)
