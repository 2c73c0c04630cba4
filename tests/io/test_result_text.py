"""The result files of the authors' program."""

from pathlib import Path

import numpy as np
import pytest

from motifmine.errors import WorkspaceError
from motifmine.io.result_text import SUFFIXES, factorise_fit, write_result_files
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.simulation import Simulation
from motifmine.workflows.mine import mine


@pytest.fixture(scope="module")
def record(small: Simulation) -> FitRecord:
    return mine(small.table, Plsm(n_motifs=3, motif_length=8))


def test_the_four_files_come_back_as_they_were_written(record: FitRecord, tmp_path: Path) -> None:
    write_result_files(tmp_path / "fit_03_08", record)
    pwz, ptrwz, pzd, ptszd = (np.loadtxt(tmp_path / f"fit_03_08{s}", ndmin=2) for s in SUFFIXES)
    ours = factorise_fit(record)
    np.testing.assert_allclose(pwz, ours.word_of_motif, rtol=1e-8)
    np.testing.assert_allclose(ptrwz.reshape(3, 8, 18), ours.relative_time_of_word, rtol=1e-8)
    np.testing.assert_allclose(pzd, ours.motif_of_document, rtol=1e-8)
    np.testing.assert_allclose(ptszd.reshape(2, -1, 3), ours.start_of_motif, rtol=1e-8)


def test_the_product_of_the_factors_is_the_motif(record: FitRecord) -> None:
    motifs = factorise_fit(record).motifs()
    np.testing.assert_allclose(motifs, record.motifs.probability, atol=1e-6)


def test_the_shapes_are_those_of_the_authors(record: FitRecord, tmp_path: Path) -> None:
    rows = [len(p.read_text().splitlines()) for p in write_result_files(tmp_path / "x", record)]
    assert rows == [18, 3 * 8, 3, 2 * 400]


def test_every_factor_is_a_distribution(record: FitRecord) -> None:
    tables = factorise_fit(record)
    np.testing.assert_allclose(tables.word_of_motif.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(tables.motif_of_document.sum(axis=0), 1)
    np.testing.assert_allclose(tables.start_of_motif.sum(axis=1), 1)


def test_a_file_that_exists_is_not_overwritten(record: FitRecord, tmp_path: Path) -> None:
    write_result_files(tmp_path / "x", record)
    with pytest.raises(WorkspaceError, match="--force"):
        write_result_files(tmp_path / "x", record)
