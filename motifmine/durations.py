"""Durations with units, as on the command line: 12s, 500ms, 20bins."""

import math
import re
from dataclasses import dataclass

from motifmine.errors import SpecError

SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
# no sign and no exponent: 1e3s is more likely a slip than a thousand seconds
PATTERN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)\s*")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in seconds or in time bins.

    Examples
    --------
    >>> Duration.parse("500ms").seconds(bin_s=0.25)
    0.5
    >>> Duration.parse("20bins").bins(bin_s=0.25)
    20
    """

    value: float
    unit: str
    """`ms`, `s`, `min`, `h` or `bins`."""

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Return the duration written in `text`.

        Raises `SpecError` when there is no number, no unit, an unknown unit, or the duration is
        zero.
        """
        # a file may hold anything
        match = PATTERN.fullmatch(text) if isinstance(text, str) else None
        # the usual mistake; seconds and bins are both plausible, so neither is taken
        if match and not match[2]:
            raise SpecError(f"{text!r} has no unit; did you mean {match[1]}s or {match[1]}bins?")
        if not match or match[2] not in (*SECONDS, "bin", "bins"):
            raise SpecError(f"{text!r} is not a duration; write 12s, 500ms, 2min, 1h or 20bins")
        if float(match[1]) <= 0:
            raise SpecError(f"{text!r} is not a duration; it must be more than 0")
        return cls(float(match[1]), "bins" if match[2].startswith("bin") else match[2])

    def __str__(self) -> str:
        return f"{self.value:g}{self.unit}"

    def seconds(self, bin_s: float) -> float:
        """Return the length in seconds, for time bins of `bin_s` seconds."""
        return self.value * (bin_s if self.unit == "bins" else SECONDS[self.unit])

    def bins(self, bin_s: float) -> int:
        """Return the length rounded to time bins of `bin_s` seconds, at least 1."""
        # shorter than half a bin: one bin rather than nothing
        return max(1, round(self.seconds(bin_s) / bin_s))


def format_seconds(seconds: float) -> str:
    """Return seconds with one decimal, and short ones with two digits at least.

    Examples
    --------
    >>> [format_seconds(s) for s in (1234.56, 18.0, 0.2118, 0.0045, 0.0)]
    ['1234.6 s', '18.0 s', '0.21 s', '0.0045 s', '0.0 s']
    """
    # 0 has no logarithm
    decimals = 1 if seconds == 0 else max(1, 1 - math.floor(math.log10(abs(seconds))))
    return f"{seconds:.{min(decimals, 6)}f} s"
