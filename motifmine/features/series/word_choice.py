"""Which kind of words suits the values of a series."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from motifmine.features.series import mixed
from motifmine.features.series.raw_facts import RawFacts, measure_rows
from motifmine.features.series.sample import SeriesSample
from motifmine.features.series.steps import find_steps
from motifmine.types import Indices

Words = Literal["auto", "counts", "rectified", "levels", "changes", "mixed", "events"]

FEW_VALUES = 5  # a channel with at most this number of distinct values is categorical


@dataclass(frozen=True, slots=True, kw_only=True)
class WordChoice:
    """The kind of words that was chosen, and the reason as text."""

    words: Words
    reason: str


def choose_words(
    sample: SeriesSample,
    units: Sequence[str],
    facts: RawFacts | None = None,
    *,
    on_change: bool = False,
) -> WordChoice:
    """Choose the kind of words for the values of a series.

    Parameters
    ----------
    facts : RawFacts or None
        On the samples before they were averaged; None: on the bins.
    on_change : bool
        Whether channels are sent on change, so that the levels they stay at are looked for.
    """
    if units and all(unit == "dB" for unit in units):
        return WordChoice(words="counts", reason="sound: level above the median of each band")
    known = [column[np.isfinite(column)] for column in sample.value.T]
    known = [column for column in known if len(column)]
    facts = facts or measure_rows(sample.value.astype(np.float64))
    live = facts.low < facts.high
    kinds = choose_kinds(facts, sample if on_change else None)
    # constant channels have no kind: they give no words in any case
    is_mixed = live.any() and np.isin(kinds, (mixed.STATE, mixed.STEPS)).any()
    if not is_mixed and live.any() and facts.is_count[live].all():
        return WordChoice(words="counts", reason="non-negative integers, many of them 0")
    if is_mixed or facts.is_count[live].any():
        return WordChoice(words="mixed", reason=_describe_kinds(kinds))
    if known and all(len(np.unique(column)) <= FEW_VALUES for column in known):
        return WordChoice(words="levels", reason=f"no channel has more than {FEW_VALUES} values")
    return WordChoice(words="rectified", reason="measurements: above and below each channel's mean")


def choose_kinds(facts: RawFacts, sample: SeriesSample | None = None) -> Indices:
    """Return the kind of every channel for `mixed`, index into `mixed.KINDS`, (channel,).

    Parameters
    ----------
    sample : SeriesSample or None
        In which steps are looked for.
    """
    kinds = np.full(len(facts.n), mixed.RECTIFIED, np.int64)
    if sample is not None:
        found = [find_steps(*pair) for pair in zip(sample.value.T, sample.change.T, strict=True)]
        kinds[[edges is not None for edges in found]] = mixed.STEPS
    kinds[facts.is_count] = mixed.COUNTS
    kinds[facts.is_state] = mixed.STATE
    return kinds


def _describe_kinds(kinds: Indices) -> str:
    names = {mixed.STATE: "states", mixed.COUNTS: "counts", mixed.RECTIFIED: "measurements"}
    names[mixed.STEPS] = "levels"
    present = [(name, int((kinds == kind).sum())) for kind, name in names.items()]
    return ", ".join(f"{n} of {name}" for name, n in present if n)
