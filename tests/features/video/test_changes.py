"""Bins that follow the frame rate, and words of time-lapse."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.features.video.changes import ChangeWords
from motifmine.features.video.rate import describe_rate
from motifmine.features.video.spec import FlowSpec
from motifmine.io.hdf5.store import read_table
from motifmine.records.layouts import ChangeGrid
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Pixels
from tests.helpers.clips import extract_video, frames_of, moving_square, scene, write_clip

Run = Callable[..., Result]


def visits(n_frames: int, *, period: int = 20) -> list[Pixels]:
    """Pictures in which a square crosses the scene in four frames, every `period` frames."""
    pictures = []
    for i in range(n_frames):
        picture = scene()
        if i % period < 4:
            x = 8 + 32 * (i % period)
            picture[48:72, x : x + 24] = 220
        pictures.append(picture)
    return pictures


@pytest.mark.parametrize(
    ("rate_hz", "bin_s"), [(50, 0.25), (30, 0.25), (25, 0.25), (24, 0.25), (12, 0.25),
                           (8, 0.375), (5, 0.6), (1, 3.0), (1 / 60, 180.0), (1 / 3600, 10_800.0)]
)  # fmt: skip
def test_a_bin_holds_three_compared_frames(rate_hz: float, bin_s: float) -> None:
    gap_s = 1 / Fraction(rate_hz).limit_denominator(10_000)
    assert FlowSpec(words="changes").choose_bin_s(gap_s) == pytest.approx(bin_s, rel=1e-3)
    assert FlowSpec(bin_s=0.1).choose_bin_s(gap_s) == 0.1


def test_the_bin_of_a_slow_video_is_reported(tmp_path: Path) -> None:
    times_s = [Fraction(i, 5) for i in range(40)]
    path = write_clip(tmp_path / "a.mkv", moving_square(40, step=(1, 0)), times_s=times_s)
    table = extract_video(path)
    assert (table.bin_s, table.spec["bin_s"]) == (0.6, 0.6)
    assert table.recordings[0].notes == "time bins of 0.6 s, 3 frames each"


@pytest.mark.parametrize("gap_s", [Fraction(1), Fraction(2, 5), Fraction(60)])
def test_too_few_frames_for_flow_are_refused_with_what_to_do(
    motifmine: Run, tmp_path: Path, gap_s: Fraction
) -> None:
    times_s = [i * gap_s for i in range(20)]
    path = write_clip(tmp_path / "lapse.mp4", visits(20), times_s=times_s)
    result = motifmine("extract", path)
    assert result.exit_code == 1
    assert f"has {describe_rate(float(1 / gap_s))}, too few for optical flow" in result.stderr
    assert "--words changes" in result.stderr
    result = motifmine("extract", path, "--words", "changes")
    assert result.exit_code == 0, result.stderr
    assert f"time bins of {float(3 * gap_s):g} s, 3 frames each" in result.stdout
    table = read_table(Path("motifmine-work/tables/lapse.h5"))
    assert (table.vocabulary.kind, table.bin_s) == ("change-grid", float(3 * gap_s))
    assert len(table.word) > 0


def test_a_rate_below_that_of_flow_is_refused_as_a_setting(motifmine: Run, tmp_path: Path) -> None:
    result = motifmine("extract", write_clip(tmp_path / "a.mp4"), "--rate", "2")
    assert "--rate 2 is too low for optical flow" in result.stderr


@pytest.mark.parametrize("light", [0, 12])
def test_foreground_is_where_the_square_is(light: int) -> None:
    pictures = [picture + np.uint8(light * (i % 3)) for i, picture in enumerate(visits(60))]
    words = ChangeWords(
        FlowSpec(words="changes", bin_s=1.0), width=160, height=120, mean_gap_s=Fraction(1)
    )
    rows = {row.time: row for row in words.rows(frames_of(pictures, rate=1)) if len(row.word)}
    assert set(rows) == {t for t in range(60) if t % 20 < 4}
    for time, row in rows.items():
        cell = row.word[np.argsort(-row.count)][:9]
        assert set(cell // 20) <= {6, 7, 8}
        assert set(cell % 20) <= set(range(1 + 4 * (time % 20), 4 + 4 * (time % 20)))
        assert row.count.sum() == pytest.approx(24 * 24, rel=0.1)


def test_a_grid_of_changes_has_one_word_a_cell() -> None:
    grid = FlowSpec(words="changes").grid(160, 120)
    vocabulary = Vocabulary.of_grid(grid)
    assert isinstance(grid, ChangeGrid)
    assert (vocabulary.n_words, vocabulary.labels[21]) == (15 * 20, "r1c1 changed")
    assert grid.movements() is None
    assert vocabulary.difference(Vocabulary.of_grid(FlowSpec().grid(160, 120))).startswith("kind")


@pytest.mark.long
def test_time_lapse_is_fitted_shown_and_located(motifmine: Run, tmp_path: Path) -> None:
    times_s = [Fraction(i) for i in range(800)]
    path = write_clip(tmp_path / "lapse.mp4", visits(800), times_s=times_s)
    assert motifmine("extract", path, "--words", "changes", "--bin", "1s").exit_code == 0
    options = ("--motif-length", "5s", "--motifs", "1", "--seed", "0")
    result = motifmine("fit", "--model", "plsm", *options)
    assert result.exit_code == 0, result.stderr
    result = motifmine("occurrences", "--format", "csv")
    starts = [line for line in result.stdout.splitlines()[1:] if line]
    assert 36 <= len(starts) <= 44
    result = motifmine("show-motifs")
    assert result.exit_code == 0, result.stderr
    report = Path("motifmine-work/reports/plsm-001/report.html").read_text()
    assert "that does not belong to the background" in report.replace("\n", " ")
    assert "moving right" not in report
    result = motifmine("locate", "plsm-001", path, "--format", "csv")
    assert result.exit_code == 0, result.stderr
    assert abs(len(result.stdout.splitlines()) - 1 - len(starts)) <= 2
