"""What all tables of a workspace, or of a fit, share: their words, and the length of their bins."""

from dataclasses import dataclass
from pathlib import Path

from motifmine.errors import DataError, WorkspaceError
from motifmine.records.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one camera or set of sensors recorded, as far as tables of it must agree."""

    vocabulary: Vocabulary
    bin_s: float
    """Length of a time bin, seconds."""
    size_px: tuple[int, int] = (0, 0)
    """Width and height of the pictures of its first recording, pixels; 0 if unknown."""
    name: str = ""
    """For messages; "" for the scene of a fit."""
    advice: str = "; choose another folder with --workspace"
    """What to do with a recording of another scene, the end of the message."""
    notes: tuple[str, ...] = ()
    """What was recognised and chosen in its sources, one line each."""

    def difference(self, other: "Scene") -> str:
        """Return how another scene differs, as text, "" when it is the same."""
        words, bins = self.vocabulary.difference(other.vocabulary), ""
        if self.bin_s != other.bin_s:
            bins = f"time bins of {other.bin_s:g} s instead of {self.bin_s:g} s"
        return ", ".join(filter(None, [words, bins]))

    def check(self, other: "Scene", name: str, whose: str = "the fit") -> None:
        """Raise `DataError` when `name` is of another scene than this one, that of `whose`."""
        if difference := self.difference(other):
            raise DataError(f"{name} does not belong to the scene of {whose}: it has {difference}")

    def refuse_other(self, other: "Scene", path: Path) -> None:
        """Raise `WorkspaceError` with the difference when a recording is not of this scene."""
        if difference := self.difference(other):
            what = f"it has {difference}"
            if all(other.size_px) and all(self.size_px) and other.size_px != self.size_px:
                # the size that people know, not that of the working frames
                what = "{}x{} instead of {}x{}".format(*other.size_px, *self.size_px)
            of_scene = f" of {self.name}" if self.name else ""
            raise WorkspaceError(
                f"{path} does not belong to the scene{of_scene}: {what}{self.advice}"
            )
