"""How many motifs, and how long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from motifmine.kernels.likelihood import compute_rates
from motifmine.models.plsm.heldout import hide_observations
from motifmine.models.plsm.model import Plsm, PlsmFit
from motifmine.records.fit import MotifSet, make_dense_activation
from motifmine.records.start_layout import compute_background_rates, make_phi, start_layout
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

HIDDEN_SHARE = 0.1
"""Share of the observations that is hidden to compare numbers of motifs."""
CHANCE = 0.01
"""Share of every rate that is spread evenly, so that a surprise costs a few nats, not infinity."""
N_BLOCKS = 40
"""Blocks of time whose likelihoods are compared in pairs."""
FIRST_NUMBER, MOST_MOTIFS = 4, 64
AROUND = 2
"""Numbers of motifs compared on either side of the number that pays for itself."""
FIRST_LENGTH, LONGEST = 8, 128
EMPTY = 0.1
"""Outside its span a motif has less than this share of the mean power inside."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """Candidates, how each did, and the one that was taken."""

    candidates: Indices
    value: Floats
    """For numbers of motifs the log-likelihood of hidden observations (nats), for windows the span
    that motifs have in them (bins)."""
    chosen: int

    def as_values(self) -> dict[str, object]:
        """Return the choice as plain values for the file of a fit."""
        return {
            "candidates": self.candidates.tolist(),
            "value": [round(float(value), 3) for value in self.value],
            "chosen": self.chosen,
        }


class PlsmSizeChoice:
    """Sizes of PLSM's motifs, see `motifmine.models.protocol.SizeChoice`."""

    def choose(
        self,
        table: ObservationTable,
        spec: Plsm,
        sizes: Sequence[Literal["motif_length", "n_motifs"]],
        *,
        seed: int,
        on_message: Callable[[str], None] | None = None,
    ) -> tuple[Plsm, dict[str, object]]:
        """Return the specification with the sizes chosen, and plain values that tell how."""
        told: dict[str, object] = {}
        if "motif_length" in sizes:
            choice = choose_motif_length(table, spec, seed=seed, on_message=on_message)
            spec = replace(spec, motif_length=choice.chosen)
            told["motif_length_choice"] = choice.as_values()
        if "n_motifs" in sizes:
            choice = choose_n_motifs(table, spec, seed=seed, on_message=on_message)
            spec = replace(spec, n_motifs=choice.chosen)
            told["n_motifs_choice"] = choice.as_values()
        return spec, told


def choose_n_motifs(
    table: ObservationTable,
    spec: Plsm,
    *,
    seed: int,
    on_message: Callable[[str], None] | None = None,
) -> Choice:
    """Return the number of motifs that foretells hidden observations best.

    First 4, 8, 16, ... motifs are asked for, until a quarter of them does not pay for its
    description. Around the number that is left, fits without a tenth of the observations compete;
    the smallest number within one standard error of the best is taken. About eight fits in all.

    Parameters
    ----------
    table : ObservationTable
    spec : Plsm
        Its `n_motifs` is not used.
    seed : int
    on_message : callable or None
        Called with a line before every fit.
    """
    say = on_message or (lambda _: None)
    ask = FIRST_NUMBER
    while True:
        say(f"number of motifs: asking for {ask}")
        trial = replace(spec, n_motifs=ask, drop_surplus=True)
        found = len(trial.fit(table, seed=seed).motifs)
        if found <= 0.75 * ask or ask >= MOST_MOTIFS:
            break
        ask *= 2
    kept, hidden = hide_observations(table, HIDDEN_SHARE, generator(seed, Stream.HELD_OUT))
    candidates = np.arange(max(1, found - AROUND), found + AROUND + 1)
    terms = []
    for number in candidates:
        say(f"number of motifs: {number} against hidden observations")
        trial = replace(spec, n_motifs=int(number), drop_surplus=False)
        terms.append(hidden_terms(hidden, trial.fit(kept, seed=seed), HIDDEN_SHARE))
    return smallest_good(candidates, np.array(terms))


