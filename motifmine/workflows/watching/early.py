"""What a watch needs to announce occurrences early: what the fit's own documents teach."""

from dataclasses import dataclass

from motifmine.analysis.early import EarlyScale, calibrate_early
from motifmine.errors import DataError
from motifmine.records.fit import FitRecord
from motifmine.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """When occurrences are announced before they have ended."""

    scale: EarlyScale
    least: float
    """Probability from which they are."""

    @classmethod
    def of_workspace(cls, workspace: Workspace, record: FitRecord, least: float) -> "Early":
        """Return it with what the fit's own documents teach.

        Parameters
        ----------
        least : float
            Smallest probability of an occurrence that is reported before it is over.

        Raises
        ------
        DataError
            When their tables are not in the workspace.
        """
        paths = [workspace.table_path(recording.name) for recording in record.recordings]
        missing = [path for path in paths if not path.exists()]
        if missing:
            raise DataError(
                f"{missing[0]} is not there; --early learns from the tables of the fit's own "
                "recordings how sure it may be"
            )
        # registered to the picture of the fit: words must be at the places that they had for it
        table = workspace.read_tables(paths, reference=record.picture)
        if [r.name for r in table.recordings] != [r.name for r in record.recordings]:
            raise DataError(f"{workspace.root} has other tables than those of the fit; fit again")
        prepared = record.provenance.spec.preparation.apply_counts(table)
        return cls(scale=calibrate_early(record, prepared), least=least)
