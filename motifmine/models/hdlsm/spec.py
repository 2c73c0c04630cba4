"""Specification of an HDLSM fit."""

from dataclasses import dataclass

from motifmine.errors import SpecError
from motifmine.models.options import setting
from motifmine.validation import check_at_least, check_positive, check_share

FEWER_SWEEPS = 500  # sweeps of a chain over many observations


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
    """Sweeps of every chain, > 0; None uses 1000, or 500 for more than 50,000 observations."""
    burn_in: int | None = setting(
        None,
        help="Sweeps that are discarded.",
        default_text="half",
    )
    """Leading sweeps that are discarded, 0 <= burn_in < sweeps; None uses half of them."""
    starts: int = setting(
        4,
        help="Starts of a chain, of which the most probable is continued.",
    )
    """Runs of the first 100 sweeps of every chain (fewer with a shorter burn-in), > 0; the most
    probable one is continued. A single start may need many sweeps to find a missed motif."""
    without_background: int | None = None
    """Leading sweeps of every start without a background, >= 0; None uses 5 for topics, else 0.
    While there are no motifs yet, the background takes nearly all observations, and may return them
    only over a thousand sweeps; but without it, unstructured observations get motifs, too."""
    kept: int = 20
    """Sweeps of every chain for the posterior, > 0."""
    background: bool = setting(
        True,
        help="off: the published model, without a background.",
        words={"off": False},
        default_text="on",
    )
    """Whether observations may belong to no motif; False is the published model."""
    alpha: float = 10.0
    """Concentration of the occurrences of a document, > 0 (alpha in the papers)."""
    gamma: float = 2.0
    """Concentration of the motifs, > 0 (gamma in the papers)."""
    eta: float = 10.0
    """Pseudo-count of every motif, sum over its cells, > 0 (eta in the papers)."""
    ramp: float = 0.0
    """Decrease of eta from the first relative-time bin to the last, 0 (flat) <= ramp < 1. In the
    papers it decreases, which favours motifs at the beginning of their window; but a motif whose
    beginning is missing is then less likely to extend towards it. On simulated data 0.5 was as good
    as 0; 0.9 gave too many motifs."""
    background_strength: float = 10.0
    """Pseudo-count of the background of every document, > 0."""
    fix_hyperparameters: bool = setting(
        False,
        help="Do not resample alpha, gamma, eta and the strength of the background.",
    )
    """Hold alpha, gamma, eta and background_strength fixed; False resamples them from their given
    values on, each log-uniform over 0.01 .. 10,000 a priori."""
    count_scale: float | None = setting(
        None,
        help="Factor of all counts.",
        default_text="1, less above 200,000 observations or, of topics, 20 a time bin",
    )
    """Factor of all counts, > 0, with stochastic rounding (integers are unchanged); None uses 1, or
    less for more than 200,000 observations or, for topics, more than 20 per time bin: enough for
    occurrences to be found, and few enough for chains to mix."""

    def __post_init__(self) -> None:
        check_at_least(self, 1, "motif_length", "chains", "sweeps", "starts", "kept")
        check_at_least(self, 0, "without_background")
        check_positive(self, "alpha", "gamma", "eta", "background_strength", "count_scale")
        check_share(self, "ramp")
        if self.burn_in is not None and not 0 <= self.burn_in < (self.sweeps or FEWER_SWEEPS):
            raise SpecError(
                f"burn_in is {self.burn_in}; it must be 0 or more and below sweeps, which are "
                f"{self.sweeps or FEWER_SWEEPS}"
            )
