"""Where tables do not fit in memory, fits that can are made out-of-core without being asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from motifmine.io.hdf5.store import read_table_bins, write_table
from motifmine.models.request import FitRequest
from motifmine.parallel.memory import VARIABLE
from motifmine.simulation import simulate
from motifmine.workflows.out_of_core.choice import choose_place, estimate_bytes
from motifmine.workflows.run import FitRun

N_TIMES = 500


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    drawn = simulate(n_times=N_TIMES, n_documents=2, seed=4).table
    found = [tmp_path / f"{recording.name}.h5" for recording in drawn.recordings]
    for number, path in enumerate(found):
        write_table(path, drawn.document(number))
    return found


def test_the_bins_of_a_table_are_read(paths: list[Path]) -> None:
    assert [read_table_bins(path) for path in paths] == [N_TIMES, N_TIMES]


def test_the_memory_decides_and_is_named(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    run, request = FitRun(on_message=lines.append), FitRequest(model="plsm", n_motifs=4)
    monkeypatch.setenv(VARIABLE, "8GiB")
    assert choose_place(request, run, paths) is request
    assert not lines
    monkeypatch.setenv(VARIABLE, "100MiB")
    assert choose_place(request, run, paths) == replace(request, online=True)
    assert "--memory" in lines[0]
    assert "--online" in lines[0]


@pytest.mark.parametrize(
    "request_", [FitRequest(model="hdlsm"), FitRequest(model="plsm", n_topics=8)]
)
def test_what_cannot_be_out_of_core_stays_in_memory(
    request_: FitRequest, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "100MiB")
    assert choose_place(request_, FitRun(), paths) is request_


def test_a_day_of_dense_footage_needs_more_than_4_gib_and_20_million_observations_do_not() -> None:
    request = FitRequest(model="plsm", n_motifs=10)
    assert estimate_bytes(request, 166_000_000, 24 * 3600 * 4) > 4 << 30
    assert estimate_bytes(request, 20_000_000, 3600 * 4) < 2 << 30
