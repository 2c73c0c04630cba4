"""A film of a table: what happens in the scene bin by bin, as arrows over its picture."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from motifmine.analysis.motif_views import cell_activity
from motifmine.io.video.clips import write_clip
from motifmine.records.fit import FitRecord, MotifSet
from motifmine.records.table import ObservationTable
from motifmine.records.topics import unfold_record
from motifmine.reporting.figures.motif_pictures import compose, draw_background, draw_overlay
from motifmine.types import Pixels

TRAIL_BINS = 3  # bins that a picture shows, the last in red
MOST_BINS = 600  # bins of a film, to bound time


def write_film(
    record: FitRecord, table: ObservationTable, path: Path, *, force: bool = False
) -> None:
    """Write a table of one document as a video in real time, over the scene of a fit of video.

    Parameters
    ----------
    record : FitRecord
        Its scene and vocabulary.
    table : ObservationTable
    path : Path
        With the suffix `.mp4`.
    force : bool
        Whether to overwrite the file.
    """
    rate = Fraction(1 / record.bin_s).limit_denominator(1000)
    write_clip(path, _draw_bins(record, table), rate, force=force)


def _draw_bins(record: FitRecord, table: ObservationTable) -> Iterator[Pixels]:
    counts = np.zeros((table.n_times + TRAIL_BINS - 1, table.n_words), np.float32)
    counts[table.row_of_observation() + TRAIL_BINS - 1, table.word] = table.count
    trails = [
        # as a motif of a few bins, which there is a picture of already
        unfold_record(
            replace(
                record,
                motifs=MotifSet(probability=counts[None, t : t + TRAIL_BINS], weight=np.ones(1)),
            )
        )
        for t in range(min(table.n_times, MOST_BINS))
    ]
    most = [cell_activity(trail, 0).strength.max(initial=0.0) for trail in trails]
    # one scale for all: in a quiet bin a single count is little
    full = max(float(np.percentile(most, 75)), 1e-9)
    background = draw_background(trails[0])
    height, width = (size // 2 * 2 for size in background.shape[:2])
    for trail in trails:
        picture = compose(background, draw_overlay(trail, 0, full=full))
        yield picture[:height, :width]
