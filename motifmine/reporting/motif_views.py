"""How motifs are shown, by kind of words.

To show a new kind of words in its own way, add a `MotifView` to `MOTIF_VIEWS`; kinds without an
entry are shown by their labels.
"""

from collections.abc import Callable
from dataclasses import dataclass

from motifmine.analysis.motif_views import MatrixView
from motifmine.records.fit import FitRecord
from motifmine.records.layouts import ChangeGrid
from motifmine.records.vocabulary import Channels, FlowGrid, Vocabulary
from motifmine.reporting.html.series_figures import draw_segment
from motifmine.reporting.sentences.series import describe_channels
from motifmine.reporting.sentences.words import describe_labels, describe_path

MOST_LABELS = 40  # a matrix of more words has no labels on its rows

_NUMBERING = (
    "Marks below show the start times of the motif in each recording; their height is the number "
    "of observations that an occurrence explains. Motifs are numbered from 1, the heaviest first."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MotifView:
    """How motifs over one kind of words are shown."""

    describe: Callable[[FitRecord, int], str]
    """Returns one sentence on a motif."""
    reading: str
    """Explanation of the cards, plain text."""
    figure: Callable[[FitRecord, int], str] | None = None
    """Returns the main figure of a motif's card as HTML; without one, words of a picture are drawn
    over it."""
    row_order: str = "the earliest on top"
    """Order of the rows of a matrix."""
    has_labels: bool = True
    """Whether the rows of a matrix are labelled with their words."""
    is_read_in_words: bool = False
    """Whether the sentences are printed with the tables of motifs in a terminal."""

    def labels_rows(self, view: MatrixView) -> bool:
        """Return whether the rows of a matrix have labels."""
        return self.has_labels and len(view.words) <= MOST_LABELS


# for words that have only labels
LABEL_VIEW = MotifView(
    describe=describe_labels,
    reading="In the matrix each row is a word and ink grows with the square root of its "
    f"probability at that relative time. {_NUMBERING}",
)

MOTIF_VIEWS: dict[str, MotifView] = {
    FlowGrid.kind: MotifView(
        describe=describe_path,
        reading="Colour is the relative time at which a cell is active in the motif, from violet "
        "(first) to red (last); opacity is the share of the motif in the cell. "
        "Arrows show the direction of motion. In the matrix each row is a word (a cell and a "
        "direction) and ink grows with the square root of its probability at that relative time. "
        f"{_NUMBERING}",
        has_labels=False,
    ),
    ChangeGrid.kind: MotifView(
        describe=describe_path,
        reading="Colour is the relative time at which something is in a cell that does not belong "
        "to the background, from violet (first) to red (last); opacity is the share of the motif "
        "in the cell. In the matrix each row is a word (a cell) and ink grows with the square root "
        f"of its probability at that relative time. {_NUMBERING}",
        has_labels=False,
    ),
    Channels.kind: MotifView(
        describe=describe_channels,
        figure=draw_segment,
        reading="Curves show the mean raw values during the motif; all motifs have the same scale "
        "for a channel. In the matrix each row is a word, grouped by channel, and ink grows with "
        f"the square root of its probability at that relative time. {_NUMBERING}",
        row_order="by channel",
        is_read_in_words=True,
    ),
}


def get_motif_view(vocabulary: Vocabulary) -> MotifView:
    """Return how motifs over the words of `vocabulary` are shown."""
    return MOTIF_VIEWS.get(vocabulary.kind, LABEL_VIEW)
