"""What the commands do in a workspace: fit its tables, show a fit, locate motifs, run the demo."""

import os
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from motifmine.analysis.drift import motif_drift
from motifmine.analysis.stability import motif_stability
from motifmine.durations import Duration
from motifmine.errors import FormatError, MotifmineWarning, SpecError, VideoError
from motifmine.features.series.survey import series_settings_of
from motifmine.features.video.extract import flow_spec_of
from motifmine.files import refuse_overwriting
from motifmine.io.hdf5 import reader as hdf5
from motifmine.io.hdf5 import store
from motifmine.models.protocol import FitContext, SizeChoice
from motifmine.models.registry import entry_of, load, specify
from motifmine.parallel.mappers import Mapper
from motifmine.progress import Progress
from motifmine.records.fit import FitRecord
from motifmine.records.settings import Counts, Detection, Preparation
from motifmine.records.table import ObservationTable
from motifmine.records.topics import innermost
from motifmine.records.vocabulary import Vocabulary
from motifmine.records.wall_clock import zone_named
from motifmine.reporting.figures.clips import write_clips
from motifmine.reporting.html.page import write_report
from motifmine.workflows.extract import extract_sources
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.extract_topics import layer_of_fit
from motifmine.workflows.fit_topics import NumberOfTopics, over_topics
from motifmine.workflows.mine import locate, mine
from motifmine.workflows.report import explained_in_workspace
from motifmine.workflows.workspace import Workspace


