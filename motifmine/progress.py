"""Progress of fits and extractions, passed to callbacks named `on_progress`."""

import math
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running fit, or the extraction of a source, has come."""

    done: float
    """Iterations done, in all restarts together; of an extraction, seconds of the recording."""
    total: float = math.nan
    """Largest number of iterations of all restarts together; of an extraction, the duration of the
    recording in seconds, NaN if the container does not say it."""
    log_likelihood: float = math.nan
    """Of a fit's latest iteration, nats."""
    source: Path | None = None
    """What is extracted."""
    frames_per_s: float = 0.0
    """Decoded frames per second of elapsed time; 0 for fits and series."""
    stage: str = ""
    """The step after the iterations of a fit; "" during these."""

    def __str__(self) -> str:
        if self.stage:
            return self.stage
        if self.source is None:
            return f"{self.log_likelihood:.6g} nats"
        if self.frames_per_s > 0:
            return f"{self.source.name}, {self.frames_per_s:.0f} frames/s"
        # a source that has just been opened has no position yet
        return self.source.name + ("" if math.isnan(self.done) else f", {self.done:.0f} s")
