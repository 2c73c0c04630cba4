"""Motifs of motifs: the occurrences of a fit as a table, and what is found in it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from click.testing import Result
from numpy.typing import NDArray

from motifmine.analysis.occurrence_table import make_occurrence_table
from motifmine.io.hdf5.store import read_table, write_fit
from motifmine.models.plsm.model import Plsm
from motifmine.workflows.extract_fit import extract_fits
from motifmine.workflows.mine import mine
from motifmine.workflows.workspace import Workspace
from tests.analysis.test_phases import BIN_S, N_TIMES, record_of

Run = Callable[..., Result]


def batches(seed: int) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Return starts of three motifs that follow one another in every batch, and of batches.

    A tenth is missed, and as many are somewhere else.
    """
    rng = np.random.default_rng(seed)
    begins = np.cumsum(rng.uniform(70, 150, 60))
    begins = begins[begins < N_TIMES - 60]
    starts = []
    for after in (0.0, 15.0, 35.0):
        own = begins + after + rng.normal(0, 0.7, len(begins))
        own = own[rng.random(len(own)) > 0.1]
        false = rng.uniform(0, N_TIMES, round(0.1 * len(begins)))
        starts.append(np.sort(np.concatenate([own, false])))
    return starts, begins


def test_batches_of_three_motifs_are_one_motif_of_motifs() -> None:
    starts, begins = batches(0)
    table = make_occurrence_table(record_of(starts), 1.0, is_spread=True)
    record = mine(table, Plsm(n_motifs=1, motif_length=13), seed=0)
    motif = record.motifs.probability[0]
    # one motif holds all three, in their order and at their distances
    assert np.all(motif.sum(axis=0) > 0.2)
    mean = np.arange(13) @ motif / motif.sum(axis=0)
    np.testing.assert_allclose(np.diff(mean) * table.bin_s, [15 * BIN_S, 20 * BIN_S], atol=0.5)
    # what is found is a batch
    found = record.occurrences.start_s
    offset = np.median([found[np.abs(found - b).argmin()] - b for b in begins * BIN_S])
    near = np.abs(found[:, None] - offset - begins[None] * BIN_S) <= 2
    assert near.any(axis=1).mean() > 0.9


def test_extract_takes_the_file_of_a_fit(motifmine: Run) -> None:
    starts, _ = batches(0)
    write_fit(Path("plsm-001.h5"), record_of(starts))
    result = motifmine("-w", "level-2", "extract", "plsm-001.h5", "--bin", "1s")
    assert result.exit_code == 0, result.stderr
    assert "ok: plsm-001.h5: log" in result.stdout
    table = read_table(Path("level-2/tables/log.h5"))
    assert table.vocabulary.labels == ("motif 1", "motif 2", "motif 3")
    assert table.bin_s == 1.0
    assert table.total == sum(map(len, starts))
    # starts are known to about a bin
    assert set(np.unique(table.count * 4)) <= set(range(1, 20))
    assert (table.count == 0.25).sum() > len(starts[0])
    usual = make_occurrence_table(record_of(starts))
    assert usual.bin_s == record_of(starts).motifs.motif_length // 2 * BIN_S
    failed = extract_fits([Path("none.h5")], Workspace(Path("level-3")), bin_s=None, force=False)
    assert [outcome.status for outcome in failed] == ["failed"]
    again = motifmine("-w", "level-2", "extract", "plsm-001.h5")
    assert again.exit_code == 1
    assert "log.h5" in again.stderr
