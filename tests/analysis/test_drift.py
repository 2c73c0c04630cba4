from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifmine.analysis import drift as drift_module
from motifmine.analysis.drift import measure_drift
from motifmine.durations import Duration
from motifmine.errors import DataError
from motifmine.io.hdf5.store import read_fit, write_fit, write_table
from motifmine.kernels.aligned_counts import (
    Active,
    AlignedSums,
    Observed,
    add_expected_rates,
    add_explained,
)
from motifmine.models.plsm.model import Plsm
from motifmine.records.drift import Drift
from motifmine.records.fit import Activations, Background, MotifSet
from motifmine.records.table import ObservationTable, join_tables, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats, Floats32
from motifmine.workflows.mine import locate, mine
from motifmine.workflows.out_of_core.drift import add_drift
from motifmine.workflows.workspace import Workspace
from tests.helpers.fit_records import lane_record
from tests.helpers.fits import fit_workspace

LENGTH, WORDS, N_TIMES = 12, 16, 600
Version = Callable[[float], Floats]
"""A motif (L, W) at a time of the archive from 0 to 1."""


def walk(words: range, slowness: float = 1.0) -> Floats:
    """Return a motif that walks through words, a bin each, or slower."""
    phi = np.zeros((LENGTH, WORDS))
    for time in range(min(LENGTH, round(len(words) * slowness))):
        phi[time, words[min(int(time / slowness), len(words) - 1)]] = 1
    whole: Floats = phi / phi.sum()
    return whole


def steady(_: float) -> Floats:
    return walk(range(8, 16))


