"""What words mean: places and directions of a picture, levels of channels, topics, plain labels."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from motifmine.errors import DataError
from motifmine.types import Floats, Floats32, Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowGrid:
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
    kind: str = field(default="flow-grid", init=False)

    @property
    def n_words(self) -> int:
        """Number of words."""
        return self.rows * self.columns * (self.directions + int(self.static))

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLabels:
    """Words that are nothing more than their labels (event lists, `.tdoc` files)."""

    n_words: int
    kind: str = field(default="labels", init=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channels:
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
    coding: Floats
    """The numbers behind the words (levels, scales), float64 array (channel, number); the same
    for all recordings of a workspace."""
    kind: str = field(default="channels", init=False)

    @property
    def n_words(self) -> int:
        """Number of words."""
        return len(self.channels) * self.per_channel

    @property
    def is_sound(self) -> bool:
        """Whether the channels are bands of sound, low ones first, their values in dB."""
        return bool(self.units) and all(unit == "dB" for unit in self.units)

    def channel_of_word(self) -> Indices:
        """Return the channel of every word, int64 array (W,)."""
        return np.arange(self.n_words) // max(self.per_channel, 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Channels) and _same_fields(self, other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topics:
    """Words that are topics over the words of an inner vocabulary."""

    model: str
    """What made the topics: `plsa`, `lda`, `nmf`, `pca` or `hdp`."""
    loadings: Floats32
    """float32 array (topic, inner word); each topic sums to 1."""
    inner: "Vocabulary"
    """The words that the topics stand on."""
    coding: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    """What more is needed to count the topics, float64 array (topic, 2), see
    `motifmine.models.topics.pca_scores`; empty except for `pca`."""
    kind: str = field(default="topics", init=False)

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topics) and _same_fields(self, other)

    __hash__ = None  # type: ignore[assignment]


Layout = FlowGrid | PlainLabels | Channels | Topics


def _same_fields(one: "Channels | Topics", two: "Channels | Topics") -> bool:
    return all(
        np.array_equal(getattr(one, item.name), getattr(two, item.name), equal_nan=True)
        if isinstance(getattr(one, item.name), np.ndarray)
        else getattr(one, item.name) == getattr(two, item.name)
        for item in fields(one)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The ordered list of words: a readable label each, and the layout behind them."""

    labels: tuple[str, ...]
    layout: Layout

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
        if isinstance(self.layout, FlowGrid) and isinstance(other.layout, FlowGrid):
            names = ("frame_width", "frame_height", "cell_px", "rows", "columns", "directions")
            return ", ".join(
                f"{name} {getattr(other.layout, name)} instead of {getattr(self.layout, name)}"
                for name in (*names, "static")
                if getattr(other.layout, name) != getattr(self.layout, name)
            )
        if isinstance(self.layout, Topics) and isinstance(other.layout, Topics):
            return self.layout.inner.difference(other.layout.inner) or "other topics"
        for word, (ours, theirs) in enumerate(zip(self.labels, other.labels, strict=False)):
            if ours != theirs:
                return f"word {word} is {theirs!r} instead of {ours!r}"
        if self.kind == "channels":
            return "words with other levels or scales" if self.layout != other.layout else ""
        return ""
