"""HDLSM, Hierarchical Dirichlet Latent Semantic Motifs: the number of motifs is sampled, too.

Emonet, Varadarajan and Odobez: CVPR 2011, pp. 3233-3240; IEEE Transactions on Pattern Analysis and
Machine Intelligence 36(1):140-156, 2014.
"""

from collections.abc import Callable
from dataclasses import dataclass

from motifmine.models.hdlsm.fitted import HdlsmFit
from motifmine.models.hdlsm.fold_in import locate_by_sampling
from motifmine.models.hdlsm.groups import GroupedHdlsmFit, sample_in_groups
from motifmine.models.hdlsm.sampling import choose_count_scale, sample_documents
from motifmine.models.hdlsm.spec import HdlsmSpec
from motifmine.models.protocol import FitContext, Located
from motifmine.progress import Progress
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdlsm(HdlsmSpec):
    """The specification of an HDLSM fit.

    `background=False` is the model of the paper. The background is an addition: a share of the
    observations of each document that no motif explains, constant in time. Without it, unstructured
    observations get motifs of their own.

    Examples
    --------
    >>> from motifmine import simulate
    >>> from motifmine.models.hdlsm.model import Hdlsm
    >>> table = simulate(n_motifs=2, n_times=300, seed=1).table
    >>> fit = Hdlsm(motif_length=10, chains=1, sweeps=100, burn_in=60).fit(table, seed=0)
    >>> fit.motifs
    MotifSet(2 motifs of 10 bins x 20 words)
    """

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
        context: FitContext | None = None,
    ) -> HdlsmFit | GroupedHdlsmFit:
        """Sample all chains; return the most probable sweep of the most typical chain.

        The result does not depend on the number of threads: every chain has its own random stream,
        keyed by seed and chain. `on_progress` is called from the threads of the chains. Documents
        are sampled in groups if the context requests it.

        Raises `DataError` if the table is too small for the specification.
        """
        if context is None or context.groups is None:
            return sample_documents(self, table, seed=seed, on_progress=on_progress)
        return sample_in_groups(
            self,
            table,
            context.groups,
            seed=seed,
            mapper=context.mapper,
            on_progress=on_progress,
        )

    def describe_count_scaling(self, table: ObservationTable) -> str:
        """Describe how the counts of `table` are scaled, "" if they are not."""
        scale = self.count_scale or choose_count_scale(table)
        if scale == 1:
            return ""
        return f"counts times {scale:.3g}: {table.total * scale:.0f} observations are sampled"


def locate_in_record(record: FitRecord, table: ObservationTable) -> Located:
    """Locate the motifs of a saved fit in `table`, by sampling."""
    scale = record.provenance.spec.settings.get("count_scale") or 1.0
    return locate_by_sampling(
        record.motifs, record.background, table, record.provenance.seed, count_scale=float(scale)
    )
