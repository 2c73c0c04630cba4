"""Occurrences in the formats of other programs, read back by libraries that know them."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import click
import numpy as np
import pyarrow.parquet
import pympi
import pysubs2
import pytest
import webvtt
from click import Command
from click.testing import Result
from pynwb import NWBHDF5IO

from motifmine.errors import DataError, WorkspaceError
from motifmine.io.hdf5 import store
from motifmine.records.fit import FitRecord
from motifmine.reporting.export.formats import FORMATS, encode_occurrences, write_occurrences
from motifmine.reporting.export.nwb import EPOCH
from motifmine.reporting.rows import list_occurrences
from motifmine.workflows.names import with_names
from tests.helpers.fit_records import lane_record

Run = Callable[..., Result]
HOSTILE = "--> <b>left</b> & {\\an8}"
NORTH = [(0, 1250), (1250, 3250)]
"""Start and end in the first recording, milliseconds: of motif 0, cut off at 0, and of motif 1."""


def text(record: FitRecord, form: str, recording: str | None = "north") -> str:
    return encode_occurrences(record, form, recording=recording).decode()


def hostile_record() -> FitRecord:
    names = ("<script>", "..\\..\\x: 'y' & z")
    return with_names(lane_record(names=names, start_utc="2024-05-01T12:00:00Z"), {0: HOSTILE})


def test_the_command_offers_every_format(command: Command) -> None:
    assert isinstance(command, click.Group)
    (option,) = [p for p in command.commands["occurrences"].params if p.name == "form"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(FORMATS)


def test_srt_is_read_back_by_a_subtitle_library() -> None:
    found = pysubs2.SSAFile.from_string(text(lane_record(), "srt"), format_="srt")
    assert [(line.start, line.end) for line in found] == NORTH
    assert [line.plaintext for line in found] == ["motif 1", "motif 2"]


def test_nwb_is_read_back_by_its_library(tmp_path: Path) -> None:
    (tmp_path / "a.nwb").write_bytes(
        encode_occurrences(hostile_record(), "nwb", recording="<script>")
    )
    with NWBHDF5IO(str(tmp_path / "a.nwb"), "r") as reader:
        file = reader.read()
        table = file.intervals["motif_occurrences"].to_dataframe()
        assert file.session_start_time.isoformat() == "2024-05-01T12:00:00+00:00"
    assert table.start_time.tolist() == [0.0, 1.25]
    assert table.title.tolist() == [HOSTILE, "motif 2"]
    assert table.motif.tolist() == [1, 2]


def test_nwb_without_a_wall_clock_begins_at_the_epoch(tmp_path: Path) -> None:
    (tmp_path / "a.nwb").write_bytes(encode_occurrences(lane_record(), "nwb", recording="north"))
    with NWBHDF5IO(str(tmp_path / "a.nwb"), "r") as reader:
        assert reader.read().session_start_time == EPOCH


def test_vtt_is_read_back_by_a_subtitle_library() -> None:
    captions = webvtt.from_string(text(hostile_record(), "vtt", "<script>")).captions
    assert [c.start for c in captions] == ["00:00:00.000", "00:00:01.250"]
    assert captions[0].raw_text == "--&gt; &lt;b&gt;left&lt;/b&gt; &amp; {\\an8}"


def test_a_name_cannot_end_a_cue_of_srt_or_format_it() -> None:
    srt = text(hostile_record(), "srt", "<script>")
    assert srt.count("-->") == 2
    found = pysubs2.SSAFile.from_string(srt, format_="srt")
    assert found[0].text == "--› ‹b›left‹/b› & ❴⧵an8❵"


def test_labels_are_start_end_and_name_between_tabs() -> None:
    rows = list(csv.reader(io.StringIO(text(lane_record(), "labels")), delimiter="\t"))
    assert rows == [["0.000", "1.250", "motif 1"], ["1.250", "3.250", "motif 2"]]


def test_an_occurrence_ends_when_90_percent_of_its_motif_are_over() -> None:
    record = lane_record()
    phi = record.motifs.probability.copy()
    phi[1] = 0
    phi[1, 1:3, 0] = 0.5
    record = replace(record, motifs=replace(record.motifs, probability=phi))
    assert text(record, "labels").splitlines()[1] == "1.250\t2.000\tmotif 2"
    assert [row.end_s for row in list_occurrences(record)] == [1.25, 2.0, 2.5, 9.5]


def test_occurrences_with_ends_of_their_own_keep_them_in_files_and_exports(tmp_path: Path) -> None:
    record = lane_record()
    ends = record.occurrences.start_s + np.array([1.5, 0.25, 2.0, 0.5])
    record = replace(record, occurrences=replace(record.occurrences, end_s=ends))
    store.write_fit(tmp_path / "fit.h5", record)
    again = store.read_fit(tmp_path / "fit.h5")
    assert [row.end_s for row in list_occurrences(again)] == ends.tolist()
    assert text(again, "labels").splitlines()[0].split("\t")[1] == f"{ends[0]:.3f}"


def overlapping() -> FitRecord:
    """One recording in which motif 0 occurs three times, each sooner than it lasts."""
    return lane_record(names=("north",), occurrences=((0, 4, 0), (0, 6, 0), (0, 7, 0), (0, 5, 1)))


def test_eaf_has_a_tier_a_motif_and_no_overlap_inside_a_tier(tmp_path: Path) -> None:
    write_occurrences(with_names(overlapping(), {1: HOSTILE}), "eaf", tmp_path / "x.eaf")
    found = pympi.Elan.Eaf(str(tmp_path / "x.eaf"))
    assert list(found.get_tier_names()) == ["motif 1", HOSTILE]
    assert [a[:3] for a in found.get_annotation_data_for_tier("motif 1")] == [
        (1000, 1500, "motif 1"),
        (1500, 1750, "motif 1"),
        (1750, 3750, "motif 1"),
    ]
    assert [a[2] for a in found.get_annotation_data_for_tier(HOSTILE)] == [HOSTILE]


def test_eaf_has_the_parts_of_its_schema_in_order() -> None:
    root = ElementTree.fromstring(text(overlapping(), "eaf"))
    assert [part.tag for part in root] == [
        *("HEADER", "TIME_ORDER", "TIER", "TIER", "LINGUISTIC_TYPE")
    ]
    assert {"AUTHOR", "DATE", "FORMAT", "VERSION"} <= set(root.attrib)
    assert datetime.fromisoformat(root.attrib["DATE"]).tzinfo == UTC
    slots = [slot.attrib for slot in root.iterfind("TIME_ORDER/TIME_SLOT")]
    times = [int(slot["TIME_VALUE"]) for slot in slots]
    assert times == sorted(times)
    used = [
        annotation.attrib[end]
        for annotation in root.iter("ALIGNABLE_ANNOTATION")
        for end in ("TIME_SLOT_REF1", "TIME_SLOT_REF2")
    ]
    assert sorted(used) == sorted(slot["TIME_SLOT_ID"] for slot in slots)
    ids = [a.attrib["ANNOTATION_ID"] for a in root.iter("ALIGNABLE_ANNOTATION")]
    assert len(set(ids)) == len(ids) == 4
    kinds = {tier.attrib["LINGUISTIC_TYPE_REF"] for tier in root.iterfind("TIER")}
    assert kinds == {root.find("LINGUISTIC_TYPE").attrib["LINGUISTIC_TYPE_ID"]}  # type: ignore[union-attr]


def with_source(record: FitRecord, source: str) -> FitRecord:
    recordings = tuple(
        replace(part, source=source, frames_decoded=250) for part in record.recordings
    )
    return replace(record, recordings=recordings)


def test_eaf_links_its_media_absolutely_and_from_where_it_lies(tmp_path: Path) -> None:
    film = tmp_path / "film & <1>.mp4"
    film.touch()
    place = tmp_path / "out" / "x.eaf"
    write_occurrences(with_source(overlapping(), str(film)), "eaf", place)
    (link,) = pympi.Elan.Eaf(str(place)).get_linked_files()
    assert link["MEDIA_URL"] == film.as_uri()
    assert link["RELATIVE_MEDIA_URL"] == "./../film%20%26%20%3C1%3E.mp4"
    assert link["MIME_TYPE"] == "video/mp4"


def test_eaf_of_a_recording_without_media_links_none() -> None:
    record = with_source(overlapping(), "events.tdoc")
    assert ElementTree.fromstring(text(record, "eaf")).find("HEADER/MEDIA_DESCRIPTOR") is None


def test_tiers_of_motifs_of_one_name_have_different_ids() -> None:
    root = ElementTree.fromstring(text(with_names(lane_record(), {0: "x", 1: "x"}), "eaf"))
    assert [tier.attrib["TIER_ID"] for tier in root.iterfind("TIER")] == ["x (1)", "x (2)"]


def test_boris_project_has_a_behaviour_a_motif_and_an_observation_a_recording() -> None:
    project = json.loads(text(hostile_record(), "boris", None))
    assert project["project_format_version"] == "7.0"
    codes = [behaviour["code"] for behaviour in project["behaviors_conf"].values()]
    assert codes == [HOSTILE, "motif 2"]
    assert list(project["observations"]) == ["<script>", "..\\..\\x: 'y' & z"]
    assert project["observations"]["<script>"]["date"] == "2024-05-01T12:00:00"


def test_boris_state_events_come_in_pairs_in_order_of_time() -> None:
    (observation,) = json.loads(text(overlapping(), "boris"))["observations"].values()
    events = observation["events"]
    assert [e[0] for e in events] == sorted(e[0] for e in events)
    mine = [e[0] for e in events if e[2] == "motif 1"]
    assert mine == [1.0, 1.5, 1.5, 1.75, 1.75, 3.75]
    assert len([e for e in events if e[2] == "motif 2"]) == 2


def test_boris_observation_of_a_film_links_it() -> None:
    record = with_source(overlapping(), "film.mp4")
    (observation,) = json.loads(text(record, "boris"))["observations"].values()
    assert (observation["type"], observation["file"]["1"]) == ("MEDIA", ["film.mp4"])
    assert observation["media_info"]["length"] == {"film.mp4": 10.0}
    assert observation["media_info"]["fps"] == {"film.mp4": 25.0}


def test_boris_project_is_ascii_because_it_is_opened_in_any_encoding() -> None:
    record = with_names(lane_record(), {0: "søndag|x"})
    assert text(record, "boris").isascii()
    assert json.loads(text(record, "boris"))["behaviors_conf"]["0"]["code"] == "søndag¦x"


def test_parquet_has_the_columns_of_the_csv_file_with_types() -> None:
    record = lane_record(start_utc="2024-05-01T12:00:00Z")
    table = pyarrow.parquet.read_table(io.BytesIO(encode_occurrences(record, "parquet")))
    assert ",".join(table.column_names) == encode_occurrences(record, "csv").decode().split("\n")[0]
    rows = table.to_pylist()
    assert [row["start_s"] for row in rows] == [0.0, 1.25, 0.5, 7.5]
    assert rows[1]["start_utc"] == datetime(2024, 5, 1, 12, 0, 1, 250_000, tzinfo=UTC)


def test_parquet_of_no_occurrences_keeps_its_columns() -> None:
    record = lane_record(occurrences=())
    table = pyarrow.parquet.read_table(io.BytesIO(encode_occurrences(record, "parquet")))
    assert table.num_rows == 0
    assert ",".join(table.column_names) + "\n" == encode_occurrences(record, "csv").decode()
    assert str(table.schema.field("start_utc").type) == "timestamp[ms, tz=UTC]"


@pytest.mark.parametrize("form", ["srt", "vtt", "eaf", "labels", "nwb"])
def test_one_timeline_cannot_hold_two_recordings(form: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 recordings; choose one with --recording"):
        encode_occurrences(lane_record(), form)
    with pytest.raises(DataError, match="--recording"):
        write_occurrences(lane_record(), form, tmp_path / f"all{FORMATS[form].suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["srt", "vtt", "eaf", "labels", "nwb"])
def test_several_recordings_make_a_folder_of_safe_names(form: str, tmp_path: Path) -> None:
    paths = write_occurrences(hostile_record(), form, tmp_path / "deep" / "out")
    suffix = FORMATS[form].suffix
    assert [path.name for path in paths] == [f"_script_{suffix}", f"_.._x_ _y_ _ z{suffix}"]
    assert sorted((tmp_path / "deep" / "out").iterdir()) == sorted(paths)


@pytest.mark.parametrize(
    "names", [("..x", "x"), ("A", "a"), ("a:b", "a?b"), ("-", "..."), ("x" * 300, "y")]
)
def test_files_of_several_recordings_are_as_many(names: tuple[str, str], tmp_path: Path) -> None:
    paths = write_occurrences(lane_record(names=names), "srt", tmp_path / "out")
    assert len({path.name.lower() for path in paths}) == 2
    assert {path.parent for path in paths} == {tmp_path / "out"}
    assert not [path for path in paths if path.name.startswith((".", "-"))]


def test_nothing_of_a_folder_is_written_when_one_file_exists(tmp_path: Path) -> None:
    (tmp_path / "south.srt").touch()
    with pytest.raises(WorkspaceError, match="--force"):
        write_occurrences(lane_record(), "srt", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["south.srt"]
    assert len(write_occurrences(lane_record(), "srt", tmp_path, force=True)) == 2


def test_one_recording_is_chosen_by_name_in_every_format() -> None:
    rows = list(csv.DictReader(io.StringIO(text(lane_record(), "csv", "south"))))
    assert [(row["document"], row["recording"]) for row in rows] == [("1", "south")] * 2
    (observation,) = json.loads(text(lane_record(), "boris", "south"))["observations"]
    assert observation == "south"
    with pytest.raises(DataError, match="no recording 'west' in the fit; it has 'north', 'south'"):
        encode_occurrences(lane_record(), "csv", recording="west")


def test_a_document_without_occurrences_makes_an_empty_file() -> None:
    record = lane_record(names=("north",), occurrences=())
    assert text(record, "srt") == text(record, "labels") == ""
    assert text(record, "vtt") == "WEBVTT\n"
    assert json.loads(text(record, "boris"))["observations"]["north"]["events"] == []


def test_the_command_writes_one_file_or_a_folder(motifmine: Run) -> None:
    store.write_fit(Path("motifmine-work/fits/plsm-001.h5"), lane_record())
    example = motifmine("occurrences", "plsm-001", "--format", "srt", "-o", "subtitles")
    assert (example.exit_code, example.stdout) == (0, "")
    assert sorted(p.name for p in Path("subtitles").iterdir()) == ["north.srt", "south.srt"]
    one = motifmine("occurrences", "--format", "srt", "--recording", "north", "-o", "a.srt")
    assert one.exit_code == 0
    assert Path("a.srt").read_text() == Path("subtitles/north.srt").read_text()
    assert motifmine("occurrences", "--format", "srt").exit_code == 1


def test_the_command_writes_parquet_to_a_pipe(motifmine: Run) -> None:
    store.write_fit(Path("motifmine-work/fits/plsm-001.h5"), lane_record())
    result = motifmine("occurrences", "--format", "parquet")
    assert pyarrow.parquet.read_table(io.BytesIO(result.stdout_bytes)).num_rows == 4


def test_parquet_is_not_written_to_a_terminal(
    motifmine: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_fit(Path("motifmine-work/fits/plsm-001.h5"), lane_record())
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=True)
    result = motifmine("occurrences", "--format", "parquet")
    assert result.exit_code == 2
    assert "name a file with -o" in result.stderr


def test_no_format_has_a_time_outside_of_the_recording() -> None:
    record = lane_record(occurrences=((0, -3, 0), (0, 36, 1), (0, 39, 0)))
    end_s = record.recordings[0].extent_s(record.bin_s)[1]
    rows = list_occurrences(record)
    assert [row.start_s >= 0 for row in rows] == [True] * 3
    assert max(row.end_s for row in rows) == end_s
    for form in ("srt", "vtt"):
        found = pysubs2.SSAFile.from_string(text(record, form), format_=form)
        assert min(line.start for line in found) == 0
        assert max(line.end for line in found) == 1000 * end_s
    labels = [line.split("\t") for line in text(record, "labels").splitlines()]
    assert max(float(line[1]) for line in labels) == end_s
    tiers = ElementTree.fromstring(text(record, "eaf"))
    slots = [int(slot.attrib["TIME_VALUE"]) for slot in tiers.iter("TIME_SLOT")]
    assert (min(slots), max(slots)) == (0, 1000 * end_s)
    events = json.loads(text(record, "boris"))["observations"]["north"]["events"]
    assert max(event[0] for event in events) <= end_s
