import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import click
import numpy as np
import pytest

from motifmine.analysis.motif_selection import keep_motifs
from motifmine.errors import WorkspaceError
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord, MotifSet, Occurrences
from motifmine.records.settings import FitSpec
from motifmine.records.significance import ScoreTable, Significance
from motifmine.reporting.figures.svg import choose_time_ticks, draw_occurrence_strip, draw_trace
from motifmine.reporting.html import elements
from motifmine.reporting.html.page import write_report
from motifmine.reporting.html.sections.provenance import format_repeat_command
from motifmine.reporting.report_files import JSON_NAME, TEXT_NAME
from motifmine.reporting.sentences.motifs import describe_motif, summarise_fit
from motifmine.reporting.tables.fit_tables import format_motifs_json, format_motifs_text
from tests.helpers.commands import load_command
from tests.helpers.fit_records import BIN_S, label_record, lane_record
from tests.helpers.html_page import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "<script>alert(1)</script>"
HOSTILE_NAME = "<script>alert(1)"


def page_of(record: FitRecord, folder: Path) -> Page:
    return Page(write_report(record, folder / "r").read_text("utf-8"))


def many_occurrences(n_documents: int, n_found: int) -> FitRecord:
    record = lane_record(names=tuple(f"clip {d:03d}" for d in range(n_documents)))
    generator = np.random.default_rng(0)
    document = np.sort(generator.integers(0, n_documents, n_found)).astype(np.int32)
    start = generator.integers(0, 40, n_found).astype(np.int32)
    found = Occurrences(
        document=document,
        start_bin=start,
        start_s=(start * BIN_S).astype(np.float64),
        motif=generator.integers(0, 2, n_found).astype(np.int32),
        weight=generator.uniform(1, 9, n_found),
        score=generator.uniform(1, 9, n_found),
    )
    return replace(record, occurrences=found)


def test_report_is_in_its_folder_with_its_pictures(tmp_path: Path) -> None:
    page = write_report(lane_record(), tmp_path / "plsm-001")
    assert page == tmp_path / "plsm-001" / "report.html"
    assert sorted(p.name for p in page.parent.iterdir()) == [
        "motif-01-matrix.png",
        "motif-01.png",
        "motif-02-matrix.png",
        "motif-02.png",
        "motifs.json",
        "motifs.txt",
        "report.html",
    ]
    text = page.with_name(TEXT_NAME).read_bytes().decode()
    assert text.startswith(format_motifs_text(lane_record()))
    assert page.with_name(JSON_NAME).read_text() == format_motifs_json(lane_record())
    assert [p.name for p in tmp_path.iterdir()] == ["plsm-001"]


def test_report_of_labels_has_matrices_and_no_scene(tmp_path: Path) -> None:
    page = write_report(label_record(), tmp_path / "r")
    assert sorted(p.name for p in page.parent.glob("*.png")) == [
        "motif-01-matrix.png",
        "motif-02-matrix.png",
    ]
    assert "pump" in Page(page.read_text("utf-8")).text


def test_page_is_well_formed_and_every_picture_is_inside_and_described(tmp_path: Path) -> None:
    page = page_of(lane_record(), tmp_path)
    sources = page.values("img", "src")
    assert len(sources) == 6  # thumbnail, scene and matrix of two motifs
    assert all(base64.b64decode(s.partition("base64,")[2], validate=True) for s in sources)
    assert len(page.values("img", "alt")) == len(sources)


def test_links_stay_in_the_page_or_its_folder(tmp_path: Path) -> None:
    path = write_report(lane_record(), tmp_path / "r")
    page = Page(path.read_text("utf-8"))
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    for link in page.values("a", "href"):
        assert link[1:] in ids if link.startswith("#") else (path.parent / link).is_file()


def test_page_runs_no_script_but_its_own_and_forbids_requests(tmp_path: Path) -> None:
    page = page_of(lane_record(), tmp_path)
    data, script = page.scripts
    json.loads(data)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (c for c in page.values("meta", "content") if "default-src" in c)
    assert "default-src 'none'" in policy and f"script-src 'sha256-{digest}';" in policy
    assert "media-src" not in policy


def test_policy_lets_videos_play_where_there_are_any(tmp_path: Path) -> None:
    record = lane_record()
    recordings = tuple(replace(r, source="/archive/a.mp4") for r in record.recordings)
    page = page_of(replace(record, recordings=recordings), tmp_path)
    (policy,) = (c for c in page.values("meta", "content") if "default-src" in c)
    assert "media-src 'self' file:" in policy and "http" not in policy


def test_every_name_is_harmless(tmp_path: Path) -> None:
    names = (HOSTILE_NAME, '..x"onload="y')
    record = lane_record(names=names)
    provenance = replace(
        record.provenance,
        model=HOSTILE,
        spec=FitSpec(settings={HOSTILE: "$css"}),
        motifmine_version="<b>",
    )
    path = write_report(replace(record, provenance=provenance), tmp_path / "r", name=HOSTILE)
    page = Page(path.read_text("utf-8"))
    assert len(page.scripts) == 2 and not [tag for tag, _ in page.tags if tag == "b"]
    assert not [attrs for _, attrs in page.tags if "onload" in attrs]
    assert all(name in page.text for name in names)
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_text_is_safe_inside_an_attribute() -> None:
    assert elements.text("\"'<&\n") == "&quot;&#x27;&lt;&amp;\\n"


