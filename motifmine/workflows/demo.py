"""The whole job on the sample data: clips of a junction, and the log of a pumping station."""

from collections.abc import Callable
from pathlib import Path

from motifmine.errors import WorkspaceError
from motifmine.models import DEFAULT_MODEL
from motifmine.models.request import FitRequest
from motifmine.workflows.extract import extract_sources
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.fit import fit
from motifmine.workflows.report import show_fit
from motifmine.workflows.run import FitRun
from motifmine.workflows.workspace import Workspace

CLIPS, LOG = "junction", "station.csv"
N_HAPPENINGS = 3  # number of motifs that are requested of the log


def run_demo(
    workspace: Workspace, data: Path | None = None, *, on_message: Callable[[str], None]
) -> list[Path]:
    """Extract, fit and show the sample data; return the reports of the log and of the clips.

    The log gets a workspace of its own, the folder `station` of that of the clips. Without a folder
    of data, `sample_data` is looked for here and in the checkout.

    Raises `WorkspaceError` when the sample data cannot be found.
    """
    samples = _find_samples(data)
    station = Workspace(workspace.root / "station")
    return [
        _mine(samples / LOG, station, ExtractionSettings(force=True), N_HAPPENINGS, on_message),
        _mine(
            samples / CLIPS,
            workspace,
            ExtractionSettings(name_time="%Y%m%d%H%M", force=True),
            None,
            on_message,
        ),
    ]


def _mine(
    source: Path,
    workspace: Workspace,
    settings: ExtractionSettings,
    n_motifs: int | None,
    on_message: Callable[[str], None],
) -> Path:
    on_message(f"extracting {source}")
    for outcome in extract_sources([source], workspace, settings):
        on_message(str(outcome))
    request = FitRequest(model=DEFAULT_MODEL, n_motifs=n_motifs)
    fit(workspace, request, FitRun(name="demo", force=True, on_message=on_message))
    return show_fit(workspace, "demo", force=True)


def _find_samples(data: Path | None) -> Path:
    """Return the folder of the sample data."""
    # the sample data are not part of the installed package
    checkout = Path(__file__).resolve().parents[2]
    places = [data] if data else [Path("sample_data"), checkout / "sample_data"]
    for place in places:
        if (place / CLIPS).is_dir() and (place / LOG).is_file():
            return place
    raise WorkspaceError(
        f"the sample data are not in {places[0]}; run this in a checkout of motifmine, or name "
        "their folder with --data"
    )
