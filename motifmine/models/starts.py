"""Starts of given motifs, inferred in the same way whichever model made the motifs."""

from motifmine.models.plsm.model import fold_in
from motifmine.models.plsm.spec import Priors
from motifmine.models.protocol import Located
from motifmine.records.fit import Background, MotifSet
from motifmine.records.table import ObservationTable

SPARSITY = 1.0
"""Threshold of a start in units of the mean mass of a start. It is lower than that of a fit: weak
candidates are wanted too, for a threshold on their scores decides afterwards."""


def infer_starts(
    motifs: MotifSet, background: Background, table: ObservationTable, n_competing: int = 1
) -> Located:
    """Return where motifs are active in `table`, motifs and the background's words held fixed.

    `n_competing` is the number of motifs per real one (itself and its decoys): the sparsity
    is that of the real ones alone.
    """
    return fold_in(Priors(sparsity=SPARSITY * n_competing), motifs, background, table)
