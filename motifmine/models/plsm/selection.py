"""Choice of the length of motifs from the data."""

from dataclasses import replace

from motifmine.models.checks import drop_unused_words
from motifmine.models.plsm.growth import grow_motifs
from motifmine.models.plsm.length import (
    BY_PAIRS,
    ENDS,
    NO_ORDER,
    choose_length,
    is_clearly_shorter,
)
from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.stages import is_searched, resolve
from motifmine.parallel.threads import most_threads
from motifmine.records.table import ObservationTable

NEARLY = 0.95
"""Share of what motifs of the longer length save that those of the shorter one must."""


class PlsmSizeChoice:
    """Sizes of PLSM's motifs, see `motifmine.models.protocol.SizeChoice`."""

    def choose_length(self, table: ObservationTable, spec: Plsm, *, seed: int) -> tuple[Plsm, str]:
        """Return the specification with the length chosen, and a line that says why.

        Where the profile of order in time is undecided, the length stays what it is, unless words
        follow one another further apart; where none do, motifs may be too short to have an order,
        so that half of it is tried. So is that of most of the order, where the rest ends late.
        """
        choice = choose_length(table, seed=seed)
        bins, taken = spec.motif_length, f"the usual, for {choice.reason}"
        shorter, name, least = 0, "half the usual", 1.0
        if choice.bins:
            bins, taken = choice.bins, choice.reason
            # searches differ by a few per cent, and in windows longer than most motifs rare ones
            # are lost
            shorter, name, least = choice.main_bins, "nearly all order in time ends there", NEARLY
        elif choice.pairs > bins:
            bins, taken = choice.pairs, BY_PAIRS
        elif choice.reason == NO_ORDER:
            shorter = bins // 2
        if is_clearly_shorter(shorter, bins) and is_searched(spec):
            usual, short = (
                self.compute_saving(table, replace(spec, motif_length=length), seed=seed)
                for length in (bins, shorter)
            )
            if short > max(least * usual, 0.0):
                gain = short - usual
                how = f"{abs(gain):,.0f} nats {'shorter' if gain > 0 else 'longer'}"
                bins, taken = shorter, f"{name}, which describes the data {how}"
                if gain <= 0:
                    taken += f" than {choice.bins} bins, no more than searches differ"
        line = f"motif length {bins * table.bin_s:g} s ({bins} bins): {taken}"
        return replace(spec, motif_length=bins), line

    def may_be_longer(self, table: ObservationTable, motif_length: int, *, seed: int) -> bool:
        """Return whether the order in time may go on clearly beyond motifs of a length."""
        choice = choose_length(table, seed=seed, with_pairs=True)
        # few words may have an order that is lost in the sum over all
        furthest = max(choice.bins or 0, choice.pairs)
        return choice.reason != ENDS or is_clearly_shorter(motif_length, furthest)

    def compute_saving(self, table: ObservationTable, spec: Plsm, *, seed: int) -> float:
        """Return by how many nats motifs describe the table shorter than rates alone."""
        compact = drop_unused_words(table)[1]
        found = grow_motifs(
            compact,
            spec.motif_length,
            resolve(spec, compact).priors,
            seed,
            n_threads=most_threads(),
            on_round=lambda _: None,
        )
        return found.saving
