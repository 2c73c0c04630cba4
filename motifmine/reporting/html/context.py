"""A fit as the sections of its report see it."""

from functools import cached_property

from motifmine.analysis.fit_statistics import FitStatistics
from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.motif_pictures import scene_background
from motifmine.reporting.motif_views import MotifView, view_of
from motifmine.types import Pixels


class ReportContext:
    """A fit with what several sections show of it, computed once.

    Parameters
    ----------
    record : FitRecord
        Unfolded to the words that are shown, see `motifmine.records.topics.unfold_record`.
    """

    def __init__(self, record: FitRecord) -> None:
        self.record = record
        self.statistics = FitStatistics(record)

    @property
    def view(self) -> MotifView:
        """How motifs over the words of the fit are shown."""
        return view_of(self.record.vocabulary)

    @cached_property
    def background(self) -> Pixels | None:
        """The scene that motifs are drawn on, rgb; None for words without a place in a picture."""
        has_scene = self.record.vocabulary.layout.picture_grid() is not None
        return scene_background(self.record) if has_scene else None