def test_labels_of_words_are_harmless(tmp_path: Path) -> None:
    page = Page(
        write_report(label_record(labels=(HOSTILE, "&amp;", "c", "d")), tmp_path / "r").read_text(
            "utf-8"
        )
    )
    assert len(page.scripts) == 2
    assert HOSTILE in page.text and "&amp;" in page.text


def test_name_that_is_no_text_is_written_as_escapes(tmp_path: Path) -> None:
    page = write_report(lane_record(names=("cam\udcff\x07", "b")), tmp_path / "r")
    assert "cam\\udcff\\x07" in page.read_text(encoding="utf-8")


def test_existing_report_is_kept_without_force(tmp_path: Path) -> None:
    page = write_report(lane_record(), tmp_path / "r", name="old")
    with pytest.raises(WorkspaceError, match="--force"):
        write_report(lane_record(), tmp_path / "r", name="new")
    assert "old" in Page(page.read_text("utf-8")).text


def test_existing_report_is_replaced_whole_with_force(tmp_path: Path) -> None:
    write_report(lane_record(), tmp_path / "r")
    page = write_report(label_record(), tmp_path / "r", force=True)
    assert not (page.parent / "motif-01.png").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_folder_with_other_things_is_never_replaced(tmp_path: Path) -> None:
    page = write_report(lane_record(), tmp_path / "r")
    (page.parent / "thesis.tex").write_text("years of work")
    with pytest.raises(WorkspaceError, match=r"thesis\.tex"):
        write_report(lane_record(), tmp_path / "r", force=True)
    assert (page.parent / "thesis.tex").exists()


