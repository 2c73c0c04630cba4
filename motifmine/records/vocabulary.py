"""Vocabularies: cells and directions of a picture, levels of channels, topics, plain labels.

The meaning of the words of a table is its layout, an instance of a subclass of `WordLayout`.
Behaviour that depends on the kind of words is a method or a class attribute of it. Drawing and
describing motifs is in `motifmine.reporting.motif_views`, by kind.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from motifmine.durations import Duration
from motifmine.errors import DataError
from motifmine.records.fields import are_equal, axes
from motifmine.types import Floats, Floats32, Indices


class WordLayout(ABC):
    """Meaning of the words of a vocabulary: the base class of all kinds of words.

    A new kind of words is a frozen dataclass that inherits from this class, sets `kind` and is
    listed in `records.layouts.LAYOUTS`. Its fields are stored as they are: numbers, text and tuples
    of text as attributes, arrays (whose metadata name their `axes`) as datasets.
    """

    __slots__ = ()

    kind: ClassVar[str]
    """Name of the kind of words in files and options."""
    usual_motif_length: ClassVar[Duration] = Duration(20, "bins")
    """Default motif length."""
    usual_counts: ClassVar[Literal["raw", "sqrt"]] = "raw"
    """Default preparation of counts."""
    is_dense: ClassVar[bool] = False
    """Whether most time bins hold words of every channel, as with sensors."""
    may_grow: ClassVar[bool] = False
    """Whether a vocabulary is compatible with another that has further words at its end."""

    @property
    @abstractmethod
    def n_words(self) -> int:
        """Number of words."""

    def least_bins(self, n_times: int) -> int:
        """Return the default number of time bins in which a word must occur to be used by a fit."""
        return 1

    def positions(self) -> Floats | None:
        """Return the position of every word, float64 array (W, axes); None for words without one.

        Words that are close in these coordinates are neighbours, for models that move a window over
        positions.
        """
        return None

    def movements(self) -> Floats | None:
        """Return the direction in which every word moves, float64 array (W, axes); None: none does.

        Unit vectors in the coordinates of `positions`, 0 of a word that stands still.
        """
        return None

    def picture_grid(self) -> "FlowGrid | None":
        """Return the grid of picture cells of the words, None where there is none."""
        return None

    def series_channels(self) -> "Channels | None":
        """Return the channels of a series that the words describe, None where there are none."""
        return None

    def series_words(self) -> str:
        """Return the coding of a series (see `Channels.words`, or `events`), "" for other words."""
        return ""

    def topics(self) -> "Topics | None":
        """Return the topics with their inner words, None where the words are not topics."""
        return None

    def comparison_matrix(self, words: Indices) -> Floats | None:
        """Return a matrix (words, V) applied to motifs before comparison; None: the identity."""
        return None

    def matrix_order(self, words: Indices, time: Floats) -> Indices:
        """Return words in the order in which a motif's matrix shows them, int64 array (n,).

        Parameters
        ----------
        words : int array (n,)
        time : float array (n,)
            Mean relative time of each word in the motif.
        """
        return words[np.lexsort((words, time))]

    def facts(self) -> dict[str, str]:
        """Return further facts on the words for `motifmine info`, by name."""
        return {}

    def difference(self, other: "WordLayout", labels: Iterable[tuple[str, str]]) -> str:
        """Return how words of the same kind differ from these, "" when they can be joined."""
        for word, (ours, theirs) in enumerate(labels):
            if ours != theirs:
                return f"word {word} is {theirs!r} instead of {ours!r}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowGrid(WordLayout):
    """Words of video: motion of a direction in a cell of the picture.

    `word = (row * columns + column) * directions + direction`; direction 0 points right and
    directions go clockwise on the screen (y points down). With `static`, one more word per cell,
    after all these, denotes foreground that does not move.
    """

    rows: int
    columns: int
    directions: int
    cell_px: int
    """Side of a cell in pixels of the working frame."""
    frame_width: int
    """Width of the working frame in pixels."""
    frame_height: int
    """Height of the working frame in pixels."""
    static: bool = False

    kind: ClassVar[str] = "flow-grid"
    usual_motif_length: ClassVar[Duration] = Duration(3.0, "s")
    usual_counts: ClassVar[Literal["raw", "sqrt"]] = "sqrt"

    @property
    def n_words(self) -> int:
        """Number of words."""
        return self.rows * self.columns * (self.directions + int(self.static))

    def least_bins(self, n_times: int) -> int:
        """Return one bin in 250, at most 8: rare flicker is not an activity."""
        return min(8, 1 + n_times // 250)

    def positions(self) -> Floats:
        """Return row and column of every word's cell, in cells, float64 array (W, 2).

        All directions of a cell, and its static word, have the same position.
        """
        return np.stack(self.cells(), axis=1).astype(np.float64)

    def picture_grid(self) -> "FlowGrid":
        """Return this grid."""
        return self

    def cells(self) -> tuple[Indices, Indices]:
        """Return row and column of every word, two int arrays (W,)."""
        moving = np.arange(self.rows * self.columns).repeat(self.directions)
        standing = np.arange(self.rows * self.columns * int(self.static))
        cell = np.concatenate([moving, standing])
        return cell // self.columns, cell % self.columns

    def movements(self) -> Floats | None:
        """Return the direction in which every word moves: (down, right) of unit length."""
        n_cells = self.rows * self.columns
        turn = 2 * np.pi * np.arange(self.directions) / self.directions
        moving = np.tile(np.stack([np.sin(turn), np.cos(turn)], axis=1), (n_cells, 1))
        return np.concatenate([moving, np.zeros((n_cells * int(self.static), 2))])

    def labels(self) -> tuple[str, ...]:
        """Return a readable label per word: row, column and direction."""
        arrows = (
            ("right", "down-right", "down", "down-left", "left", "up-left", "up", "up-right")
            if self.directions == 8
            else tuple(f"{round(360 * d / self.directions)}deg" for d in range(self.directions))
        )
        cells = [f"r{r}c{c}" for r in range(self.rows) for c in range(self.columns)]
        moving = [f"{cell} {arrow}" for cell in cells for arrow in arrows]
        return tuple(moving + ([f"{cell} still" for cell in cells] if self.static else []))

    def difference(self, other: WordLayout, labels: Iterable[tuple[str, str]]) -> str:
        """Return the sizes in which two grids differ; see `WordLayout.difference`."""
        names = ("frame_width", "frame_height", "cell_px", "rows", "columns", "directions")
        pairs = [(name, getattr(self, name), getattr(other, name)) for name in (*names, "static")]
        return ", ".join(
            f"{name} {theirs} instead of {ours}" for name, ours, theirs in pairs if ours != theirs
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLabels(WordLayout):
    """Words that have only labels (event lists, `.tdoc` files)."""

    n_words: int = field()
    """Number of words."""

    kind: ClassVar[str] = "labels"
    may_grow: ClassVar[bool] = True

    def series_words(self) -> str:
        """Return `events`."""
        return "events"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channels(WordLayout):
    """Words of a series: every channel has the same number of words, channel after channel.

    `word = channel * per_channel + step`; the label of a word has its meaning and unit.
    """

    channels: tuple[str, ...]
    """Name of every channel."""
    units: tuple[str, ...]
    """Unit of every channel, "" if unknown."""
    words: str
    """Coding of values into words: `counts`, `rectified`, `levels` or `changes`."""
    per_channel: int
    """Words of each channel."""
    coding: Floats = field(metadata=axes("channel, number"))
    """Parameters of the coding (levels, scales), float64 array (channel, number); the same for all
    recordings of a workspace."""

    kind: ClassVar[str] = "channels"
    is_dense: ClassVar[bool] = True

    def __post_init__(self) -> None:
        n_channels = len(self.channels)
        if len(self.units) != n_channels or len(self.coding) != n_channels:
            raise DataError(
                f"{n_channels} channels have {len(self.units)} units and a coding of shape "
                f"{self.coding.shape}"
            )

    @property
    def n_words(self) -> int:
        """Number of words."""
        return len(self.channels) * self.per_channel

    @property
    def is_sound(self) -> bool:
        """Whether the channels are bands of sound, low ones first, their values in dB."""
        return bool(self.units) and all(unit == "dB" for unit in self.units)

    def series_channels(self) -> "Channels":
        """Return these channels."""
        return self

    def series_words(self) -> str:
        """Return the coding of the channels."""
        return self.words

    def matrix_order(self, words: Indices, time: Floats) -> Indices:
        """Return words in the order of their channels; bands of sound in descending order."""
        return np.sort(words)[::-1] if self.is_sound else np.sort(words)

    def facts(self) -> dict[str, str]:
        """Return the channels with their units, and the coding."""
        named = zip(self.channels, self.units, strict=True)
        return {
            "channels": ", ".join(f"{name} ({unit})" if unit else name for name, unit in named),
            "words_by": self.words,
        }

    def difference(self, other: WordLayout, labels: Iterable[tuple[str, str]]) -> str:
        """Return the first word that differs, or that levels or scales differ."""
        found = WordLayout.difference(self, other, labels)
        return found or ("" if self == other else "words with other levels or scales")

    def __eq__(self, other: object) -> bool:
        return are_equal(self, other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topics(WordLayout):
    """Words that are topics over the words of an inner vocabulary."""

    model: str
    """Topic model: `plsa`, `lda`, `nmf`, `pca` or `hdp`."""
    inner: "Vocabulary"
    """The words that the topics are distributions of."""
    loadings: Floats32 = field(metadata=axes("topic, inner_word"))
    """float32 array (topic, inner word); each topic sums to 1."""
    coding: Floats = field(default_factory=lambda: np.zeros((0, 2)), metadata=axes("topic, number"))
    """Further parameters for counting topics, float64 array (topic, 2), see
    `motifmine.models.topics.pca_scores`; empty except for `pca`."""

    kind: ClassVar[str] = "topics"

    def __post_init__(self) -> None:
        loadings, coding = self.loadings, self.coding
        if loadings.ndim != 2 or loadings.shape[1] != self.inner.n_words:
            raise DataError(
                f"topics over {self.inner.n_words} words have loadings of shape {loadings.shape}"
            )
        if not (np.isfinite(loadings).all() and (loadings >= 0).all()):
            raise DataError("loadings of topics must be finite and not negative")
        if coding.size and (coding.shape != (len(loadings), 2) or len(loadings) % 2):
            raise DataError(
                f"{len(loadings)} topics have a coding of shape {coding.shape}; topics with signs "
                "come in pairs, with two numbers each"
            )

    @property
    def n_words(self) -> int:
        """Number of topics."""
        return len(self.loadings)

    def topics(self) -> "Topics":
        """Return these topics."""
        return self

    def comparison_matrix(self, words: Indices) -> Floats:
        """Return V with V V' the inner products of topics over their words, (words, words).

        Topics with similar words are then similar.
        """
        loadings = self.loadings[words].astype(np.float64)
        # a square root of the matrix of inner products: distances between its rows are those of the
        # words, in as few columns as there are topics
        value, vector = np.linalg.eigh(loadings @ loadings.T)
        view: Floats = vector * np.sqrt(np.maximum(value, 0.0))
        return view

    def difference(self, other: WordLayout, labels: Iterable[tuple[str, str]]) -> str:
        """Return how the words of the topics differ, or that the topics differ."""
        theirs = other.topics()
        # what differs below the topics is the cause, and is named first
        return (theirs and self.inner.difference(theirs.inner)) or "other topics"

    def __eq__(self, other: object) -> bool:
        return are_equal(self, other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The ordered list of words: a readable label for each, and their layout."""

    labels: tuple[str, ...]
    layout: WordLayout

    def __post_init__(self) -> None:
        if len(self.labels) != self.layout.n_words:
            raise DataError(
                f"a vocabulary of {self.layout.n_words} words has {len(self.labels)} labels"
            )

    @property
    def kind(self) -> str:
        """Kind of words: `flow-grid`, `channels`, `topics`, `labels`, or another kind."""
        return self.layout.kind

    @property
    def n_words(self) -> int:
        """Number of words."""
        return len(self.labels)

    @classmethod
    def of_grid(cls, grid: FlowGrid) -> "Vocabulary":
        """Return the vocabulary of a flow grid."""
        return cls(labels=grid.labels(), layout=grid)

    @classmethod
    def of_labels(cls, labels: Sequence[str]) -> "Vocabulary":
        """Return a vocabulary of plain labels."""
        return cls(labels=tuple(labels), layout=PlainLabels(n_words=len(labels)))

    def difference(self, other: "Vocabulary") -> str:
        """Return how `other` differs, as text, "" when they can be joined.

        Plain labels can be joined when one list is the beginning of the other: a `.tdoc` file does
        not list words at the end of the vocabulary that do not occur in it.
        """
        if self == other:
            return ""
        if self.kind != other.kind:
            return f"kind {other.kind} instead of {self.kind}"
        labels = zip(self.labels, other.labels, strict=False)
        return self.layout.difference(other.layout, labels)
