"""Starts of given motifs, inferred in the same way whichever model made the motifs."""

from collections.abc import Callable
from functools import partial

from motifmine.models.plsm.model import fold_in
from motifmine.models.plsm.spec import Priors
from motifmine.models.protocol import Located
from motifmine.records.fit import Background, MotifSet
from motifmine.records.settings import FitSpec
from motifmine.records.table import ObservationTable

# infers starts of motifs in a table; the number is how many compete for each real motif
Infer = Callable[[MotifSet, Background, ObservationTable, int], Located]

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
    n_competing: int = 1,
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
    n_competing : int
        Motifs for each real one, itself and its decoys: the sparsity is that of the real ones
        alone.
    one_thing : bool
        See `Priors`.
    """
    priors = Priors(
        # starts of one thing lie near one another, each below a threshold, until they are gathered
        sparsity=0.0 if one_thing else SPARSITY * n_competing,
        one_thing=one_thing,
        n_copies=n_competing if one_thing else 1,
    )
    n_free = N_FREE if n_competing > MOST_AT_ONCE else 0
    return fold_in(priors, motifs, background, table, n_free=n_free)
