"""Fits of workspaces in one call."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from motifmine.models.request import FitRequest
from motifmine.progress import Progress
from motifmine.records.fit import FitRecord
from motifmine.workflows.fit import fit
from motifmine.workflows.run import FitRun
from motifmine.workflows.workspace import Workspace


def fit_workspace(
    workspace: Workspace,
    *,
    name: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    **asked: Any,
) -> tuple[Path, FitRecord]:
    """Fit all tables of a workspace; arguments are fields of the request or of the model."""
    return fit(workspace, FitRequest.of(**asked), FitRun(name=name, on_progress=on_progress))
