"""The line that announces a fit says which sizes are given and which are limits."""

import numpy as np
import pytest

from motifmine.durations import Duration
from motifmine.models.request import FitRequest
from motifmine.records.layouts import ChangeGrid
from motifmine.records.table import table_from_rows
from motifmine.records.vocabulary import FlowGrid, Vocabulary
from motifmine.simulation import Simulation
from motifmine.workflows.specify import choose_sizes, describe_fit, specify_model

GRID = FlowGrid(
    rows=4, columns=5, directions=4, cell_px=8, frame_width=40, frame_height=32, static=False
)


@pytest.mark.parametrize(
    ("request_", "sizes"),
    [
        (
            FitRequest(model="plsm"),
            "at most 10 motifs, each as long as its path takes (at most 12 s), seed 0",
        ),
        (
            FitRequest(model="plsm", n_motifs=4, motif_length=Duration(2, "s")),
            "; 4 motifs of 2 s (2 bins), seed 0",
        ),
    ],
)
def test_open_sizes_are_announced_as_limits(
    request_: FitRequest, sizes: str, small: Simulation
) -> None:
    spec = specify_model(request_, Vocabulary.of_grid(GRID), small.table.bin_s)
    assert describe_fit(request_, spec, small.table).endswith(sizes)


@pytest.mark.parametrize(("n_times", "length"), [(8, 2), (3, 1), (39, 9), (40, 20)])
def test_the_usual_length_fits_into_short_recordings(n_times: int, length: int) -> None:
    words = Vocabulary.of_grid(
        ChangeGrid(
            rows=2, columns=2, directions=0, cell_px=8, frame_width=16, frame_height=16, static=True
        )
    )
    time = np.arange(n_times)
    table = table_from_rows(
        time=time, word=time % 4, count=time + 1, n_times=n_times, vocabulary=words, bin_s=3.0
    )
    request = FitRequest(model="plsm")
    said: list[str] = []
    spec, choices = choose_sizes(request, specify_model(request, words, 3.0), table, said.append)
    assert spec.motif_length == length
    assert bool(choices) == bool(said) == (length < 20)
    # a number that was asked for is believed
    asked = FitRequest(model="plsm", motif_length=Duration(20, "bins"))
    spec, _ = choose_sizes(asked, specify_model(asked, words, 3.0), table, said.append)
    assert spec.motif_length == 20


def test_the_length_of_what_does_not_move_fits_into_a_few_pictures() -> None:
    words = Vocabulary.of_grid(GRID)
    time = np.arange(2)
    table = table_from_rows(
        time=time, word=time, count=time + 1, n_times=2, vocabulary=words, bin_s=0.6
    )
    request = FitRequest(model="plsm")
    said: list[str] = []
    spec, _ = choose_sizes(request, specify_model(request, words, 0.6), table, said.append)
    assert (spec.motif_length, spec.longest_s) == (1, 12.0)
    # those of things that move are as long as their paths
    assert said == []
