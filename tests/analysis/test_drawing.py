"""Tables drawn from a fit: rates, sizes and words of the fit, or exactly the starts asked for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.drawing import Start, draw_from_fit
from motifmine.analysis.matching import match_motifs
from motifmine.errors import DataError
from motifmine.io.hdf5.store import read_table, write_fit, write_table
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.simulation import Simulation
from motifmine.workflows.mine import mine

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def record(small: Simulation) -> FitRecord:
    return mine(small.table, Plsm(n_motifs=3, motif_length=8), seed=0)


def test_a_draw_is_like_the_data_of_the_fit(record: FitRecord, small: Simulation) -> None:
    # of fewer documents the number of starts, a Poisson process, may be off by more than a tenth
    drawn = draw_from_fit(record, n_documents=20, seed=1)
    assert drawn.table.total / drawn.table.n_times == pytest.approx(
        small.table.total / small.table.n_times, rel=0.15
    )
    found = np.bincount(drawn.occurrences.motif, minlength=3) / drawn.table.n_times
    expected = np.bincount(record.occurrences.motif, minlength=3) / small.table.n_times
    np.testing.assert_allclose(found, expected, rtol=0.35)
    words = np.bincount(drawn.table.word, drawn.table.count) / drawn.table.total
    usual = np.bincount(small.table.word, small.table.count) / small.table.total
    assert words @ usual / np.linalg.norm(words) / np.linalg.norm(usual) > 0.97
    again = draw_from_fit(record, n_documents=20, seed=1)
    np.testing.assert_array_equal(again.table.word, drawn.table.word)


def test_a_fit_of_a_draw_finds_the_motifs_again(record: FitRecord) -> None:
    drawn = draw_from_fit(record, seed=2)
    fit = Plsm(n_motifs=3, motif_length=8).fit(drawn.table, seed=0)
    match = match_motifs(record.motifs.probability, fit.motifs.probability)
    assert match.cosine.min() > 0.9


def test_the_starts_asked_for_are_drawn_and_no_others(record: FitRecord) -> None:
    asked = (
        Start(document="one", motif=1, start_bin=0),
        Start(document="one", motif=2, start_bin=9),
    )
    drawn = draw_from_fit(record, starts=asked, seed=0)
    assert drawn.table.recordings[0].name == "one"
    assert drawn.table.n_times == 9 + 16
    assert drawn.occurrences.motif.tolist() == [1, 2]
    assert drawn.occurrences.start_bin.tolist() == [0, 9]
    likely = record.motifs.probability[1].argmax()
    time, word = divmod(int(likely), record.motifs.n_words)
    assert drawn.table.dense(0)[word, time] > 0


def test_states_and_empty_fits_are_refused(record: FitRecord) -> None:
    found = record.occurrences
    states = replace(record, occurrences=replace(found, end_s=found.start_s + 1))
    with pytest.raises(DataError, match="lengths of their own"):
        draw_from_fit(states)
    with pytest.raises(DataError, match="no occurrence of motif 2"):
        rare = replace(found, motif=np.zeros_like(found.motif))
        asked = (Start(document="a", motif=1, start_bin=0),)
        draw_from_fit(replace(record, occurrences=rare), starts=asked)


def test_the_command_writes_a_workspace_of_its_own(
    record: FitRecord, small: Simulation, motifmine: Run
) -> None:
    for index, recording in enumerate(small.table.recordings):
        write_table(Path(f"motifmine-work/tables/{recording.name}.h5"), small.table.document(index))
    write_fit(Path("motifmine-work/fits/plsm-001.h5"), record)
    Path("starts.csv").write_text("label,start_s\nmotif 2,0\n3,1.5\n")
    made = motifmine("simulate", "--from", "plsm-001", "--starts", "starts.csv")
    assert made.exit_code == 0, made.stderr
    folder = Path("motifmine-work/simulated/plsm-001")
    assert (folder / "truth.csv").read_text().splitlines()[1:] == [
        "document-000,motif 2,0",
        "document-000,motif 3,2",
    ]
    assert read_table(folder / "tables/document-000.h5").vocabulary == record.vocabulary
    assert motifmine("simulate", "--from", "plsm-001", "--words", "9").exit_code == 2
    assert motifmine("simulate", "--starts", "starts.csv").exit_code == 2
    Path("starts.csv").write_text("label,start_s\nmotif 9,0\n")
    wrong = motifmine("simulate", "--from", "plsm-001", "--starts", "starts.csv", "--force")
    assert wrong.exit_code == 1
    assert "'motif 9'; expected a motif of the fit" in wrong.stderr