def fit_workspace(
    workspace: Workspace,
    *,
    tables: Sequence[Path] | None = None,
    model: str,
    n_motifs: int | Literal["auto"] | None = None,
    motif_length: Duration | Literal["auto"] | None = None,
    n_topics: NumberOfTopics | None = None,
    counts: Counts = "auto",
    false_alarms_per_hour: float | None = None,
    seed: int | None = 0,
    name: str | None = None,
    force: bool = False,
    on_start: Callable[[str], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    is_timed: bool = True,
    stability: int | None = None,
    checkpoint: Path | None = None,
    groups: int | Literal["auto"] | None = None,
    mapper: Mapper = map,
    notes: Mapping[str, object] | None = None,
    time_zone: str = "UTC",
    **settings: Any,
) -> tuple[Path, FitRecord]:
    """Fit tables of a workspace and save the fit there; return its path and what it holds.

    Parameters
    ----------
    workspace : Workspace
    tables : paths or None
        Table files; None takes all of the workspace.
    model : str
        A name of `motifmine.models.registry.MODELS`.
    n_motifs : int, `auto` or None
        `auto` takes what foretells hidden observations best (about eight more fits); None the
        model's default.
    motif_length : Duration, `auto` or None
        `auto` takes what holds the motifs (two to five more fits); None 3 s for video and 20 bins
        for all else.
    n_topics : int, `auto`, `off` or None
        Topics to put between words and motifs, see `motifmine.workflows.fit_topics`; None: `off`
        for plsm, `auto` for the others, which need few words. Tables over topics stay what they
        are.
    counts : `auto`, `raw` or `sqrt`
    false_alarms_per_hour : float or None
        See `motifmine.records.settings.Detection`.
    seed : int or None
    name : str or None
        Name of the fit; None numbers it.
    force : bool
        Overwrite a fit of that name.
    on_start : callable or None
        Called with lines that tell what will be fitted, and how, and whether chains agree.
    on_progress : callable or None
    is_timed : bool
        Whether the fit tells how long it took. Without, the same data give the same bytes.
    stability : int or None
        Refits to resampled data that tell how surely each motif comes again; see
        `motifmine.analysis.stability`.
    checkpoint : Path or None
        File that training of the auto-encoder resumes from and writes to.
    groups : int, `auto` or None
        HDLSM: sample the documents in so many groups, see `motifmine.models.hdlsm.groups`; None:
        all together.
    mapper : callable
        Like the built-in `map`, see `motifmine.parallel.mappers`; shares out the groups.
    notes : mapping or None
        More to keep with the settings in the fit, plain values.
    time_zone : str
        IANA name of the zone that hours and days are told in.
    **settings
        Fields of the model's specification.
    """
    path = workspace.fit_path(name or workspace.next_fit_name(model))
    refuse_overwriting(path, force=force)
    zone_named(time_zone)
    cameras: list[str] = []
    table = workspace.read_tables(tables, on_note=cameras.append)
    if on_start is not None and cameras:
        on_start("\n".join(cameras))
    spec = specified(
        model,
        vocabulary=table.vocabulary,
        bin_s=table.bin_s,
        n_motifs=n_motifs,
        motif_length=motif_length,
        **settings,
    )
    entry = entry_of(model)
    if checkpoint is not None and not entry.writes_checkpoints:
        raise SpecError(f"{model} writes no checkpoints; leave out --checkpoint")
    if groups is not None and not entry.groups_documents:
        raise SpecError(f"{model} does not fit documents in groups; leave out --groups")
    detection = Detection(false_alarms_per_hour=false_alarms_per_hour)
    words, table = (
        table,
        over_topics(
            table,
            n_topics or entry.default_topics,
            counts=counts,
            seed=seed,
            on_step=on_start,
        ),
    )
    preparation = Preparation(counts=counts if table is words else "auto")
    choices: dict[str, object] = {}
    if "auto" in (motif_length, n_motifs):
        sizes: tuple[Literal["motif_length", "n_motifs"], ...] = (
            *(("motif_length",) if motif_length == "auto" else ()),
            *(("n_motifs",) if n_motifs == "auto" else ()),
        )
        spec, choices = _size_choice(model).choose(
            preparation.apply(table), spec, sizes, seed=seed or 0, on_message=on_start
        )
    if on_start is not None:
        on_start(_announcement(table, model, spec, seed))
        describe = getattr(spec, "describe_count_scaling", None)
        if groups is None and describe and (line := describe(preparation.apply(table))):
            on_start(line)
    record = mine(
        table,
        spec,
        context=FitContext(checkpoint=checkpoint, groups=groups, mapper=mapper)
        if entry.uses_context
        else None,
        preparation=preparation,
        detection=detection,
        seed=seed,
        on_progress=on_progress,
        notes={**choices, **({"cameras": cameras} if cameras else {}), **(notes or {})},
    )
    if n_motifs == "auto":
        record = _with_p_values(record, preparation.apply(table))
    if stability is not None:
        record = replace(
            record,
            stability=motif_stability(
                preparation.apply(table),
                spec,
                record.motifs,
                stability,
                seed=record.provenance.seed,
                on_refit=on_start,
            ),
        )
    if on_start is not None and (line := _agreement(record)):
        on_start(line)
    if not is_timed:
        record = _timeless(record)
    record = _in_time(record, preparation.apply(table), time_zone)
    store.write_fit(path, record, force=force)
    return path, record


def specified(
    model: str,
    *,
    vocabulary: Vocabulary,
    bin_s: float,
    n_motifs: int | Literal["auto"] | None,
    motif_length: Duration | Literal["auto"] | None,
    **settings: Any,
) -> Any:
    """Return the specification of a model for tables of a kind, with the defaults of that kind.

    Sizes that `auto` will choose later are as usual.

    Raises
    ------
    SpecError
        When the model has no such setting, or cannot choose sizes.
    """
    words = innermost(vocabulary)
    length = words.layout.usual_motif_length
    if isinstance(motif_length, Duration):
        length = motif_length
    given = {**settings, "motif_length": length.bins(bin_s)}
    if isinstance(n_motifs, int):
        given["n_motifs"] = n_motifs
    spec = specify(model, given, is_dense=words.layout.is_dense)
    if "auto" in (motif_length, n_motifs) and not entry_of(model).chooses_sizes:
        raise SpecError(f"{model} cannot choose sizes by 'auto'; give it numbers")
    return spec


def _agreement(record: FitRecord) -> str:
    """Return what chains or groups say together, "" where there were none."""
    if record.posterior is not None:
        return record.posterior.sentence
    return str(record.provenance.spec.notes.get("agreement", ""))


def _in_time(record: FitRecord, table: ObservationTable, time_zone: str) -> FitRecord:
    """Return the record with its time zone, and how its motifs change over the archive."""
    drift = motif_drift(
        table, record.motifs, record.background, record.activations, time_zone=time_zone
    )
    return replace(record, drift=drift, time_zone=time_zone)


def _timeless(record: FitRecord) -> FitRecord:
    """Return the record as if it had taken no time."""
    return replace(
        record,
        provenance=replace(record.provenance, elapsed_s=0.0),
        trace=replace(record.trace, seconds=np.zeros_like(record.trace.seconds)),
    )


def _with_p_values(record: FitRecord, table: ObservationTable) -> FitRecord:
    """Return the record with how likely chance is to give each of its motifs, in its settings."""
    choice = _size_choice(record.provenance.model)
    p_values = choice.p_values(table, record.motifs, record.provenance.seed)
    spec = record.provenance.spec.with_notes({"p_values": [round(p, 4) for p in p_values]})
    return replace(record, provenance=replace(record.provenance, spec=spec))


def _size_choice(model: str) -> SizeChoice:
    choice: SizeChoice = load(entry_of(model).size_choice)()
    return choice


def _announcement(table: ObservationTable, model: str, spec: Any, seed: int | None) -> str:
    """Return one line: which documents, how much, which settings."""
    names = [recording.name for recording in table.recordings]
    documents = names[0] if len(names) == 1 else f"{len(names)} documents {names[0]}..{names[-1]}"
    return (
        f"fit {model}: {documents}, {table.n_times * table.bin_s:.6g} s, {len(table.word)} "
        f"observations; {getattr(spec, 'n_motifs', 'any number of')} motifs of "
        f"{spec.motif_length * table.bin_s:g} s ({spec.motif_length} bins), seed {seed}"
    )


def show_fit(
    workspace: Workspace,
    name: str | None = None,
    *,
    force: bool = False,
    time_zone: str | None = None,
) -> tuple[FitRecord, Path]:
    """Return a fit and the path of its report.

    A report that is there already and is newer than the fit stays as it is, unless `force` is set.
    A time zone is kept in the fit.
    """
    path = workspace.find_fit(name)
    if time_zone is not None:
        zone_named(time_zone)
        if store.read_fit_time_zone(path) != time_zone:
            made = path.stat()
            store.write_time_zone(path, time_zone)
            os.utime(path, ns=(made.st_atime_ns, made.st_mtime_ns))
    record = store.read_fit(path)
    folder = workspace.report_folder(path.stem)
    report = folder / "report.html"
    # a fit whose motifs were named keeps its date; when its file changed is told by another clock
    changed_ns = max(path.stat().st_mtime_ns, path.stat().st_ctime_ns)
    is_stale = report.exists() and report.stat().st_mtime_ns < changed_ns
    if force or is_stale or not report.exists():
        report = write_report(
            record,
            folder,
            name=path.stem,
            explained=explained_in_workspace(record, workspace),
            force=force or is_stale,
        )
    return record, report


def locate_sources(
    workspace: Workspace, name: str, sources: Sequence[Path], *, workers: int | None = None
) -> FitRecord:
    """Return where the motifs of a fit occur in recordings that it has not seen.

    Parameters
    ----------
    workspace : Workspace
    name : str
        A fit, by name or path.
    sources : paths
        Tables, or videos and `.tdoc` files; these are extracted as the fit's own recordings were.
    workers : int or None
        Sources that are extracted at a time; None: as many as there are cores.

    Raises
    ------
    FormatError, VideoError
        When a source cannot be read.
    DataError
        When a source does not belong to the scene of the fit.
    """
    record = store.read_fit(workspace.find_fit(name))
    with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
        scratch = Workspace(Path(folder))
        is_table = [hdf5.file_format(path) == store.TABLE_FORMAT for path in sources]
        tables = [path for path, yes in zip(sources, is_table, strict=True) if yes]
        others = [path for path, yes in zip(sources, is_table, strict=True) if not yes]
        if others:
            _extract_alike(record, others, scratch, workers)
        found = workspace.read_tables(
            [*tables, *scratch.table_paths()],
            reference=record.picture,
            on_note=lambda line: warnings.warn(line, MotifmineWarning, stacklevel=2),
        )
    layer = layer_of_fit(record)
    if layer is not None and layer.topics.inner == found.vocabulary:
        found = layer.apply(found)
    _refuse_other_scene(record, found)
    return locate(record, found)


def cut_clips(
    workspace: Workspace, name: str | None = None, folder: Path | None = None, **options: Any
) -> list[Path]:
    """Write the clips of a fit into a folder, or into `clips/<fit>` of the workspace.

    The options are those of `motifmine.reporting.figures.clips.write_clips`.
    """
    path = workspace.find_fit(name)
    record = store.read_fit(path)
    return write_clips(record, folder or workspace.root / "clips" / path.stem, **options)


def surprising(
    workspace: Workspace, name: str | None = None, sources: Sequence[Path] = ()
) -> FitRecord:
    """Return a fit with the stretches that its motifs explain worst, in `anomalies`.

    Without sources they are those of the fit's own recordings, else of the sources; see
    `locate_sources`.

    Raises
    ------
    FormatError
        When the fit does not know what is usual.
    """
    path = workspace.find_fit(name)
    record = locate_sources(workspace, str(path), sources) if sources else store.read_fit(path)
    if record.anomalies is None:
        raise FormatError(
            f"{path} does not tell what is usual in its recordings, an older version of motifmine "
            "made it; fit again"
        )
    return record


def _extract_alike(
    record: FitRecord, sources: Sequence[Path], scratch: Workspace, workers: int | None
) -> None:
    """Extract `sources` into `scratch` with the settings of the fit's own tables."""
    layer = layer_of_fit(record)
    made = record.provenance.spec.table
    made = made if layer is None else made.get("words", {})
    if innermost(record.vocabulary).layout.picture_grid() is not None:
        settings = ExtractionSettings(spec=flow_spec_of(made))
    elif "series" in made:
        series = series_settings_of(made, innermost(record.vocabulary))
        is_sampled = innermost(record.vocabulary).layout.series_channels() is not None
        settings = ExtractionSettings(series=series, kind="channels" if is_sampled else "labels")
    else:
        settings = ExtractionSettings(label_bin_s=record.bin_s)
    outcomes = extract_sources(sources, scratch, settings, workers=workers)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        raise VideoError(failed[0].reason)


def _refuse_other_scene(record: FitRecord, table: ObservationTable) -> None:
    if difference := record.vocabulary.difference(table.vocabulary):
        raise FormatError(
            f"{table.recordings[0].name} does not belong to the scene of the fit: it has "
            f"{difference}"
        )
    if table.bin_s != record.bin_s:
        raise FormatError(
            f"time bins of {table.recordings[0].name} last {table.bin_s} s, those of the fit "
            f"{record.bin_s} s"
        )
