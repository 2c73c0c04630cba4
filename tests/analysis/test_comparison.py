"""Which motifs several fits have in common, and how stable the motifs of one fit are."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.comparison import compare_fits, find_best_similarity
from motifmine.analysis.stability import measure_stability
from motifmine.errors import DataError, SpecError
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord, MotifSet, Stability
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections import stability
from motifmine.reporting.tables.comparison import format_comparison_json, format_comparison_text
from motifmine.reporting.tables.fit_tables import format_motifs_json, format_motifs_text
from motifmine.simulation import Simulation, simulate
from motifmine.types import Floats32
from motifmine.workflows.fit_topics import project_on_topics
from motifmine.workflows.mine import mine
from motifmine.workflows.names import with_names
from motifmine.workflows.workspace import Workspace
from tests.helpers.fit_records import label_record, lane_record

Run = Callable[..., Result]


def with_motifs(record: FitRecord, probability: Floats32) -> FitRecord:
    motifs = MotifSet(probability=probability, weight=np.full(len(probability), 0.1))
    return replace(record, motifs=motifs)


def later(record: FitRecord, n_bins: int) -> FitRecord:
    """Return the fit with motifs in the other order, in windows that begin `n_bins` sooner."""
    padded = np.pad(record.motifs.probability[::-1], ((0, 0), (n_bins, 0), (0, 0)))
    return with_motifs(record, padded)


def test_motifs_match_at_any_position_in_their_window() -> None:
    record = lane_record()
    (other,) = compare_fits([record, later(record, 3)]).others
    assert other.motif.tolist() == [1, 0]
    assert other.similarity == pytest.approx([1, 1])
    assert other.shift_s == pytest.approx([-0.75, -0.75])  # it begins 3 bins sooner
    assert other.unmatched.tolist() == []


def test_a_fit_is_the_same_as_itself() -> None:
    found = compare_fits([lane_record(), lane_record(), lane_record()])
    assert found.mean_similarity == pytest.approx([1, 1])
    assert found.n_found.tolist() == [2, 2]
    assert all(not other.shift_s.any() for other in found.others)


def test_a_motif_that_only_one_fit_has_is_unmatched() -> None:
    record = lane_record()
    lone = with_motifs(record, record.motifs.probability[1:])
    (other,) = compare_fits([record, lone]).others
    assert (other.motif.tolist(), other.similarity[0]) == ([-1, 0], 0.0)
    (other,) = compare_fits([lone, record]).others
    assert (other.motif.tolist(), other.unmatched.tolist()) == ([1], [0])


def test_motifs_below_the_least_similarity_do_not_match_and_report_it() -> None:
    record = lane_record()
    half = record.motifs.probability.copy()
    half[0, 4:] = 0  # half of the motif: a cosine of 0.71
    changed = with_motifs(record, half)
    strict, mild = compare_fits([record, changed]), compare_fits([record, changed], least=0.7)
    assert (strict.others[0].motif.tolist(), mild.others[0].motif.tolist()) == ([-1, 1], [0, 1])
    assert strict.mean_similarity[0] == pytest.approx(np.sqrt(0.5))


def test_fits_of_other_words_or_bins_are_refused() -> None:
    with pytest.raises(DataError, match="fit 2 has other words than fit 1: it has kind labels"):
        compare_fits([lane_record(), label_record()])
    with pytest.raises(DataError, match=r"time bins of b last 0.5 s, those of a 0.25 s"):
        compare_fits([lane_record(), replace(lane_record(), bin_s=0.5)], titles=("a", "b"))
    with pytest.raises(DataError, match="name two or more"):
        compare_fits([lane_record()])
    with pytest.raises(DataError, match="least is 2"):
        compare_fits([lane_record(), lane_record()], least=2)


def test_an_extended_vocabulary_can_be_compared() -> None:
    short, long = label_record(labels=("a", "b")), label_record(labels=("a", "b", "c"))
    assert len(compare_fits([short, long]).others) == len(compare_fits([long, short]).others) == 1


def test_the_table_numbers_motifs_from_one_and_lists_the_lonely() -> None:
    record = with_names(lane_record(), {1: "<up>\u202e"})
    lone = with_motifs(lane_record(), lane_record().motifs.probability[1:])
    fits = [record, lone]
    lines = format_comparison_text(("a\x1b", "b"), fits, compare_fits(fits)).splitlines()
    assert "\x1b" not in "".join(lines) and "\u202e" not in "".join(lines)
    assert lines[2].split() == ["1", "-", "0.00", "-", "0.00", "0", "of", "1"]
    assert lines[3].split()[:4] == ["2", "<up>\\u202e", "1", "1.00"]
    assert lines[4] == "Only in a\\x1b: 1."


def test_json_counts_motifs_from_one() -> None:
    fits = [lane_record(), later(lane_record(), 1)]
    content = json.loads(format_comparison_json(("a", "b"), fits, compare_fits(fits)))
    assert content["motifs"][0]["matches"] == [
        {"fit": "b", "motif": 2, "name": "", "similarity": 1.0, "shift_s": -0.25}
    ]
    assert content["unmatched"] == {"b": []}


def test_the_examples_of_compare_run(motifmine: Run) -> None:
    for path in ("motifmine-work/fits/plsm-001.h5", "motifmine-work/fits/plsm-002.h5"):
        store.write_fit(Path(path), lane_record())
    for day in ("monday", "tuesday"):
        store.write_fit(Path(day, "fits/plsm-001.h5"), lane_record())
    assert "1 of 1" in motifmine("compare", "plsm-001", "plsm-002").stdout
    days = ("monday/fits/plsm-001.h5", "tuesday/fits/plsm-001.h5")
    assert motifmine("compare", *days, "--least", "0.7").exit_code == 0
    assert json.loads(motifmine("compare", *days, "--json").stdout)["fits"] == list(days)
    assert motifmine("compare", "plsm-001").exit_code == 2


def test_best_similarity_of_nothing_is_none() -> None:
    phi = lane_record().motifs.probability
    assert find_best_similarity(phi, phi[:0]).tolist() == [0, 0]


@pytest.fixture(scope="module")
def planted() -> Simulation:
    """Five documents of two motifs."""
    return simulate(n_motifs=2, motif_length=6, n_words=12, n_times=200, n_documents=5, seed=3)


SPEC = Plsm(n_motifs=2, motif_length=6, restarts=1, activity="sparse")


def test_planted_motifs_are_stable_and_one_that_is_not_there_is_not(planted: Simulation) -> None:
    fit = SPEC.fit(planted.table, seed=0)
    noise = np.random.default_rng(0).random((1, 6, 12), dtype=np.float32)
    shown = np.concatenate([fit.motifs.probability, noise / noise.sum()])
    motifs = MotifSet(probability=shown, weight=np.array([0.5, 0.4, 0.1]))
    lines: list[str] = []
    found = measure_stability(planted.table, SPEC, motifs, 3, seed=1, on_message=lines.append)
    assert (found.n_refits, found.drawn, len(lines)) == (3, "documents", 3)
    assert found.similarity[:2].min() > 0.9
    assert found.share.tolist() == [1, 1, 0]


def test_stability_is_the_same_for_the_same_seed(planted: Simulation) -> None:
    motifs = SPEC.fit(planted.table, seed=0).motifs
    one, two = (measure_stability(planted.table, SPEC, motifs, 1, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.similarity, two.similarity)


def test_blocks_of_time_are_drawn_from_few_documents(planted: Simulation) -> None:
    table = planted.table.documents([0, 1])
    found = measure_stability(table, SPEC, SPEC.fit(table, seed=0).motifs, 1)
    assert found.drawn == "blocks"


def test_stability_of_too_little_is_refused(planted: Simulation) -> None:
    motifs = SPEC.fit(planted.table, seed=0).motifs
    short = simulate(n_motifs=2, motif_length=6, n_words=12, n_times=40, seed=1).table
    with pytest.raises(DataError, match="make only 2 blocks of 24 bins"):
        measure_stability(short, SPEC, motifs, 1)
    with pytest.raises(SpecError, match="n_refits is 0"):
        measure_stability(planted.table, SPEC, motifs, 0)


def stable_record() -> FitRecord:
    return replace(
        with_names(lane_record(), {0: "<left>"}),
        stability=Stability(
            similarity=np.array([0.953, 0.4]),
            share=np.array([1.0, 0.25]),
            n_refits=4,
            least=0.8,
            drawn="documents",
        ),
    )


def test_stability_is_kept_in_the_fit(tmp_path: Path) -> None:
    store.write_fit(tmp_path / "f.h5", stable_record())
    found = store.read_fit(tmp_path / "f.h5").stability
    assert found is not None
    assert (found.similarity.tolist(), found.share.tolist()) == ([0.953, 0.4], [1.0, 0.25])
    assert (found.n_refits, found.least, found.drawn) == (4, 0.8, "documents")


def test_stability_is_for_as_many_motifs_as_there_are() -> None:
    record = stable_record()
    with pytest.raises(DataError, match="stability of 2 motifs for 1"):
        replace(
            record,
            names=(),
            motifs=MotifSet(
                probability=record.motifs.probability[:1], weight=record.motifs.weight[:1]
            ),
        )


def test_tables_and_report_show_stability_where_it_was_tried() -> None:
    assert "95 %" not in format_motifs_text(lane_record())
    assert "stability" not in format_motifs_text(lane_record())
    assert format_motifs_text(stable_record()).splitlines()[2].split()[8:11] == [
        *("0.95", "100", "%")
    ]
    first, second = json.loads(format_motifs_json(stable_record()))
    assert (first["stability"], second["found_again"]) == (0.953, 0.25)
    assert json.loads(format_motifs_json(lane_record()))[0]["stability"] is None


def test_the_report_says_how_often_a_motif_was_found_again() -> None:
    assert stability.section(ReportContext(lane_record())) == ""
    page = stability.section(ReportContext(stable_record()))
    assert "4 of 4" in page and "1 of 4" in page
    assert "&lt;left&gt;" in page and "<left>" not in page


def test_fit_keeps_the_stability_that_it_was_asked_for(motifmine: Run, planted: Simulation) -> None:
    place = Workspace(Path("motifmine-work"))
    for document, recording in enumerate(planted.table.recordings):
        store.write_table(place.table_path(recording.name), planted.table.document(document))
    line = ("--model", "plsm", "--motifs", "2", "--motif-length", "6bins", "--restarts", "1")
    result = motifmine("fit", *line, "--activity", "sparse", "--stability", "2")
    assert result.exit_code == 0, result.stderr
    assert "refit 2 of 2" in result.stderr
    found = store.read_fit(place.find_fit()).stability
    assert found is not None and found.n_refits == 2
    refused = motifmine("fit", *line, "--stability", "0")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Error: --stability is 0; it must be 1 or more\n",
    )


def test_a_fit_over_topics_is_compared_by_the_words_under_them() -> None:
    drawn = simulate(n_motifs=2, motif_length=8, n_words=18, n_times=800, seed=5)
    spec = Plsm(n_motifs=2, motif_length=8)
    topics = project_on_topics(drawn.table, 12, counts="raw", seed=0)
    found = compare_fits([mine(drawn.table, spec), mine(topics, spec)])
    assert found.n_found.tolist() == [1, 1]
