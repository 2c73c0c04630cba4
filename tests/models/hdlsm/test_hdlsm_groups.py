"""HDLSM in groups of documents: dealing, merging, and what comes of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.matching import match_motifs
from motifmine.errors import SpecError
from motifmine.io.hdf5 import store
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.hdlsm.groups import (
    GroupedHdlsmFit,
    count_groups,
    partition_documents,
    sample_in_groups,
)
from motifmine.models.hdlsm.merging import (
    MergedMotifs,
    PartMotifs,
    merge_motifs,
    select_confirmed_motifs,
)
from motifmine.models.hdlsm.model import Hdlsm
from motifmine.models.protocol import FitContext
from motifmine.simulation import Simulation, simulate
from motifmine.types import Floats32
from motifmine.workflows.mine import locate, mine

Run = Callable[..., Result]
SPEC = Hdlsm(motif_length=8, chains=1, starts=1, sweeps=150, burn_in=100, kept=5)


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate(n_motifs=4, motif_length=8, n_words=18, n_times=150, n_documents=8, seed=3)


@pytest.fixture(scope="module")
def fit(truth: Simulation) -> GroupedHdlsmFit:
    return sample_in_groups(SPEC, truth.table, 4, seed=0)


def part(motifs: Floats32, mass: Sequence[float], total: float = 100.0) -> PartMotifs:
    return PartMotifs(
        probability=motifs.astype(np.float32), mass=np.array(mass, dtype=np.float64), total=total
    )


@pytest.fixture
def shapes(truth: Simulation) -> Floats32:
    """Motifs that leave the last two bins of their window empty."""
    shapes = truth.motifs.probability.copy()
    shapes[:, -2:] = 0
    scaled: Floats32 = shapes / shapes.sum(axis=(1, 2), keepdims=True)
    return scaled


# dealing


def test_every_document_is_in_one_group_and_groups_are_balanced(truth: Simulation) -> None:
    groups = partition_documents(truth.table, 3)
    assert sorted(np.concatenate(groups).tolist()) == list(range(8))
    mass = [truth.table.documents(group.tolist()).total for group in groups]
    assert max(mass) < 1.5 * min(mass)


def test_no_group_is_empty_though_documents_are(truth: Simulation) -> None:
    in_first = truth.table.row_of_observation() < truth.table.document_offsets[1]
    silent = truth.table.with_counts(np.where(in_first, truth.table.count, np.float32(0)))
    assert count_groups(SPEC, silent, 3) == 1
    assert [len(group) for group in partition_documents(silent, 8)] == [1] * 8


def test_the_number_of_groups_follows_from_the_observations(truth: Simulation) -> None:
    table = truth.table
    heavy = replace(table, count=(table.count * 650_000 / table.total).astype(np.float32))
    assert count_groups(SPEC, table, "auto") == 1
    assert count_groups(SPEC, heavy, "auto") == 4
    assert count_groups(replace(SPEC, count_scale=0.5), heavy, "auto") == 2
    assert count_groups(SPEC, table, 50) == table.n_documents


def test_no_groups_are_refused(truth: Simulation) -> None:
    with pytest.raises(SpecError, match="groups is 0"):
        count_groups(SPEC, truth.table, 0)


# merging


def test_the_same_motif_of_two_parts_is_one_whatever_its_shift(shapes: Floats32) -> None:
    later = np.roll(shapes[:1], 2, axis=1)
    merged = merge_motifs([part(shapes[:1], [30.0]), part(later, [20.0])])
    assert merged.parts == ((0, 1),)
    assert merged.mass.tolist() == [50.0]
    assert np.allclose(merged.probability[0], shapes[0], atol=1e-6)


def test_a_merged_motif_is_the_mean_weighted_by_observations(shapes: Floats32) -> None:
    other = 0.8 * shapes[:1] + 0.2 * shapes[1:2]
    merged = merge_motifs([part(shapes[:1], [75.0]), part(other, [25.0])])
    assert np.allclose(merged.probability[0], 0.95 * shapes[0] + 0.05 * shapes[1], atol=1e-6)


def test_motifs_that_differ_are_not_merged(shapes: Floats32) -> None:
    merged = merge_motifs([part(shapes[:1], [30.0]), part(shapes[1:2], [40.0])])
    assert merged.parts == ((1,), (0,))


def test_motifs_that_one_part_separates_stay_separate(shapes: Floats32) -> None:
    # by cosine all three are the same
    twins = np.concatenate([shapes[:1], 0.9 * shapes[:1] + 0.1 * shapes[1:2]])
    merged = merge_motifs([part(twins, [30.0, 20.0]), part(shapes[:1], [10.0])])
    assert merged.parts == ((0, 1), (0,))


def test_a_motif_learned_badly_joins_what_all_others_have(shapes: Floats32) -> None:
    rng = np.random.default_rng(0)
    noise = rng.dirichlet(np.full(shapes[0].size, 0.05)).reshape(shapes[:1].shape)
    blurred: Floats32 = (0.5 * shapes[:1] + 0.5 * noise).astype(np.float32)
    well = [part(shapes[:1], [30.0]), part(shapes[:1], [30.0])]
    assert 0.7 < max_shifted_cosine(shapes[:1], blurred)[0][0, 0] < 0.8
    assert merge_motifs([*well, part(blurred, [5.0])]).parts == ((0, 1, 2),)
    assert merge_motifs([well[0], part(blurred, [5.0])]).parts == ((0,), (1,))


def test_a_light_motif_is_kept_only_when_two_parts_have_it(shapes: Floats32) -> None:
    both = part(shapes[:2], [50.0, 0.5])
    assert merge_motifs([both, part(shapes[:1], [50.0])]).parts == ((0, 1),)
    assert merge_motifs([both, both]).parts == ((0, 1), (0, 1))


def test_what_one_group_alone_has_must_hold_elsewhere_or_weigh_much(shapes: Floats32) -> None:
    merged = MergedMotifs(
        probability=np.concatenate([shapes, shapes[:1]]),
        mass=np.array([50.0, 20.0, 20.0, 20.0, 2.0]),
        parts=((0, 1), (1,), (1,), (1,), (1,)),
    )
    several, copy, heavy, again, noise = (
        [25.0, 25.0], [0.0, 9.0], [0.0, 20.0], [8.0, 12.0], [0.1, 1.9],
    )  # fmt: skip
    mass = np.array([several, copy, heavy, again, noise])
    assert select_confirmed_motifs(merged, mass, np.array([300.0, 300.0])).tolist() == [0, 2, 3]


def test_all_motifs_of_a_single_group_hold(shapes: Floats32) -> None:
    merged = merge_motifs([part(shapes, [30.0, 2.0, 2.0, 1.0])])
    mass = merged.mass[:, None] / 4
    assert select_confirmed_motifs(merged, mass, np.array([100.0])).tolist() == [0, 1, 2, 3]


# the fit


def test_groups_find_the_motifs_that_are_there(truth: Simulation, fit: GroupedHdlsmFit) -> None:
    assert len(fit.motifs) == 4
    match = match_motifs(truth.motifs.probability, fit.motifs.probability)
    assert match.cosine.min() > 0.95
    assert np.all(np.diff(fit.motifs.weight) <= 0)
    assert fit.background.weight + fit.motifs.weight.sum() == pytest.approx(1.0)
    assert all(len(groups) >= 3 for groups in fit.found_in)


@pytest.mark.long
@pytest.mark.release
def test_in_small_groups_under_noise_no_copies_stay() -> None:
    truth = simulate(
        n_motifs=6,
        motif_length=10,
        n_words=25,
        n_times=250,
        n_documents=12,
        noise=0.4,
        observations_per_bin=2,
        seed=1,
    )
    spec = Hdlsm(motif_length=10, chains=1, starts=1, sweeps=200)
    fit = sample_in_groups(spec, truth.table, 6)
    match = match_motifs(truth.motifs.probability, fit.motifs.probability)
    assert max(fit.motifs_by_group) > 6
    assert len(fit.motifs) == 6
    assert match.cosine.min() > 0.9


def test_occurrences_are_found_in_all_documents(truth: Simulation) -> None:
    record = mine(truth.table, SPEC, context=FitContext(groups=4))
    assert len(record.occurrences) == pytest.approx(len(truth.occurrences), rel=0.15)
    assert set(record.occurrences.document) == set(range(8))
    again = locate(record, truth.table)
    assert len(again.occurrences) == pytest.approx(len(record.occurrences), rel=0.05)


def test_the_fit_does_not_depend_on_who_samples_which_group(
    truth: Simulation, fit: GroupedHdlsmFit
) -> None:
    def backwards(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        return (function(item) for item in reversed(items))

    other = sample_in_groups(SPEC, truth.table, 4, mapper=backwards, seed=0)
    assert other.motifs.probability.tobytes() == fit.motifs.probability.tobytes()
    assert other.activations.mass.tobytes() == fit.activations.mass.tobytes()
    assert other.findings() == fit.findings()


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.long)])
def test_the_command_samples_groups(truth: Simulation, motifmine: Run, workers: int) -> None:
    for number in range(4):
        document = truth.table.document(number)
        store.write_table(Path(f"ws/tables/{document.recordings[0].name}.h5"), document)
    line = ("fit", "-w", "ws", "--model", "hdlsm", "--motif-length", "8bins", "--groups", "2")
    few = ("--chains", "1", "--starts", "1", "--sweeps", "60", "--burn-in", "40")
    ran = motifmine(*line, *few, "--workers", str(workers))
    assert ran.exit_code == 0, ran.stderr
    assert "sampled in 2 groups of documents" in ran.stderr
    spec = store.read_fit(Path("ws/fits/hdlsm-001.h5")).provenance.spec
    assert spec.settings["groups"] == 2


def test_groups_are_for_hdlsm(truth: Simulation, motifmine: Run) -> None:
    store.write_table(Path("ws/tables/a.h5"), truth.table.document(0))
    ran = motifmine("fit", "-w", "ws", "--model", "plsm", "--groups", "2")
    assert ran.exit_code == 1
    assert "plsm has no option --groups" in ran.stderr
