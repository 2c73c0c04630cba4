"""All kinds of words, and the grid of changes."""

from dataclasses import dataclass
from typing import ClassVar

from motifmine.durations import Duration
from motifmine.errors import DataError
from motifmine.records.vocabulary import Channels, FlowGrid, PlainLabels, Topics, WordLayout
from motifmine.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGrid(FlowGrid):
    """Words of time-lapse: foreground in a cell of the picture, `word = row * columns + column`.

    Between frames that are seconds apart nothing can be followed, so there is no direction: these
    are the words of static foreground of a grid that has no others.
    """

    directions: int = 0
    static: bool = True

    kind: ClassVar[str] = "change-grid"
    # the length of what recurs is a matter of the frame rate: minutes or days
    usual_motif_length: ClassVar[Duration] = Duration(20, "bins")

    def __post_init__(self) -> None:
        if self.directions or not self.static:
            raise DataError("a grid of changes has no directions and one word a cell")

    def movements(self) -> Floats | None:
        """Return None: no word moves."""
        return None

    def labels(self) -> tuple[str, ...]:
        """Return a readable label per word: row and column."""
        return tuple(f"r{r}c{c} changed" for r in range(self.rows) for c in range(self.columns))


# all kinds of words by their name in files
LAYOUTS: dict[str, type[WordLayout]] = {
    layout.kind: layout for layout in (FlowGrid, ChangeGrid, PlainLabels, Channels, Topics)
}
