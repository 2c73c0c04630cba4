"""Sections of the report one by one, and what they are made of."""

import base64
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from motifmine.records.anomalies import Anomalies, AnomalyScale
from motifmine.records.fit import FitRecord
from motifmine.records.forecast import ForecastScores
from motifmine.records.topics import unfold_record
from motifmine.records.vocabulary import Topics, Vocabulary
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections import (
    anomalies,
    codes,
    forecast,
    motif_cards,
    overview,
    provenance,
    recordings,
    timeline,
    topics,
)
from motifmine.reporting.html.sections.motif_cards import (
    NUMBERS_FOR,
    picture_stem,
    render_motif_card,
)
from motifmine.reporting.rows import list_motifs
from motifmine.reporting.tables.anomalies import WRITERS, list_anomalies
from tests.helpers.fit_records import label_record, lane_record

HOSTILE = "<b>Ring\x1b[31m"


def hostile_record() -> FitRecord:
    return lane_record(names=(HOSTILE, "south"), start_utc="2024-05-06T07:08:09+00:00")


def with_anomalies(n: int) -> FitRecord:
    scale = AnomalyScale(
        quantile=np.zeros((3, 2)), share=np.array([1.0, 0.1]), tail=np.ones((3, 3)), n_bins=80
    )
    found = Anomalies(
        document=np.zeros(n, np.int32),
        start_s=np.arange(n) / 4,
        end_s=np.arange(n) / 4 + 0.5,
        sense=np.arange(n, dtype=np.int32) % 3,
        surprise=np.linspace(4, 2, n),
        scale=scale,
    )
    return replace(lane_record(), anomalies=found)


def topic_record() -> FitRecord:
    """Return a fit of label_record whose four words are topics over six words."""
    record = label_record()
    loadings = np.full((4, 6), 0.02, np.float32)
    loadings[np.arange(4), np.arange(4)] = 0.9
    layout = Topics(
        model="plsa",
        loadings=loadings,
        inner=Vocabulary.of_labels(["lane", "path", "<gate>", "kerb", "tree", "sky"]),
    )
    labels = tuple(f"topic {a}" for a in range(4))
    return unfold_record(replace(record, vocabulary=Vocabulary(labels=labels, layout=layout)))


@pytest.mark.parametrize("module", [overview, motif_cards, recordings, provenance])
def test_names_cannot_break_out_of_a_section(module: object) -> None:
    html = module.section(ReportContext(hostile_record()))  # type: ignore[attr-defined]
    assert html.startswith("<section")
    assert "<b>Ring" not in html
    assert "\x1b" not in html


def test_the_overview_has_a_row_and_a_picture_a_motif() -> None:
    html = overview.section(ReportContext(lane_record()))
    assert html.count('class="motif-link"') == 2
    assert html.count("data:image/jpeg") == 2
    assert "60.0 %" in html
    assert "data:image" not in overview.section(ReportContext(label_record()))


def test_the_recordings_show_how_they_were_read() -> None:
    record = lane_record()
    broken = replace(
        record.recordings[0],
        truncated_at_s=8.0,
        frames_expected=120,
        frames_decoded=99,
        stamps_repaired=3,
    )
    html = recordings.section(
        ReportContext(replace(record, recordings=(broken, record.recordings[1])))
    )
    assert "truncated at 00:00:08.000; 99 of 120 frames decoded; 3 time stamps repaired" in html
    assert "notes" not in recordings.section(ReportContext(record))
    assert re.findall(r'<td class="number">(\d+)</td>', html) == ["2", "2"]


