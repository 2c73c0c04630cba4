"""How motifs are shown, by kind of words: one table that all of the reporting layer looks into.

To show a new kind of words in a way of its own, add a `MotifView` to `MOTIF_VIEWS`; a kind that is
not there is shown by its labels.
"""

from collections.abc import Callable
from dataclasses import dataclass

from motifmine.analysis.motif_views import MatrixView
from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import Channels, FlowGrid, Vocabulary
from motifmine.reporting.html.scene_figure import scene_figure
from motifmine.reporting.html.series_figures import segment_figure
from motifmine.reporting.sentences.series import describe_channels
from motifmine.reporting.sentences.words import describe_labels, describe_path
from motifmine.types import Pixels

MOST_LABELS = 40
"""A matrix of more words has no labels at its rows."""

_NUMBERING = (
    "Marks below show when the motif began in each recording; their height is the number of "
    "observations it explains there. Motifs are numbered from 1, the heaviest first; in files they "
    "count from 0."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MotifView:
    """How motifs over one kind of words are shown."""

    describe: Callable[[FitRecord, int], str]
    """Returns one sentence on a motif."""
    figure: Callable[[FitRecord, int, Pixels | None, str], str]
    """Returns the main figure of a motif's card as HTML, "" for none: of a record, a motif, its
    cells over the scene (rgba, None without a scene) and its sentence."""
    reading: str
    """How the cards are read, plain text."""
    row_order: str = "the earliest on top"
    """Order of the rows of a matrix."""
    has_labels: bool = True
    """Whether labels of words are worth reading at the rows of a matrix."""
    is_read_in_words: bool = False
    """Whether the sentences are printed with the tables of motifs in a terminal."""

    def labels_rows(self, view: MatrixView) -> bool:
        """Return whether the rows of a matrix have labels."""
        return self.has_labels and len(view.words) <= MOST_LABELS


def _series_figure(record: FitRecord, motif: int, _overlay: Pixels | None, _sentence: str) -> str:
    return segment_figure(record, motif)


def _no_figure(_record: FitRecord, _motif: int, _overlay: Pixels | None, _sentence: str) -> str:
    return ""


LABEL_VIEW = MotifView(
    describe=describe_labels,
    figure=_no_figure,
    reading="In the matrix each row is a word and ink grows with the square root of its "
    f"probability at that relative time. {_NUMBERING}",
)
"""For words that have nothing but labels."""

MOTIF_VIEWS: dict[str, MotifView] = {
    FlowGrid.kind: MotifView(
        describe=describe_path,
        figure=scene_figure,
        reading="Colour tells when a cell is active inside the motif, from violet (its first "
        "moment) to red (its last); the fuller the colour, the more of the motif happens there. "
        "Arrows show where the motion goes. In the matrix each row is a word (a place and a "
        "direction) and ink grows with the square root of its probability at that relative time. "
        f"{_NUMBERING}",
        has_labels=False,
    ),
    Channels.kind: MotifView(
        describe=describe_channels,
        figure=_series_figure,
        reading="Curves show what the raw values do while the motif occurs; all motifs share a "
        "channel's scale. In the matrix each row is a word, grouped by channel, and ink grows with "
        f"the square root of its probability at that relative time. {_NUMBERING}",
        row_order="by channel",
        is_read_in_words=True,
    ),
}


def view_of(vocabulary: Vocabulary) -> MotifView:
    """Return how motifs over the words of `vocabulary` are shown."""
    return MOTIF_VIEWS.get(vocabulary.kind, LABEL_VIEW)
