"""The result files of the authors' program."""

from pathlib import Path

import numpy as np
import pytest

from motifmine.errors import FormatError, WorkspaceError
from motifmine.io.plsm_text import factorise_fit, read_plsm_files, write_plsm_files
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.simulation import Simulation
from motifmine.workflows.mine import mine


@pytest.fixture(scope="module")
def record(small: Simulation) -> FitRecord:
    return mine(small.table, Plsm(n_motifs=3, motif_length=8))


def test_the_four_files_come_back_as_they_were_written(record: FitRecord, tmp_path: Path) -> None:
    write_plsm_files(tmp_path / "fit_03_08", record)
    again, ours = read_plsm_files(tmp_path / "fit_03_08"), factorise_fit(record)
    for name in ("word_of_motif", "relative_time_of_word", "motif_of_document", "start_of_motif"):
        np.testing.assert_allclose(getattr(again, name), getattr(ours, name), rtol=1e-8)


def test_the_product_of_the_factors_is_the_motif(record: FitRecord) -> None:
    motifs = factorise_fit(record).motifs()
    np.testing.assert_allclose(motifs, record.motifs.probability, atol=1e-6)


def test_the_shapes_are_those_of_the_authors(record: FitRecord, tmp_path: Path) -> None:
    rows = [len(p.read_text().splitlines()) for p in write_plsm_files(tmp_path / "x", record)]
    assert rows == [18, 3 * 8, 3, 2 * 400]


def test_every_factor_is_a_distribution(record: FitRecord) -> None:
    tables = factorise_fit(record)
    np.testing.assert_allclose(tables.word_of_motif.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(tables.motif_of_document.sum(axis=0), 1)
    np.testing.assert_allclose(tables.start_of_motif.sum(axis=1), 1)


def test_a_file_that_exists_is_not_overwritten(record: FitRecord, tmp_path: Path) -> None:
    write_plsm_files(tmp_path / "x", record)
    with pytest.raises(WorkspaceError, match="--force"):
        write_plsm_files(tmp_path / "x", record)


def test_shapes_that_do_not_fit_are_refused(record: FitRecord, tmp_path: Path) -> None:
    write_plsm_files(tmp_path / "x", record)
    (tmp_path / "x.pzd").write_text("1 2 3\n")
    with pytest.raises(FormatError, match="do not match"):
        read_plsm_files(tmp_path / "x")
