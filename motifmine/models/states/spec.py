"""Specification of hidden Markov and semi-Markov models."""

from dataclasses import dataclass

from motifmine.models.options import setting
from motifmine.validation import check_at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class StatesSpec:
    """Fields of the specification, checked on construction."""

    n_states: int | None = setting(
        None,
        help="Number of states; 'auto': the one that predicts held-out blocks of time best.",
        default_text="auto",
        words={"auto": None},
    )
    """None: decided by held-out log-likelihood."""

    def __post_init__(self) -> None:
        check_at_least(self, 1, "n_states")
