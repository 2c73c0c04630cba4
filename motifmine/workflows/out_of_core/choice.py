"""Whether tables are fitted in memory or stay in their files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from motifmine.io.hdf5 import store
from motifmine.models.registry import entry_of
from motifmine.models.request import FitRequest
from motifmine.parallel.memory import memory_limit
from motifmine.workflows.run import FitRun
from motifmine.workflows.specify import USUAL_NUMBER

BYTES_OF_PROCESS = 300 << 20  # libraries, and what does not grow with the tables
# the table twice, its order by word, and a half of it again while motifs are tested
BYTES_PER_OBSERVATION = 50
# masses of a motif at a time bin, and their sums while peaks are found, in float64
BYTES_PER_START = 40


def choose_place(request: FitRequest, run: FitRun, paths: Sequence[Path]) -> FitRequest:
    """Return the request, out-of-core where the tables do not fit in memory and the model can."""
    if request.is_streamed or not can_stream(request):
        return request
    n_observations = sum(store.read_table_size(path) for path in paths)
    needed = estimate_bytes(request, n_observations, sum(map(store.read_table_bins, paths)))
    limit = memory_limit()
    if needed <= limit:
        return request
    run.say(
        f"{n_observations:,} observations need about {needed / (1 << 30):.1f} GiB in memory, and "
        f"{limit / (1 << 30):.1f} GiB may be used (--memory): they stay in their files, as with "
        "--online"
    )
    return replace(request, online=True)


def estimate_bytes(request: FitRequest, n_observations: int, n_bins: int) -> int:
    """Return about how much memory a fit in memory takes, bytes."""
    n_motifs = request.n_motifs if isinstance(request.n_motifs, int) else USUAL_NUMBER
    tables = BYTES_PER_OBSERVATION * n_observations + BYTES_PER_START * n_bins * n_motifs
    return BYTES_OF_PROCESS + tables


def can_stream(request: FitRequest) -> bool:
    """Return whether such a fit can be made out-of-core."""
    is_sized = not request.has_open_sizes and request.n_topics in (None, "off")
    can = entry_of(request.model).streams and is_sized
    return can and not (request.stability or request.groups)
