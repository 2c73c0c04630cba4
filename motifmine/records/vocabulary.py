"""What words mean: places and directions of a picture, levels of channels, topics, plain labels.

The meaning of the words of a table is its layout, an instance of a subclass of `WordLayout`. What
depends on the kind of words is a method or a class attribute here; nothing asks for the class of a
layout. How motifs are drawn and described is in `motifmine.reporting.motif_views`, by kind.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

import numpy as np

from motifmine.durations import Duration
from motifmine.errors import DataError
from motifmine.records.fields import axes
from motifmine.types import Floats, Floats32, Indices


class WordLayout(ABC):
    """What the words of a vocabulary mean: the base of all kinds of words.

    A new kind of words is a frozen dataclass that inherits from this class, sets `kind` and is
    listed in `LAYOUTS`. Its fields are stored as they are: numbers, text and tuples of text as
    attributes, arrays (whose metadata name their `axes`) as datasets.
    """

    __slots__ = ()

    kind: ClassVar[str]
    """Name of the kind of words in files and options."""
    usual_motif_length: ClassVar[Duration] = Duration(20, "bins")
    """Motif length of a fit that is not given one."""
    usual_counts: ClassVar[Literal["raw", "sqrt"]] = "raw"
    """What is done to counts before a fit, unless the user chooses."""
    is_dense: ClassVar[bool] = False
    """Whether most time bins hold words of every source of words, as channels of sensors do."""
    may_grow: ClassVar[bool] = False
    """Whether a vocabulary that has the words of another and more at its end goes with it."""

    @property
    @abstractmethod
    def n_words(self) -> int:
        """Number of words."""

    def least_bins(self, n_times: int) -> int:
        """Return in how many of `n_times` time bins a word must occur to be kept by a fit."""
        return 1

    def positions(self) -> Floats | None:
        """Return the place of every word, float64 array (W, axes); None for words without places.

        Words that lie near one another in these coordinates are neighbours, for models that move a
        window over places.
        """
        return None

    def picture_grid(self) -> "FlowGrid | None":
        """Return the grid of picture cells that the words lie in, None where there is none."""
        return None

    def series_channels(self) -> "Channels | None":
        """Return the channels of a series that the words describe, None where there are none."""
        return None

    def series_words(self) -> str:
        """Return how a series becomes these words, "" for words that no series has.

        `counts`, `rectified`, `levels` or `changes` of channels, `events` of lists of events.
        """
        return ""

    def topics(self) -> "Topics | None":
        """Return the topics that the words are, with the words below them; None for others."""
        return None

    def comparison_matrix(self, words: Indices) -> Floats | None:
        """Return a matrix (words, V) that turns motifs over `words` into what is compared of them.

        None stands for motifs as they are.
        """
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
        """Return what there is to say of the words beyond their number, by name."""
        return {}

    def difference(
        self, other: "WordLayout", labels: Sequence[str], other_labels: Sequence[str]
    ) -> str:
        """Return how words of the same kind differ from these, "" when they can be joined.

        Parameters
        ----------
        other : WordLayout
        labels, other_labels : sequences of str
            Of the words of both.
        """
        for word, (ours, theirs) in enumerate(zip(labels, other_labels, strict=False)):
            if ours != theirs:
                return f"word {word} is {theirs!r} instead of {ours!r}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowGrid(WordLayout):
    """Words of video: motion of a direction in a cell of the picture.

    `word = (row * columns + column) * directions + direction`; direction 0 points right and
    directions go clockwise on the screen (y points down). With `static`, one more word per cell,
    after all these, stands for foreground that does not move.
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
        """Return one bin in 250, at most 8: what flickers once or twice is not an activity."""
        return min(8, 1 + n_times // 250)

    def positions(self) -> Floats:
        """Return row and column of every word's cell, in cells, float64 array (W, 2).

        All directions of a cell, and its word for what stands still, have the same place.
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

    def difference(
        self, other: WordLayout, labels: Sequence[str], other_labels: Sequence[str]
    ) -> str:
        """Return the sizes in which two grids differ."""
        names = ("frame_width", "frame_height", "cell_px", "rows", "columns", "directions")
        pairs = [(name, getattr(self, name), getattr(other, name)) for name in (*names, "static")]
        return ", ".join(
            f"{name} {theirs} instead of {ours}" for name, ours, theirs in pairs if ours != theirs
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLabels(WordLayout):
    """Words that are nothing more than their labels (event lists, `.tdoc` files)."""

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

    `word = channel * per_channel + step`; a word's label says what it means, with its unit.
    """

    channels: tuple[str, ...]
    """Name of every channel."""
    units: tuple[str, ...]
    """Unit of every channel, "" if unknown."""
    words: str
    """How values become words: `counts`, `rectified`, `levels` or `changes`."""
    per_channel: int
    """Words of each channel."""
    coding: Floats = field(metadata=axes("channel, number"))
    """The numbers behind the words (levels, scales), float64 array (channel, number); the same
    for all recordings of a workspace."""

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
        """Return how the values of the channels become words."""
        return self.words

    def matrix_order(self, words: Indices, time: Floats) -> Indices:
        """Return words in the order of their channels; of sound, high bands above low ones."""
        return np.sort(words)[::-1] if self.is_sound else np.sort(words)

    def facts(self) -> dict[str, str]:
        """Return the channels with their units, and how values became words."""
        named = zip(self.channels, self.units, strict=True)
        return {
            "channels": ", ".join(f"{name} ({unit})" if unit else name for name, unit in named),
            "words_by": self.words,
        }

    def difference(
        self, other: WordLayout, labels: Sequence[str], other_labels: Sequence[str]
    ) -> str:
        """Return the first word that differs, or that levels or scales do."""
        found = WordLayout.difference(self, other, labels, other_labels)
        return found or ("" if self == other else "words with other levels or scales")

    def __eq__(self, other: object) -> bool:
        return _same_fields(self, other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topics(WordLayout):
    """Words that are topics over the words of an inner vocabulary."""

    model: str
    """What made the topics: `plsa`, `lda`, `nmf`, `pca` or `hdp`."""
    inner: "Vocabulary"
    """The words that the topics are distributions of."""
    loadings: Floats32 = field(metadata=axes("topic, inner_word"))
    """float32 array (topic, inner word); each topic sums to 1."""
    coding: Floats = field(default_factory=lambda: np.zeros((0, 2)), metadata=axes("topic, number"))
    """What more is needed to count the topics, float64 array (topic, 2), see
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

        Two topics of much the same words are much the same.
        """
        loadings = self.loadings[words].astype(np.float64)
        value, vector = np.linalg.eigh(loadings @ loadings.T)
        view: Floats = vector * np.sqrt(np.maximum(value, 0.0))
        return view

    def difference(
        self, other: WordLayout, labels: Sequence[str], other_labels: Sequence[str]
    ) -> str:
        """Return how the words under the topics differ, or that the topics do."""
        theirs = other.topics()
        return (theirs and self.inner.difference(theirs.inner)) or "other topics"

    def __eq__(self, other: object) -> bool:
        return _same_fields(self, other)

    __hash__ = None  # type: ignore[assignment]


LAYOUTS: dict[str, type[WordLayout]] = {
    layout.kind: layout for layout in (FlowGrid, PlainLabels, Channels, Topics)
}
"""All kinds of words by the name that files have for them."""


def _same_fields(one: Any, two: Any) -> bool:
    """Return whether two objects are of one dataclass and equal in all fields, arrays too."""
    return type(one) is type(two) and all(
        np.array_equal(getattr(one, item.name), getattr(two, item.name), equal_nan=True)
        if isinstance(getattr(one, item.name), np.ndarray)
        else getattr(one, item.name) == getattr(two, item.name)
        for item in fields(one)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The ordered list of words: a readable label each, and the layout behind them."""

    labels: tuple[str, ...]
    layout: WordLayout

    def __post_init__(self) -> None:
        if len(self.labels) != self.layout.n_words:
            raise DataError(
                f"a vocabulary of {self.layout.n_words} words has {len(self.labels)} labels"
            )

    @property
    def kind(self) -> str:
        """What sort of words these are: `flow-grid`, `channels`, `topics` or `labels`."""
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
        """Return what tells `self` from `other` in words, "" when they can be joined.

        Plain labels of which one list begins the other can be joined: a `.tdoc` file never tells
        of words at the vocabulary's end that it did not see.
        """
        if self == other:
            return ""
        if self.kind != other.kind:
            return f"kind {other.kind} instead of {self.kind}"
        return self.layout.difference(other.layout, self.labels, other.labels)