def hidden_terms(hidden: ObservationTable, fit: PlsmFit, share: float) -> Floats:
    """Return the Poisson log-likelihood (nats) of hidden observations by block of time.

    The fit saw 1 - share of the observations at random, so that the rate of a hidden one is the
    fitted rate / (1 - share), and share / (1 - share) of the fitted mass is expected to be hidden.
    """
    layout = start_layout(hidden, fit.motifs.motif_length)
    activation = make_dense_activation(layout, fit.activations, len(fit.motifs))
    mass = float(activation.sum(dtype=np.float64)) / max(1.0 - fit.background.weight, 1e-9)
    base = compute_background_rates(layout, 1.0, fit.background.probability)
    base *= np.float32(fit.background.weight * mass / max(hidden.total, 1e-9))
    rates = compute_rates(
        layout.bin_row,
        layout.offsets,
        layout.word,
        base,
        activation,
        make_phi(fit.motifs.probability),
    )
    even = mass / (hidden.n_times * hidden.n_words)
    gain = layout.count * np.log(((1 - CHANCE) * rates + CHANCE * even) / (1.0 - share))
    blocks = np.array_split(gain, N_BLOCKS)
    return np.array([block.sum() for block in blocks]) - share / (1 - share) * mass / N_BLOCKS


def smallest_good(candidates: Indices, terms: Floats) -> Choice:
    """Return the smallest candidate within one standard error of the best, blocks paired.

    Parameters
    ----------
    candidates : int array (C,), ascending
    terms : float64 array (C, blocks)
    """
    total = terms.sum(axis=1)
    lead = terms[int(np.argmax(total))] - terms
    error = lead.std(axis=1, ddof=1) * np.sqrt(terms.shape[1])
    good = np.flatnonzero(lead.sum(axis=1) <= error)
    return Choice(candidates=candidates, value=total, chosen=int(candidates[good[0]]))


def choose_motif_length(
    table: ObservationTable,
    spec: Plsm,
    *,
    seed: int,
    on_message: Callable[[str], None] | None = None,
) -> Choice:
    """Return the motif length that holds three quarters of the mass of the motifs, bins.

    The window is doubled from 8 bins until motifs leave a third of it empty.

    Parameters
    ----------
    table : ObservationTable
    spec : Plsm
        Its `motif_length` is not used.
    seed : int
    on_message : callable or None
        Called with a line before every fit.
    """
    say = on_message or (lambda _: None)
    longest = max(r.n_times for r in table.recordings)
    windows: list[int] = []
    spans: list[int] = []
    window = min(FIRST_LENGTH, longest)
    while True:
        say(f"length of motifs: a window of {window} bins")
        fit = replace(spec, motif_length=window).fit(table, seed=seed)
        each = motif_spans(fit.motifs)
        order = np.argsort(each, kind="stable")
        reached = np.cumsum(fit.motifs.weight[order]) / fit.motifs.weight.sum()
        windows.append(window)
        spans.append(int(each[order][np.searchsorted(reached, 0.75)]))
        if 1.5 * spans[-1] <= window or 2 * window > min(LONGEST, longest):
            break
        window *= 2
    return Choice(
        candidates=np.array(windows), value=np.array(spans, dtype=np.float64), chosen=spans[-1]
    )


def motif_spans(motifs: MotifSet) -> Indices:
    """Return the length of the run of bins that holds each motif, int64 array (K,).

    A bin counts by its power, the sum of its squared cells, which a floor of soaked-up noise hardly
    raises. Of the runs outside which the mean power is less than `EMPTY` of that inside, the one
    that differs most from the rest is taken (Otsu's criterion on the roots of the powers); a motif
    without such a run fills its window.
    """
    power = np.square(motifs.probability, dtype=np.float64).sum(axis=2)
    return np.array([_span(row) for row in power], dtype=np.int64)


def _span(power: Floats) -> int:
    """Return the length of the best run of one motif; `power` is (L,)."""
    length = len(power)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    roots = np.concatenate([[0.0], np.cumsum(np.sqrt(power))])
    best, found = 0.0, length
    for n in range(1, length):
        held, level = sums[n:] - sums[:-n], roots[n:] - roots[:-n]
        inside, outside = held / n, (sums[-1] - held) / (length - n)
        between = n * (length - n) * (level / n - (roots[-1] - level) / (length - n)) ** 2
        between = np.where(outside < EMPTY * inside, between, 0.0)
        if between.max() > best:
            best, found = float(between.max()), n
    return found