def archive(
    *versions: Version, days: int = 14, per_day: int = 12, size: float = 40, seed: int = 0
) -> tuple[ObservationTable, MotifSet, Background, Activations]:
    """Return days of motifs that go by `versions`, and a fit with the right starts.

    The motifs of the fit are what the versions are on average.
    """
    rng = np.random.default_rng(seed)
    labels = Vocabulary.of_labels([str(word) for word in range(WORDS)])
    tables, entries, mean = [], [], np.zeros((len(versions), LENGTH, WORDS))
    for day in range(days):
        rows = [rng.integers(0, [[N_TIMES], [WORDS]], size=(2, 200))]
        found = []
        for motif, version in enumerate(versions):
            phi = version(day / (days - 1))
            mean[motif] += phi / days
            for start in np.sort(rng.choice(N_TIMES - LENGTH, per_day, replace=False)):
                # occurrences differ: in size, and in what of the motif they show
                n = rng.poisson(size * rng.gamma(4, 0.25)) + 1
                uneven = phi.ravel() * rng.gamma(2, 0.5, phi.size)
                cell = rng.choice(phi.size, n, p=uneven / uneven.sum())
                rows.append(np.stack([start + cell // WORDS, cell % WORDS]))
                found.append((start, motif, n))
        time, word = np.concatenate(rows, axis=1)
        table = table_from_rows(
            time=time, word=word, count=np.ones(len(time)), n_times=N_TIMES, vocabulary=labels,
            name=f"day {day:02d}",
        )  # fmt: skip
        start_utc = f"2026-03-{1 + day:02d}T08:00:00Z"
        tables.append(table.of_recording(replace(table.recordings[0], start_utc=start_utc)))
        entries.append(sorted(found))
    start, motif, mass = np.concatenate(entries).T
    counts = [len(found) for found in entries]
    table = join_tables(tables)
    return (
        table,
        MotifSet(probability=mean.astype(np.float32), weight=np.full(len(versions), 0.4)),
        Background(
            probability=np.full(WORDS, 1 / WORDS, dtype=np.float32),
            weight=200 * days / table.total,
        ),
        Activations(
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            start=start.astype(np.int32),
            motif=motif.astype(np.int32),
            mass=mass.astype(np.float32),
        ),
    )


def drift_of(*versions: Version, **settings: float) -> Drift:
    drift = measure_drift(*archive(*versions, **settings))  # type: ignore[arg-type]
    assert drift is not None
    return drift


def other_words(time: float) -> Floats:
    return (1 - time) * walk(range(0, 6)) + time * walk(range(4, 10))


def slower(time: float) -> Floats:
    return walk(range(0, 6), 1 + time)


def later(time: float) -> Floats:
    return np.roll(walk(range(0, 6)), round(3 * time), axis=0)


@pytest.mark.parametrize("version", [other_words, slower])
def test_motif_that_slowly_changes_is_found_and_the_other_stays(version: Version) -> None:
    drift = drift_of(version, steady)
    assert drift.changed.tolist() == [True, False]
    # it is most like the whole in the middle
    similarity = drift.similarity[0]
    assert similarity[5:9].mean() > max(similarity[0], similarity[-1])
    assert np.nanmin(drift.similarity[1]) > 0.93


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("per_day", "size"), [(4, 8.0), (12, 40.0)])
def test_without_a_change_there_is_no_drift(seed: int, per_day: int, size: float) -> None:
    drift = drift_of(steady, lambda _: walk(range(0, 6)), per_day=per_day, size=size, seed=seed)
    assert not drift.changed.any()


def test_chance_takes_nothing_off_the_similarity() -> None:
    drift = drift_of(steady, lambda _: walk(range(0, 6)), per_day=6, size=12.0)
    assert np.nanmean(drift.similarity) == pytest.approx(1, abs=0.03)


def test_slower_motif_is_reported_by_its_stretch() -> None:
    stretch = drift_of(slower, steady).stretch
    assert stretch[0, -3:].mean() > 1.15 * stretch[0, :3].mean()
    assert stretch[1] == pytest.approx(1, abs=0.06)


def test_motif_that_comes_later_in_its_window_is_shifted_not_changed() -> None:
    drift = drift_of(later, steady)
    assert drift.shift_s[0, -1] - drift.shift_s[0, 0] == pytest.approx(3, abs=1)
    assert not drift.changed.any()


def test_period_without_the_motif_says_nothing() -> None:
    table, motifs, background, activations = archive(steady, later)
    edges = activations.offsets
    none = (activations.motif == 0) & (np.arange(edges[-1]) < edges[1])
    kept = np.concatenate([[0], np.cumsum(~none)])
    rest = Activations(
        offsets=kept[edges],
        start=activations.start[~none],
        motif=activations.motif[~none],
        mass=activations.mass[~none],
    )
    drift = measure_drift(table, motifs, background, rest)
    assert drift is not None and np.isnan(drift.similarity[0, 0]) and not drift.changed[0]


def test_no_drift_of_two_days_or_without_a_clock() -> None:
    assert measure_drift(*archive(steady, days=2)) is None
    table, motifs, background, activations = archive(steady)
    blind = tuple(replace(r, start_utc="") for r in table.recordings)
    blind_table = replace(table, recordings=blind)
    assert measure_drift(blind_table, motifs, background, activations) is None


def test_long_archive_is_reported_by_weeks() -> None:
    drift = measure_drift(*archive(steady, days=28, per_day=5))
    assert drift is not None and drift.period_days == 7 and len(drift.period_start_s) == 4


def test_periods_begin_at_midnight_of_the_zone() -> None:
    drift = measure_drift(*archive(steady), time_zone="America/New_York")
    assert drift is not None
    hours = drift.period_start_s / 3600 % 24
    # summer time begins on the eighth of March: that midnight is still in winter
    assert hours.tolist() == [5.0] * 8 + [4.0] * 6


def test_starts_of_a_real_fit_carry_the_drift() -> None:
    table = archive(other_words, steady, days=8)[0]
    record = mine(table, Plsm(n_motifs=2, motif_length=LENGTH, restarts=1, iterations=40))
    drift = measure_drift(table, record.motifs, record.background, record.activations)
    assert drift is not None and drift.changed.sum() == 1
    # elsewhere that drift says nothing
    assert locate(replace(record, drift=drift), table).drift is None


def test_drift_and_zone_come_back_from_the_file(tmp_path: Path) -> None:
    drift = drift_of(other_words, steady)
    record = replace(lane_record(), drift=drift, time_zone="Europe/Zurich")
    write_fit(tmp_path / "fit.h5", record)
    back = read_fit(tmp_path / "fit.h5")
    assert back.time_zone == "Europe/Zurich" and back.drift is not None
    assert back.drift.period_days == 1
    np.testing.assert_array_equal(back.drift.period_start_s, drift.period_start_s)
    np.testing.assert_allclose(back.drift.similarity, drift.similarity, atol=1e-6)


def test_drift_of_other_motifs_is_refused() -> None:
    with pytest.raises(DataError, match="drift of 1 motifs for 2"):
        replace(lane_record(), drift=drift_of(steady))


def naive(
    table: ObservationTable, activations: Activations, phi: Floats32, flat: Floats32
) -> tuple[Floats, Floats]:
    """Return rates and what motif 0 explains by relative time and word, as the formulas say."""
    rate = flat.astype(np.float64)
    row = table.row_of_observation()
    edges = table.document_offsets
    entries = [
        (d, int(activations.start[e]), int(activations.motif[e]), float(activations.mass[e]))
        for d in range(table.n_documents)
        for e in range(activations.offsets[d], activations.offsets[d + 1])
    ]
    length = phi.shape[1]

    def inside(d: int, i: int, start: int) -> bool:
        return bool(edges[d] <= row[i] < edges[d + 1] and 0 <= row[i] - edges[d] - start < length)

    for d, start, motif, mass in entries:
        for i in range(len(row)):
            if inside(d, i, start):
                rate[i] += mass * phi[motif, row[i] - edges[d] - start, table.word[i]]
    cells = np.zeros(phi.shape[1:])
    for d, start, motif, mass in entries:
        for i in range(len(row)):
            if motif == 0 and inside(d, i, start):
                tr, w = row[i] - edges[d] - start, table.word[i]
                cells[tr, w] += table.count[i] * mass * phi[0, tr, w] / rate[i]
    return rate, cells


def test_kernels_do_what_the_formulas_say() -> None:
    days, motifs, _, found = archive(steady, later, days=2, per_day=3, size=6)
    table, n = days.document(0), found.offsets[1]
    activations = Activations(
        offsets=found.offsets[:2], start=found.start[:n], motif=found.motif[:n], mass=found.mass[:n]
    )
    # motifs that hang over both edges of their document
    activations.start[[0, -1]] = -3, N_TIMES - 4
    rate = np.full(len(table.word), 0.01, dtype=np.float32)
    expected_rate, expected_cells = naive(table, activations, motifs.probability, rate)
    observed = Observed(table.offsets, table.word, table.count, rate)
    active = Active(activations.start, activations.motif, activations.mass)
    add_expected_rates(observed, active, motifs.probability)
    sums = AlignedSums(
        cells=np.zeros((2, 2, LENGTH, WORDS), dtype=np.float32),
        explained=np.zeros((2, 2)),
        column=np.arange(WORDS, dtype=np.int32),
        sign=np.where(np.arange(WORDS) % 2, -1, 1).astype(np.float32),
    )
    add_explained(sums, np.ones(len(active.start), np.int64), observed, active, motifs.probability)
    np.testing.assert_allclose(rate, expected_rate, rtol=1e-5)
    np.testing.assert_allclose(sums.cells[0, 1], sums.sign * expected_cells, rtol=1e-4, atol=1e-6)
    assert sums.explained[0].tolist() == [0, pytest.approx(expected_cells.sum(), rel=1e-5)]


def test_many_words_in_few_columns_give_the_same_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = drift_of(other_words, steady)
    monkeypatch.setattr(drift_module, "MOST_COLUMNS", 9)
    sketch = drift_of(other_words, steady)
    assert sketch.changed.tolist() == [True, False]
    assert np.abs(sketch.similarity - whole.similarity).max() < 0.2


def saved(folder: Path, *versions: Version, days: int = 8) -> tuple[Workspace, ObservationTable]:
    """Return a workspace with a table a day."""
    table = archive(*versions, days=days)[0]
    workspace = Workspace(folder)
    for document in range(days):
        one = table.document(document)
        write_table(workspace.table_path(one.recordings[0].name), one)
    return workspace, table


def test_out_of_core_fit_reports_its_drift(tmp_path: Path) -> None:
    workspace, table = saved(tmp_path, other_words, steady)
    path, head = fit_workspace(
        workspace, model="plsm", n_motifs=2, motif_length=Duration(LENGTH, "bins"),
        time_zone="Asia/Tokyo", stream=True, restarts=1, iterations=40,
    )  # fmt: skip
    record = read_fit(path)
    assert head.drift is not None and record.drift is not None
    assert record.drift.changed.sum() == 1 and record.time_zone == "Asia/Tokyo"
    whole = measure_drift(
        table, record.motifs, record.background, record.activations, time_zone="Asia/Tokyo"
    )
    assert whole is not None
    np.testing.assert_allclose(record.drift.similarity, whole.similarity, atol=1e-4)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_day_whose_table_is_gone_is_a_gap(tmp_path: Path) -> None:
    workspace, _ = saved(tmp_path, other_words, steady)
    path, _ = fit_workspace(
        workspace, model="plsm", n_motifs=2, motif_length=Duration(LENGTH, "bins"), restarts=1,
        iterations=40,
    )  # fmt: skip
    paths = {table.stem: table for table in workspace.table_paths()}
    paths.pop("day 03")
    drift = add_drift(path, paths).drift
    assert drift is not None and np.isnan(drift.similarity[:, 3]).all()
    assert np.isfinite(drift.similarity[:, [2, 4]]).all()
