"""The line that announces a fit says which sizes are given and which are limits."""

import pytest

from motifmine.durations import Duration
from motifmine.models.request import FitRequest
from motifmine.records.vocabulary import FlowGrid, Vocabulary
from motifmine.simulation import Simulation
from motifmine.workflows.specify import describe_fit, specify_model

GRID = FlowGrid(
    rows=4, columns=5, directions=4, cell_px=8, frame_width=40, frame_height=32, static=False
)


@pytest.mark.parametrize(
    ("request_", "sizes"),
    [
        (
            FitRequest(model="plsm"),
            "at most 10 motifs, each as long as its path takes (at most 6 s), seed 0",
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