def test_burnt_in_clocks_are_shown_over_the_scene_in_red() -> None:
    record = lane_record()
    clock = replace(record.recordings[0], overlays="8,0,24,8;80,56,8,8", notes="burnt-in clock")
    with_clock = replace(record, recordings=(clock, record.recordings[1]))
    html = recordings.section(ReportContext(with_clock))
    encoded = re.search(r"data:image/jpeg;base64,([^\"]+)", html)
    assert encoded is not None and "burnt-in clock" in html
    data = np.frombuffer(base64.b64decode(encoded[1]), dtype=np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (64, 96, 3)
    redness = picture[..., 2].astype(int) - picture[..., 1]
    assert redness[1:7, 9:31].min() > 20
    assert np.abs(redness[30:50, 30:60]).max() < 20
    assert "<figure>" not in recordings.section(ReportContext(record))


@pytest.mark.parametrize("overlays", ["nonsense", "9,9", "99999,0,99999,8", "-4,0,8,8"])
def test_boxes_of_a_damaged_file_do_no_harm(overlays: str) -> None:
    record = lane_record()
    clock = replace(record.recordings[0], overlays=overlays)
    recordings.section(ReportContext(replace(record, recordings=(clock,) * 2)))


def test_the_time_line_is_there_when_something_occurs() -> None:
    assert 'id="timeline"' in timeline.section(ReportContext(lane_record()))
    assert timeline.section(ReportContext(lane_record(occurrences=()))) == ""


def test_the_provenance_has_the_trace_and_the_settings() -> None:
    html = provenance.section(ReportContext(lane_record()))
    assert "iteration 0 to 49" in html
    assert '<th scope="row">seed</th><td>7</td>' in html


def test_only_the_most_surprising_stretches_are_shown() -> None:
    assert anomalies.section(ReportContext(lane_record())) == ""
    few, many = (
        anomalies.section(ReportContext(with_anomalies(3))),
        anomalies.section(ReportContext(with_anomalies(50))),
    )
    assert few.count("<tr>") == 1 + 3
    assert many.count("<tr>") == 1 + anomalies.MOST
    assert f"The first {anomalies.MOST} of 50." in many
    assert [row.surprise for row in list_anomalies(with_anomalies(3))] == [4.0, 3.0, 2.0]


def test_what_happened_once_is_listed_alone() -> None:
    record = with_anomalies(3)
    assert record.anomalies is not None
    marked = replace(record.anomalies, happened_once=np.array([False, True, False]))
    record = replace(record, anomalies=marked)
    assert [row.surprise for row in list_anomalies(record, singles=True)] == [3.0]
    assert WRITERS["csv"](record, True).count("\n") == 1 + 1
    assert len(list_anomalies(record)) == 3
    # of other recordings it is not known
    assert WRITERS["table"](with_anomalies(3), True) == "No event happened once.\n"


def test_topics_are_listed_with_their_heaviest_words() -> None:
    assert topics.section(ReportContext(lane_record())) == ""
    html = topics.section(ReportContext(topic_record()))
    assert html.count("<li>") == 4
    assert "&lt;gate&gt;" in html
    assert "90 %" in html
    labels = Vocabulary.of_labels(["a", "b", "c"])
    probability = np.array([0.1, 0.0, 0.9], np.float32)
    heaviest = [label for label, _ in topics.find_heaviest_words(probability, labels, 3)]
    assert heaviest == ["c", "a"]


def test_a_card_names_its_pictures_and_lists_its_occurrences() -> None:
    record = lane_record()
    row = list_motifs(record)[0]
    card = render_motif_card(ReportContext(record), row)
    assert picture_stem(row.motif) == "motif-01"
    assert 'href="motif-01-matrix.png"' in card
    assert "-00:00:00.750" in card
    assert NUMBERS_FOR > 1


@pytest.mark.parametrize("n_horizons", [1, 3])
def test_scores_of_forecasts_are_drawn_best_on_top(n_horizons: int) -> None:
    nats = np.array([[-2.0, -2.5, -3.0], [-4.0, -4.0, -4.0]])[:, :n_horizons]
    scores = ForecastScores(
        predictors=(HOSTILE, "marginal"),
        horizons=np.array([1, 2, 4])[:n_horizons],
        nats=nats,
        n_observations=1200.0,
        recordings=("tuesday",),
    )
    drawn = forecast.section(ReportContext(replace(lane_record(), forecast=scores)))
    first, last = re.findall(r'd="M0\.0,([\d.]+) ', drawn)
    assert (float(first), float(last)) == (0, 100)
    assert "<b>" not in drawn and "1,200 of tuesday" in drawn
    assert forecast.section(ReportContext(lane_record())) == ""


def test_motifs_of_a_generator_are_drawn_at_offsets_and_strengths() -> None:
    record = label_record()
    assert codes.section(ReportContext(record)) == ""
    drawn = replace(record, provenance=replace(record.provenance, model="infogan"))
    html = codes.section(ReportContext(drawn))
    images = re.findall(r"base64,([^\"]*)", html)
    assert len(images) == len(np.unique(record.occurrences.motif))
    content = np.frombuffer(base64.b64decode(images[0]), np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    assert picture is not None
    ink = picture[..., 3].astype(float)
    width, half = ink.shape[1] // 3, record.motifs.motif_length // 2
    # the same motif, later from left to right and stronger from top to bottom
    first, later = ink[:, :width], ink[:, width : 2 * width]
    np.testing.assert_array_equal(first[:, : width - half - 1], later[:, half : width - 1])
    height = len(ink) // 3
    assert ink[:height].sum() <= ink[height : 2 * height].sum() <= ink[2 * height :].sum()
    assert ink.any()
