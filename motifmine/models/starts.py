"""Starts of given motifs, inferred in the same way whichever model made the motifs."""

from collections.abc import Callable
from functools import partial

from motifmine.models.plsm.model import fold_in
from motifmine.models.plsm.spec import Priors
from motifmine.models.protocol import Located
from motifmine.records.fit import Background, MotifSet
from motifmine.records.settings import FitSpec
from motifmine.records.table import ObservationTable
from motifmine.types import Indices

# infers starts of motifs in a table; the number is how many compete for each real motif
Infer = Callable[[MotifSet, Background, ObservationTable, Indices], Located]
"""Infers starts of motifs in a table; the array is the real motif that each competes for."""

# threshold of a start in units of the mean mass of a start. It is lower than that of a fit: weak
# candidates are wanted too, for a threshold on their scores decides afterwards.
SPARSITY = 1.0
# motifs compete under the sparsity from the first iterations on if they have no more decoys than
# this less one. The mass of a start is first spread evenly over all of them: of many copies each
# has so little that the sparsity would end every start before the data can separate them.
MOST_AT_ONCE = 4
N_FREE = 8  # iterations without sparsity where more compete


def inference_of(spec: FitSpec) -> Infer:
    """Return what infers starts of the motifs of a fit.

    A start of a motif of one moving thing is a whole thing that passes.
    """
    if spec.settings.get("activity") == "moving":
        return partial(infer_starts, one_thing=True)
    return infer_starts


def infer_starts(
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
    source: Indices | None = None,
    *,
    one_thing: bool = False,
) -> Located:
    """Return where motifs are active in `table`, motifs and the background's words held fixed.

    Parameters
    ----------
    motifs : MotifSet
        Held fixed.
    background : Background
        Its words are held fixed.
    source : int64 array (K,) or None
        For each motif the real one that it competes for: itself, first, or what it is a decoy of.
        The sparsity is that of the real ones alone. None: all are real.
    one_thing : bool
        See `Priors`.
    """
    n_competing = 1 if source is None else round(len(source) / (1 + int(source.max())))
    priors = Priors(
        # starts of one thing lie near one another, each below a threshold, until they are gathered
        sparsity=0.0 if one_thing else SPARSITY * n_competing,
        one_thing=one_thing,
        source=() if source is None or not one_thing else tuple(source.tolist()),
    )
    n_free = N_FREE if n_competing > MOST_AT_ONCE else 0
    return fold_in(priors, motifs, background, table, n_free=n_free)
