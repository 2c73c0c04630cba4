"""The data that the sections of a report share."""

from functools import cached_property

import numpy as np

from motifmine.analysis.fit_statistics import FitStatistics
from motifmine.analysis.occurrences import rank_by_weight
from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.motif_pictures import draw_background
from motifmine.reporting.motif_views import MotifView, get_motif_view
from motifmine.reporting.rows import MotifRow, list_motifs
from motifmine.types import Indices, Pixels

STRONGEST = 12  # occurrences listed under each motif
# about 1.6 MB of the page, which a browser still opens at once
MOST_OCCURRENCES = 60_000  # occurrences on the time line; of more, the heaviest of each motif


class ReportContext:
    """A fit with statistics and pictures that several sections show, computed once.

    Parameters
    ----------
    record : FitRecord
        Unfolded to the words that are shown, see `motifmine.records.topics.unfold_record`.
    """

    def __init__(self, record: FitRecord) -> None:
        self.record = record
        self.statistics = FitStatistics(record)

    @cached_property
    def rows(self) -> list[MotifRow]:
        """One row per motif, see `motifmine.reporting.rows.list_motifs`."""
        return list_motifs(self.record)

    @cached_property
    def strongest(self) -> dict[int, Indices]:
        """The heaviest occurrences of each motif, the heaviest first."""
        found = self.record.occurrences
        index, _ = rank_by_weight(found, len(self.record.motifs), STRONGEST)
        motif = found.motif[index]
        return {k: index[motif == k] for k in range(len(self.record.motifs))}

    @property
    def view(self) -> MotifView:
        """How motifs over the words of the fit are shown."""
        return get_motif_view(self.record.vocabulary)

    @cached_property
    def background(self) -> Pixels | None:
        """The scene that motifs are drawn on, rgb; None for words that are not of a picture."""
        has_scene = self.record.vocabulary.layout.picture_grid() is not None
        return draw_background(self.record) if has_scene else None

    @cached_property
    def shown_occurrences(self) -> Indices:
        """Indices of the occurrences on the time line, ascending, int64 array (n,)."""
        record, found = self.record, self.record.occurrences
        if len(found) <= MOST_OCCURRENCES:
            return np.arange(len(found))
        # by motif: with one limit for all, frequent motifs would leave none of rare ones
        n_motifs = len(record.motifs)
        return np.sort(rank_by_weight(found, n_motifs, MOST_OCCURRENCES // n_motifs)[0])
