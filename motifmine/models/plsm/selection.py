"""Choice of the length of motifs from the data."""

from dataclasses import replace

from motifmine.models.plsm.length import choose_length
from motifmine.models.plsm.model import Plsm
from motifmine.records.table import ObservationTable


class PlsmSizeChoice:
    """Sizes of PLSM's motifs, see `motifmine.models.protocol.SizeChoice`."""

    def choose_length(self, table: ObservationTable, spec: Plsm, *, seed: int) -> tuple[Plsm, str]:
        """Return the specification with the length chosen, and a line that says why.

        Where the profile of order in time is undecided, the length stays what it is.
        """
        choice = choose_length(table, seed=seed)
        bins = choice.bins or spec.motif_length
        taken = choice.reason if choice.bins else f"the usual, for {choice.reason}"
        line = f"motif length {bins * table.bin_s:g} s ({bins} bins): {taken}"
        return replace(spec, motif_length=bins), line
