"""What an HDLSM fit is asked for."""

from dataclasses import dataclass

from motifmine.errors import SpecError
from motifmine.models.options import setting
from motifmine.validation import at_least, positive, share

FEWER_SWEEPS = 500
"""Sweeps of a chain over many observations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HdlsmSpec:
    """Fields of the specification, checked on construction."""

    motif_length: int = 20
    """Length of the motifs in time bins, > 0."""
    chains: int = setting(
        4,
        help="Independent chains.",
    )
    """Independent chains, > 0."""
    sweeps: int | None = setting(
        None,
        help="Sweeps of every chain.",
        default_text="1000, with many observations 500",
    )
    """Sweeps of every chain, > 0; None takes 1000, or 500 where more than 50,000 observations are
    sampled."""
    burn_in: int | None = setting(
        None,
        help="Sweeps not looked at.",
        default_text="half",
    )
    """Sweeps of these that are not looked at, 0 <= burn_in < sweeps; None takes half of them."""
    starts: int = setting(
        4,
        help="Starts of a chain, of which the most probable goes on.",
    )
    """Runs of the first 100 sweeps of every chain (fewer with a shorter burn-in), > 0; the most
    probable one goes on. A chain alone may need long to find a motif that it missed."""
    without_background: int | None = None
    """First sweeps of every start that have no background, >= 0; None takes 5 for topics, 0 for
    all else. Where nothing has a motif yet the background takes nearly all there is, and may give
    it back only over a thousand sweeps; but without it noise gets motifs, which may stay."""
    kept: int = 20
    """Sweeps of every chain that the posterior is made of, > 0."""
    background: bool = setting(
        True,
        help="off: the model as published, without a background.",
        words={"off": False},
        default_text="on",
    )
    """Let observations belong to no motif; False is the model as published."""
    alpha: float = 10.0
    """Concentration of the occurrences of a document, > 0 (alpha in the papers)."""
    gamma: float = 2.0
    """Concentration of the motifs, > 0 (gamma in the papers)."""
    eta: float = 10.0
    """Pseudo-observations of every motif, all cells together, > 0 (eta in the papers)."""
    ramp: float = 0.0
    """How far eta falls from the first relative-time bin to the end, 0 (flat) <= ramp < 1. The
    papers let it fall, which draws motifs to the beginning of their window; but a motif found from
    its middle on then has a hard time to grow toward its beginning. On simulated data 0.5 was as
    good as 0; 0.9 gave too many motifs."""
    background_strength: float = 10.0
    """Pseudo-observations of the background of every document, > 0."""
    fix_hyperparameters: bool = setting(
        False,
        help="Hold alpha, gamma, eta and the strength of the background.",
    )
    """Hold alpha, gamma, eta and background_strength; False draws them with everything else, each
    log-uniform over 0.01 .. 10,000 a priori, from where they are set."""
    count_scale: float | None = setting(
        None,
        help="Counts are multiplied by this.",
        default_text="1, less above 200,000 observations or, of topics, 20 a time bin",
    )
    """Counts are multiplied by this, > 0, and rounded at random (whole numbers stay); None takes 1,
    or less when that would be more than 200,000 observations or, of topics, more than 20 a time
    bin: so strong that an occurrence stands out, so weak that chains can still change it."""

    def __post_init__(self) -> None:
        at_least(self, 1, "motif_length", "chains", "sweeps", "starts", "kept")
        at_least(self, 0, "without_background")
        positive(self, "alpha", "gamma", "eta", "background_strength", "count_scale")
        share(self, "ramp")
        if self.burn_in is not None and not 0 <= self.burn_in < (self.sweeps or FEWER_SWEEPS):
            raise SpecError(
                f"burn_in is {self.burn_in}; it must be 0 or more and below sweeps, which are "
                f"{self.sweeps or FEWER_SWEEPS}"
            )
