"""First looks at recordings, the page over all scenes, keys of fits."""

import os
from pathlib import Path

import pytest

from motifmine.archive.index_page import write_index
from motifmine.archive.journal import Journal
from motifmine.archive.probe import Probe, correlate_pictures, probe_files
from motifmine.archive.scene_fit import read_fit_key
from motifmine.archive.status import collect_state
from motifmine.archive.storage import Storage
from motifmine.reporting.html.archive_page import PAGE_NAME
from tests.helpers.archives import make_archive, plan_of, street
from tests.helpers.clips import moving_square, write_clip


def test_probing_gives_length_size_and_scene(tmp_path: Path) -> None:
    clips = [
        write_clip(tmp_path / "a.mkv", street(30)),
        write_clip(tmp_path / "b.mkv", street(50, 40.0)),
        write_clip(tmp_path / "c.mkv", moving_square(30)),
        tmp_path / "broken.mkv",
    ]
    clips[-1].write_text("no video")
    looks = probe_files(clips, workers=1)
    assert looks[-1] == Probe()
    assert (looks[0].width, looks[0].height) == (160, 120)
    assert looks[1].length_s == pytest.approx(2.0, abs=0.1)
    same, other = (correlate_pictures(looks[0].picture, look.picture) for look in looks[1:3])
    assert same > 0.9
    assert other < 0.6
    assert correlate_pictures(looks[0].picture, "") == 0


def test_the_page_names_every_scene_before_anything_is_done(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "cameras", 1)
    output = Storage(str(tmp_path / "results"))
    plan = plan_of(archive, tmp_path / "results")
    state = collect_state(plan, Journal(output))
    write_index(plan, state, output)
    page = tmp_path / "results" / PAGE_NAME
    html = page.read_text()
    assert all(scene.name in html for scene in plan.scenes)
    os.utime(page, (0, 0))
    write_index(plan, state, output)
    assert page.stat().st_mtime == 0


def test_a_fit_that_is_not_there_has_no_key(tmp_path: Path) -> None:
    assert read_fit_key(tmp_path / "none.h5") == ""
