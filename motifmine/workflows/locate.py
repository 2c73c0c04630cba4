"""Motifs of a saved fit in recordings that it has not seen."""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from motifmine.errors import DataError, FormatError, MotifmineWarning
from motifmine.features.series.survey import parse_series_settings
from motifmine.features.video.extract import parse_flow_spec, parse_frame_options
from motifmine.io.hdf5 import reader as hdf5
from motifmine.io.hdf5 import store
from motifmine.records.fit import FitRecord
from motifmine.records.scene import Scene
from motifmine.records.topics import find_innermost
from motifmine.workflows.extract import extract_sources
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.extract_topics import layer_of_fit
from motifmine.workflows.mine import locate
from motifmine.workflows.workspace import Workspace


def locate_sources(workspace: Workspace, name: str, sources: Sequence[Path]) -> FitRecord:
    """Return where the motifs of a fit occur in recordings that it has not seen.

    Sources are tables, or videos and `.tdoc` files, which are extracted as the fit's own recordings
    were.

    Raises `FormatError` or `VideoError` when a source cannot be read, `DataError` when a source
    does not belong to the scene of the fit.
    """
    record = store.read_fit(workspace.find_fit(name))
    with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
        scratch = Workspace(Path(folder))
        # by content: a series in HDF5 has the same suffix
        is_table = [hdf5.read_file_format(path) == store.TABLE_FORMAT for path in sources]
        tables = [path for path, yes in zip(sources, is_table, strict=True) if yes]
        others = [path for path, yes in zip(sources, is_table, strict=True) if not yes]
        if others:
            _extract_alike(record, others, scratch)
        for path in tables:
            # before pictures are registered: one of another size could not be compared
            _refuse_table_of_another_scene(record, path)
        found = workspace.read_tables(
            [*tables, *scratch.table_paths()],
            reference=record.picture,
            on_message=lambda line: warnings.warn(line, MotifmineWarning, stacklevel=2),
        )
    layer = layer_of_fit(record)
    # tables may be of topics already, from a workspace with the same layer
    if layer is not None and layer.topics.inner == found.vocabulary:
        found = layer.apply(found)
    record.scene.check(found.scene, found.recordings[0].name)
    return locate(record, found)


def locate_anomalies(
    workspace: Workspace, name: str | None = None, sources: Sequence[Path] = ()
) -> FitRecord:
    """Return a fit with the stretches that its motifs explain worst, in `anomalies`.

    Without sources: in the fit's own recordings.

    Raises `FormatError` when the fit has no scale of usual values.
    """
    path = workspace.find_fit(name)
    record = locate_sources(workspace, str(path), sources) if sources else store.read_fit(path)
    if record.anomalies is None:
        raise FormatError(
            f"{path} has no anomaly scale: states have none, nor fits of older versions; "
            "fit again, with a model of motifs"
        )
    return record


def _extract_alike(record: FitRecord, sources: Sequence[Path], scratch: Workspace) -> None:
    """Extract `sources` into `scratch` with the settings of the fit's own tables."""
    words = find_innermost(record.vocabulary)
    scene = None
    if words.layout.picture_grid() is not None:
        size_px = record.recordings[0].size_px
        scene = Scene(vocabulary=words, bin_s=record.bin_s, size_px=size_px, advice="")
    for outcome in extract_sources(sources, scratch, find_settings(record), scene=scene):
        outcome.raise_failure()


def find_settings(record: FitRecord) -> ExtractionSettings:
    """Return the settings with which the fit's own tables were extracted."""
    layer = layer_of_fit(record)
    made = record.provenance.spec.table
    made = made if layer is None else made.get("words", {})
    if find_innermost(record.vocabulary).layout.picture_grid() is not None:
        return ExtractionSettings(spec=parse_flow_spec(made), frames=parse_frame_options(made))
    if "series" in made:
        series = parse_series_settings(made, find_innermost(record.vocabulary))
        is_sampled = find_innermost(record.vocabulary).layout.series_channels() is not None
        return ExtractionSettings(series=series, kind="channels" if is_sampled else "labels")
    return ExtractionSettings(label_bin_s=record.bin_s)


def _refuse_table_of_another_scene(record: FitRecord, path: Path) -> None:
    """Raise `DataError` before a picture of another size is compared with the fit's."""
    words = [record.vocabulary, find_innermost(record.vocabulary)]
    found = store.read_table_vocabulary(path)
    differences = [vocabulary.difference(found) for vocabulary in words]
    if all(differences):
        raise DataError(f"{path} does not belong to the scene of the fit: it has {differences[0]}")
