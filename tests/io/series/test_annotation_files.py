"""Annotations of other tools as events: ELAN, Praat TextGrid, BORIS."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.errors import DataError, FormatError
from motifmine.io.hdf5.store import read_table
from motifmine.io.series.annotation_files import open_boris, open_eaf, open_textgrid
from motifmine.io.series.options import SeriesOptions

Run = Callable[..., Result]
EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT><TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="500"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="1250"/>
<TIME_SLOT TIME_SLOT_ID="c" TIME_VALUE="4000"/><TIME_SLOT TIME_SLOT_ID="d"/></TIME_ORDER>
<TIER TIER_ID="hand">
<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b">
<ANNOTATION_VALUE>wave</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="c" TIME_SLOT_REF2="d">
<ANNOTATION_VALUE>never timed</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="nod">
<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="b" TIME_SLOT_REF2="c">
<ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>
"""
TEXTGRID = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 4
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 4
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = ""
        intervals [2]:
            xmin = 1.5
            xmax = 2.25
            text = "say ""so"""
    item [2]:
        class = "TextTier"
        name = "click"
        xmin = 0
        xmax = 4
        points: size = 1
        points [1]:
            number = 3.5
            mark = "click"
'''
BORIS = {
    "behaviors_conf": {
        "0": {"code": "rest", "type": "State event"},
        "1": {"code": "peck", "type": "Point event"},
    },
    "observations": {
        "one": {
            "events": [
                [1.0, "hen", "rest", "", ""],
                [2.0, "", "peck", "", ""],
                [4.5, "hen", "rest", "", ""],
            ]
        }
    },
}


def test_elan_gives_what_has_a_time(tmp_path: Path, motifmine: Run) -> None:
    (tmp_path / "talk.eaf").write_text(EAF)
    result = motifmine("extract", str(tmp_path / "talk.eaf"))
    assert result.exit_code == 0, result.stderr
    table = read_table(Path("motifmine-work/tables/talk.h5"))
    assert set(table.vocabulary.labels) >= {"hand: wave", "nod"}


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_textgrid_gives_intervals_with_text_and_points(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_text(TEXTGRID, encoding=coding)
    with open_textgrid(path, SeriesOptions()) as reader:
        list(reader.chunks())
        assert set(reader.labels()) == {'words: say "so"', "click"}


def test_a_state_of_boris_lasts_until_its_next_event(tmp_path: Path) -> None:
    path = tmp_path / "hens.boris"
    path.write_text(json.dumps(BORIS))
    with open_boris(path, SeriesOptions()) as reader:
        list(reader.chunks())
        assert set(reader.labels()) == {"hen: rest", "peck"}


def test_an_observation_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "hens.boris"
    path.write_text(json.dumps({**BORIS, "observations": {}}))
    with pytest.raises(DataError, match="observations none"):
        open_boris(path, SeriesOptions())


@pytest.mark.parametrize(
    "content", ["<a>", "<!DOCTYPE x []><a/>", "<a/>", EAF.replace("TIER_ID", "TIER")]
)
def test_what_is_no_elan_document_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.eaf"
    # in UTF-16 the declaration of entities has other bytes
    for encoding in ("utf-8", "utf-16"):
        path.write_text(content, encoding=encoding)
        with pytest.raises(FormatError):
            open_eaf(path, SeriesOptions())
