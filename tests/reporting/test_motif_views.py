"""How motifs are shown, by kind of words."""

from dataclasses import replace
from pathlib import Path

import pytest

from motifmine.records.layouts import LAYOUTS
from motifmine.records.vocabulary import FlowGrid, Vocabulary
from motifmine.reporting.html.page import write_report
from motifmine.reporting.motif_views import LABEL_VIEW, MOTIF_VIEWS, get_motif_view
from motifmine.reporting.sentences.motifs import describe_motif
from tests.helpers.fit_records import label_record, lane_record
from tests.records.test_vocabulary import Pitches


def pitch_vocabulary(n_words: int) -> Vocabulary:
    names = tuple(f"note {n}" for n in range(n_words))
    return Vocabulary(labels=names, layout=Pitches(lowest=57, names=names))


def test_every_view_is_of_a_kind_of_words() -> None:
    assert set(MOTIF_VIEWS) <= set(LAYOUTS)
    assert get_motif_view(lane_record().vocabulary) is MOTIF_VIEWS[FlowGrid.kind]
    assert get_motif_view(label_record().vocabulary) is LABEL_VIEW


def test_a_kind_without_a_view_is_shown_by_its_labels(tmp_path: Path) -> None:
    record = replace(label_record(), vocabulary=pitch_vocabulary(4))
    page = write_report(record, tmp_path / "r").read_text()
    assert "<bdi>note 1</bdi>" in page
    assert describe_motif(record, 0).startswith("Mostly note")


def test_a_new_view_is_used_in_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = replace(
        LABEL_VIEW,
        describe=lambda _record, motif: f"Tune {motif}.",
        figure=lambda _record, motif: f"<svg id='tune{motif}'></svg>",
        row_order="the lowest at the bottom",
    )
    monkeypatch.setitem(MOTIF_VIEWS, "pitches", view)
    record = replace(label_record(), vocabulary=pitch_vocabulary(4))
    page = write_report(record, tmp_path / "r").read_text()
    assert (
        "<svg id='tune0'></svg>" in page
        and "Tune 0." in page
        and "the lowest at the bottom" in page
    )
