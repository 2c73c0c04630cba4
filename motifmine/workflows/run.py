"""Options of running a fit that do not affect its result: tables, target, workers, callbacks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from motifmine.progress import Progress
from motifmine.records.notes import Notes
from motifmine.validation import check_at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRun:
    """Tables and target of a fit, its workers, and the callbacks that report progress."""

    tables: Sequence[Path] | None = None
    """Table files; None takes all of the workspace."""
    name: str | None = None
    """Name of the fit; None numbers it."""
    force: bool = False
    """Overwrite a fit of that name."""
    workers: int = 1
    """Processes of this machine, > 0, that share documents where they are not fitted together."""
    scheduler: str | None = None
    """Address of a Dask scheduler, whose workers are used instead; they must see the workspace."""
    n_threads: int | None = None
    """Threads of every worker; None: the cores of this machine divided by the processes."""
    is_timed: bool = True
    """Whether the fit stores its duration. Without, the same data give the same bytes."""
    notes: Notes = field(default_factory=Notes)
    """More to keep with the settings in the fit, plain values."""
    on_message: Callable[[str], None] | None = None
    """Called with lines on data, settings and decisions of the fit."""
    on_progress: Callable[[Progress], None] | None = None

    def __post_init__(self) -> None:
        check_at_least(self, 1, "workers")

    def say(self, line: str) -> None:
        """Pass on a line, unless it is empty."""
        if line and self.on_message is not None:
            self.on_message(line)
