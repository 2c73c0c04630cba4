from dataclasses import replace

import numpy as np
import pytest

from motifmine.records.fit import FitRecord
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections import cooccurrence
from tests.helpers.fit_records import lane_record


@pytest.fixture(scope="module")
def record() -> FitRecord:
    """Return a fit where motif 1 starts 3 bins after motif 0, most of the time."""
    random = np.random.default_rng(0)
    names = tuple(f"clip {d:02d}" for d in range(12))
    first = [(d, int(t), 0) for d in range(12) for t in random.choice(30, 3, replace=False)]
    after = [(d, t + 3, 1) for d, t, _ in first if random.random() < 0.8]
    return lane_record(names=names, occurrences=tuple(sorted(first + after)))


def test_following_is_described_in_a_plain_sentence(record: FitRecord) -> None:
    html = cooccurrence.section(ReportContext(record))
    assert '<a href="#motif-2"><bdi>Motif 2</bdi></a> starts 0.5&ndash;1&nbsp;s after' in html
    assert "of cases; by chance" in html and 'class="follow-matrix"' in html


def test_names_of_motifs_are_shown_and_escaped(record: FitRecord) -> None:
    html = cooccurrence.section(ReportContext(replace(record, names=("left <b>", ""))))
    assert "Motif 1: left &lt;b&gt;" in html and "<b>" not in html


def test_same_fit_gives_the_same_section(record: FitRecord) -> None:
    assert cooccurrence.section(ReportContext(record)) == cooccurrence.section(
        ReportContext(record)
    )


def test_too_few_occurrences_give_no_section() -> None:
    assert cooccurrence.section(ReportContext(lane_record())) == ""


def test_unrelated_motifs_are_said_to_be_so() -> None:
    random = np.random.default_rng(1)
    names = tuple(f"clip {d:02d}" for d in range(12))
    starts = {
        (d, int(t), int(m)) for d in range(12) for t, m in random.integers(0, (33, 2), (4, 2))
    }
    record = lane_record(names=names, occurrences=tuple(sorted(starts)))
    html = cooccurrence.section(ReportContext(record))
    assert "No motif follows" in html and "<table" not in html
