"""What a PLSM fit is asked for."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from motifmine.errors import SpecError
from motifmine.models.plsm.em import Priors

ACTIVITIES = ("auto", "sparse", "dense")


STARTS = ("search", "random")


LEARNED = ("learned",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlsmSpec:
    """Fields of the specification, checked on construction."""

    n_motifs: int = 10
    """Number of motifs at most, > 0; those that do not pay for themselves are left out."""
    motif_length: int = 20
    """Length of the motifs in time bins, > 0."""
    iterations: int = 200
    """EM iterations on all observations at most, > 0."""
    activity: Literal["auto", "sparse", "dense"] = "auto"
    """`sparse`: motifs occur now and then over noise; they are searched in windows of the data,
    with sparse starts and a learned background. `dense`: something goes on all the time; random
    starts are raced, with free starts and next to no background. `auto` hides a tenth of the
    observations and takes what foretells them better. It decides the next four where they are
    None."""
    start: Literal["search", "random"] | None = None
    """`search` looks for motifs in windows of the data first; `random` begins EM with noise."""
    restarts: int | None = None
    """Independent starts, > 0: searches whose motifs compete in the end (2), or random starts that
    are raced by successive halving (8)."""
    sparsity: float | None = None
    """What the prior takes off a start (the papers' lambda), in units of the mean mass of a start:
    threshold = sparsity * N_d / (n_motifs * starts of d), >= 0; 2 or 0."""
    background: float | Literal["learned"] | None = None
    """Share of the observations held by a background flat in time, 0 <= share < 1, or `learned` for
    every document; learned or 0.01."""
    rounds: int = 10
    """Rounds of the search at most, > 0."""
    motif_prior: float = 0.0
    """Dirichlet pseudo-count of a motif cell in units of the mean mass of a cell, >= 0."""
    drop_surplus: bool = True
    """Leave out motifs that occur but once, or whose gain in likelihood is below their description
    length."""
    tolerance: float = 1e-5
    """Stop when the log-likelihood per observation rises by less, nats, >= 0."""

    def __post_init__(self) -> None:
        for name in ("n_motifs", "motif_length", "iterations", "restarts", "rounds"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SpecError(f"{name} is {value}; it must be 1 or more")
        for name in ("sparsity", "motif_prior", "tolerance"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise SpecError(f"{name} is {value}; it must be 0 or more")
        if isinstance(self.background, float | int) and not 0 <= self.background < 1:
            raise SpecError(f"background is {self.background}; a share is 0 or more, and below 1")
        for name, names in (("activity", ACTIVITIES), ("start", STARTS), ("background", LEARNED)):
            value = getattr(self, name)
            if isinstance(value, str) and value not in names:
                raise SpecError(f"{name} is {value!r}; it must be one of {', '.join(names)}")

    @property
    def priors(self) -> Priors:
        """The part of a resolved specification that EM itself needs."""
        return Priors(
            sparsity=self.sparsity or 0.0,
            motif_prior=self.motif_prior,
            background=None if isinstance(self.background, str) else self.background,
        )
