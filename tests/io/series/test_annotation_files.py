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
from tests.helpers.corpus import BORIS, EAF, TEXTGRID

Run = Callable[..., Result]


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


def test_a_damaged_textgrid_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_text(TEXTGRID.replace("1.5", "1.x"))
    with pytest.raises(FormatError, match="damaged TextGrid"):
        open_textgrid(tmp_path / "a.TextGrid", SeriesOptions())


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
    "content",
    [
        "<?xml version='1.0' encoding='TTF-8'?><a/>",
        "<a>",
        "<!DOCTYPE x []><a/>",
        "<a/>",
        EAF.replace("TIER_ID", "TIER"),
    ],
)
def test_what_is_no_elan_document_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.eaf"
    # in UTF-16 the declaration of entities has other bytes
    for encoding in ("utf-8", "utf-16"):
        path.write_text(content, encoding=encoding)
        with pytest.raises(FormatError):
            open_eaf(path, SeriesOptions())