def test_failure_leaves_the_old_report_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_report(lane_record(), tmp_path / "r", name="old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        write_report(lane_record(), tmp_path / "r", force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["r"]
    assert "old" in Page(page.read_text("utf-8")).text


def test_failure_of_the_last_step_puts_the_old_report_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_report(lane_record(), tmp_path / "r", name="old")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if ".part-" in path.name:
            raise OSError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(WorkspaceError, match="Permission denied"):
        write_report(lane_record(), tmp_path / "r", force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["r"]
    assert "old" in Page(page.read_text("utf-8")).text


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_report_can_be_read_by_others_as_the_umask_says(tmp_path: Path) -> None:
    page = write_report(lane_record(), tmp_path / "r")
    (tmp_path / "ordinary").mkdir()
    assert page.parent.stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_motif_that_never_occurred_is_shown(tmp_path: Path) -> None:
    page = page_of(lane_record(occurrences=()), tmp_path)
    assert "Motif 2" in page.text and "strongest" not in page.text


def test_a_fit_without_motifs_says_so_and_why(tmp_path: Path) -> None:
    none = np.zeros(0)
    tested = Significance(
        p_value=none,
        recurring_share=none,
        scores=ScoreTable(
            score=none, false_share=none, false_probability=none, false_per_hour=none
        ),
        n_unreplicated=2,
        n_candidates=0,
        n_decoys=8,
        piece_bins=4,
        seed=0,
    )
    record = replace(keep_motifs(lane_record(), np.arange(0)), significance=tested)
    page = page_of(record, tmp_path)
    assert "no motif was found" in page.text
    reason = "2 motifs are not reported: they do not recur"
    assert reason in page.text
    assert "Colour is the relative time" not in page.text
    assert format_motifs_text(record).startswith(f"no motifs\n{reason}")


def test_strongest_occurrences_come_first(tmp_path: Path) -> None:
    text = page_of(many_occurrences(3, 500), tmp_path).text
    listed = text.partition("nats. All occurrences")[2].partition("Motif 2")[0]
    weights = [float(w) for w in re.findall(r"\d\d:\d\d:\d\d\.\d{3}\s*(\d\.\d)", listed)]
    assert len(weights) == 12 and weights == sorted(weights, reverse=True)


def test_report_of_100_000_occurrences_stays_small(tmp_path: Path) -> None:
    page = write_report(many_occurrences(100, 100_000), tmp_path / "r")
    assert page.stat().st_size < 3_000_000


def test_command_names_the_settings_as_options() -> None:
    assert format_repeat_command(lane_record()) == (
        "motifmine fit --model plsm --motifs 2 --motif-length 8bins --counts sqrt --seed 7 "
        "--iterations 50 --restarts 4"
    )


def test_command_is_understood_by_the_command_line() -> None:
    spec = FitSpec(settings=asdict(Plsm()))
    record = lane_record()
    record = replace(record, provenance=replace(record.provenance, spec=spec))
    main = load_command()
    fit = main.get_command(click.Context(main), "fit")
    known = {o for parameter in fit.get_params(click.Context(fit)) for o in parameter.opts}
    used = {word for word in format_repeat_command(record).split() if word.startswith("--")}
    assert used <= known


def test_command_quotes_what_a_shell_would_run() -> None:
    record = lane_record()
    hostile = replace(record.provenance, model="x; rm -rf ~")
    assert "'x; rm -rf ~'" in format_repeat_command(replace(record, provenance=hostile))


def test_strip_marks_start_left_of_the_recording_when_motifs_hang_over() -> None:
    strip = draw_occurrence_strip(lane_record(), 0)
    assert (strip.first_s, strip.last_s) == (-0.75, 10.0)


def test_strip_height_is_the_weight() -> None:
    strip = draw_occurrence_strip(lane_record(), 0)
    heights = [float(h) for h in re.findall(r"v-([\d.]+)", strip.svg)]
    # weights 10, 12, 13 in order of document and start
    np.testing.assert_allclose(np.array(heights) / heights[-1], [10 / 13, 12 / 13, 1], rtol=0.01)


def test_strip_of_very_many_documents_shows_those_with_most_occurrences() -> None:
    record = lane_record(
        names=tuple(str(d) for d in range(400)), occurrences=((350, 1, 0), (399, 1, 0))
    )
    strip = draw_occurrence_strip(record, 0)
    assert len(strip.documents) == 300 and strip.n_left_out == 100
    assert {350, 399} <= set(strip.documents.tolist())


def test_strip_of_a_document_cut_from_a_recording_begins_where_it_was_cut() -> None:
    record = lane_record(names=("a",), occurrences=((0, 4, 0),))
    cut = replace(record.recordings[0], bin_start_s=record.recordings[0].bin_start_s + 3600)
    found = replace(record.occurrences, start_s=record.occurrences.start_s + 3600)
    strip = draw_occurrence_strip(replace(record, recordings=(cut,), occurrences=found), 0)
    assert (strip.first_s, strip.last_s) == (3600.0, 3610.0)
    assert [label for _, label in choose_time_ticks(3600.0, 3610.0, 2)] == [
        "1:00:00",
        "1:00:05",
        "1:00:10",
    ]


@pytest.mark.parametrize("last_s", [0.4, 9.0, 100.0, 1800.0, 7200.0, 90_000.0, 3e6])
def test_time_axis_has_a_handful_of_ticks(last_s: float) -> None:
    ticks = choose_time_ticks(-1.0, last_s, 8)
    assert 3 <= len(ticks) <= 9
    assert all(0 <= position <= 1 for position, _ in ticks)


def test_trace_of_one_iteration_is_not_drawn() -> None:
    trace = lane_record().trace
    one = replace(trace, iteration=trace.iteration[:1], log_likelihood=trace.log_likelihood[:1])
    assert draw_trace(one) is None


def test_motif_that_stays_is_described_by_its_place_and_direction() -> None:
    record = lane_record()
    phi = np.zeros_like(record.motifs.probability)
    phi[:, :, (7 * 12 + 6) * 8 + 1] = 1 / phi.shape[1]  # row 7, column 6, down and right
    record = replace(record, motifs=MotifSet(probability=phi, weight=record.motifs.weight))
    assert describe_motif(record, 0) == "In the lower middle of the picture, moving down and right."


def test_summary_counts_what_was_found() -> None:
    assert summarise_fit(lane_record()) == (
        "In 20 s of 2 recordings, 2 motifs of up to 2 s were found; together they occurred "
        "4 times and explain 90 % of 200 observations."
    )


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_browser_opens_the_page_without_messages_or_requests(tmp_path: Path) -> None:
    page = write_report(lane_record(names=(HOSTILE_NAME, "b")), tmp_path / "r", name=HOSTILE)
    assert browse(page, tmp_path) == []


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_browser_blocks_a_request_that_slipped_into_the_page(tmp_path: Path) -> None:
    page = write_report(lane_record(), tmp_path / "r")
    spoilt = page.read_text().replace("<main>", '<main><img src="http://planted.invalid/x.png">')
    page.write_text(spoilt)
    (message,) = browse(page, tmp_path)
    assert "Content Security Policy" in message


def browse(page: Path, folder: Path) -> list[str]:
    """Return what a browser says on its console about a page, and who asked for the network."""
    log = folder / "net.json"
    options = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--enable-logging=stderr", f"--log-net-log={log}", "--dump-dom"),
    )
    command = [str(CHROMIUM), *options, f"--user-data-dir={folder / 'user'}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert 'id="motif-2"' in done.stdout
    # The browser's own errands have no origin; what a page asks for has one.
    asked = re.findall(r'"initiator":"(?!not an origin)[^"]*"', log.read_text(errors="replace"))
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line] + asked


def test_name_of_a_motif_stands_wherever_it_is_titled(tmp_path: Path) -> None:
    record = replace(lane_record(), names=("left turn", ""))
    page = write_report(record, tmp_path / "r").read_text()
    link = '<a class="motif-link" href="#motif-1"><bdi>Motif 1: left turn</bdi></a>'
    assert link in page and '<h3 id="motif-1-title"><bdi>Motif 1: left turn</bdi></h3>' in page
