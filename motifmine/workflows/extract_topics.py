"""Recordings to tables of topics: words first, then a layer of topics over the words.

A workspace with topics keeps its tables of words under `words/`; its `tables/` hold topics, so that
all else works on them as on any table. The layer is stored in each of these tables. It is learned
once, from what is under `words/` then, and later recordings are put into the same topics.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from motifmine.errors import SpecError, WorkspaceError
from motifmine.io.hdf5 import store
from motifmine.models.topics.external import (
    TopicModel,
    TopicSpec,
    learn_topics,
    project,
    require_library,
)
from motifmine.progress import Progress
from motifmine.records.fit import FitRecord
from motifmine.records.settings import Counts, Preparation
from motifmine.records.table import ObservationTable, join_tables
from motifmine.records.vocabulary import Topics
from motifmine.seeding import resolve_seed
from motifmine.validation import make_record
from motifmine.version import __version__
from motifmine.workflows.extract import extract_sources
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.outcomes import Outcome
from motifmine.workflows.workspace import Workspace

# topics are learned from recordings that last about so long together, evenly spread, seconds
LEARN_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """Which layer of topics is wanted."""

    spec: TopicSpec
    counts: Counts = "auto"
    """Preparation of the counts of words for the topic model, see `Preparation`."""
    seed: int | None = 0


def topic_settings(
    n_topics: int | None, model: TopicModel | None = None, *, seed: int | None = 0
) -> TopicSettings | None:
    """Return the settings of topics, None without a number.

    Raises `SpecError` when a model is given without a number, or the number is invalid for it.
    """
    if n_topics is None:
        if model is not None:
            raise SpecError(f"--topic-model {model} needs a number of topics: --topics 40")
        return None
    return TopicSettings(spec=TopicSpec(n_topics=n_topics, model=model or "plsa"), seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """A layer of topics and how it came about."""

    topics: Topics
    notes: dict[str, Any]
    """Specification, seed and preparation: plain values, kept in every table."""

    def apply(self, words: ObservationTable) -> ObservationTable:
        """Return a table of words as a table of topics."""
        kept = self.notes.get("preparation", {})
        preparation = make_record(Preparation, kept, "the preparation of topics")
        prepared = preparation.apply_counts(words)
        spec = {"topics": self.notes, "words": words.spec}
        return replace(project(prepared, self.topics), spec=spec)

    def is_of(self, settings: TopicSettings) -> bool:
        """Return whether these settings ask for this layer."""
        asked = _notes(settings, settings.seed)
        return all(self.notes.get(name) == asked[name] for name in asked)


def read_layer(workspace: Workspace) -> Layer | None:
    """Return the layer of topics of a workspace's tables, None when they have none."""
    paths = workspace.table_paths()
    topics = store.read_table_vocabulary(paths[0]).layout.topics() if paths else None
    if topics is None:
        return None
    spec = store.read_table_header(paths[0])["spec"]
    return Layer(topics=topics, notes=spec.get("topics", {}))


def layer_of_fit(record: FitRecord) -> Layer | None:
    """Return the layer of topics of a fit, None for a fit over words."""
    topics = record.vocabulary.layout.topics()
    if topics is None:
        return None
    return Layer(topics=topics, notes=record.provenance.spec.table.get("topics", {}))


def learn_layer(words: Workspace, settings: TopicSettings) -> Layer:
    """Return a layer of topics learned from the tables of words in `words`."""
    # an archive of months does not fit in memory, and a day of it has all there is
    paths = _spread(words.table_paths())
    return learn_layer_of(join_tables([store.read_table(path) for path in paths]), settings)


def learn_layer_of(table: ObservationTable, settings: TopicSettings) -> Layer:
    """Return a layer of topics learned from a table of words."""
    preparation = Preparation(counts=settings.counts).resolve(table)
    seed = resolve_seed(settings.seed)
    topics = learn_topics(preparation.apply(table), settings.spec, seed=seed)
    notes = {**_notes(settings, seed), "preparation": asdict(preparation)}
    return Layer(topics=topics, notes=notes)


def extract_recordings(
    sources: Sequence[str | Path],
    workspace: Workspace,
    settings: ExtractionSettings,
    topics: TopicSettings | None = None,
    *,
    workers: int | None = None,
    on_progress: Callable[[Progress, float], None] | None = None,
    on_message: Callable[[str], None] | None = None,
) -> list[Outcome]:
    """Make one table per recording, of words or, where the workspace has or gets them, of topics.

    Parameters
    ----------
    sources, workspace, settings, workers, on_progress
        See `motifmine.workflows.extract.extract_sources`. `settings.force` with `topics` learns
        new ones and writes all tables of the workspace again.
    topics : TopicSettings or None
        Topics to learn; None takes those of the workspace, unchanged, or leaves words as they are.

    Returns
    -------
    list of Outcome
        One per recording, in the order of the sources.

    Raises
    ------
    DataError
        When there are fewer words or windows than topics; the words are kept.
    MissingExtraError
        When the topic model's package is not installed.
    WorkspaceError
        When the workspace holds tables of words, or of other topics.
    """
    layer = read_layer(workspace)
    if layer is None and topics is None:
        return extract_sources(
            sources,
            workspace,
            settings,
            workers=workers,
            on_progress=on_progress,
            on_message=on_message,
        )
    if topics is not None:
        _refuse_other_tables(workspace, layer, topics, force=settings.force)
        # before hours of extraction
        require_library(topics.spec.model)
    words = workspace.words()
    outcomes = extract_sources(
        sources, words, settings, workers=workers, on_progress=on_progress, on_message=on_message
    )
    is_new = layer is None or (topics is not None and settings.force)
    if not words.table_paths():
        return outcomes
    if is_new and topics is not None:
        # topics with the same numbers and other meanings must not be mixed
        _refuse_orphans(workspace)
        if on_message is not None:
            n = len(words.table_paths())
            on_message(
                f"learning {topics.spec.n_topics} topics ({topics.spec.model}) from {n} tables"
            )
        layer = learn_layer(words, topics)
    # a workspace has a layer, or topics were asked for: the other case has returned above
    assert layer is not None
    found = [_project(o, workspace, layer, force=settings.force or is_new) for o in outcomes]
    _project_others(workspace, layer, outcomes, again=is_new)
    return found


def _notes(settings: TopicSettings, seed: int | None) -> dict[str, Any]:
    return {**asdict(settings.spec), "counts": settings.counts, "seed": seed}


def _spread(paths: Sequence[Path]) -> list[Path]:
    """Return tables, evenly spread, that together last about `LEARN_S`; at least one."""
    headers = [store.read_table_header(path) for path in paths]
    total = sum(float(h["n_times"]) * float(h["bin_s"]) for h in headers)
    n_taken = max(1, min(len(paths), int(len(paths) * LEARN_S / max(total, LEARN_S))))
    return [paths[i * len(paths) // n_taken] for i in range(n_taken)]


def _project(outcome: Outcome, workspace: Workspace, layer: Layer, *, force: bool) -> Outcome:
    """Return what became of a source once its table of words is one of topics, too."""
    if outcome.status == "failed" or outcome.table_path is None:
        return outcome
    path = workspace.tables / outcome.table_path.name
    difference = layer.topics.inner.difference(store.read_table_vocabulary(outcome.table_path))
    if difference:
        reason = (
            f"its words are not those of the topics of {workspace.root}: {difference}; learn new "
            "ones with --topics and --force, or choose another folder with --workspace"
        )
        return replace(outcome, status="failed", reason=reason)
    if path.exists() and not force:
        if not _is_table_of(path, outcome.table_path, layer):
            reason = f"{path} exists already and was made otherwise; overwrite it with --force"
            return replace(outcome, status="failed", reason=reason)
        return replace(outcome, table_path=path)
    table = layer.apply(store.read_table(outcome.table_path))
    store.write_table(path, table, force=force)
    if outcome.status == "skipped":
        reason = "its words were there already"
        outcome = replace(
            outcome, status="ok", reason=reason, recorded_s=table.n_times * table.bin_s
        )
    return replace(outcome, table_path=path, n_observations=len(table.word))


def _project_others(
    workspace: Workspace, layer: Layer, outcomes: Sequence[Outcome], *, again: bool
) -> None:
    """Write the tables of topics of recordings that were extracted earlier: missing ones or all."""
    done = {outcome.table_path.name for outcome in outcomes if outcome.table_path is not None}
    for words in workspace.words().table_paths():
        path = workspace.tables / words.name
        if words.name not in done and (again or not path.exists()):
            store.write_table(path, layer.apply(store.read_table(words)), force=True)


def _is_table_of(path: Path, words: Path, layer: Layer) -> bool:
    """Return whether a table of topics is the one that would be made of a table of words."""
    ours, theirs = store.read_table_header(path), store.read_table_header(words)
    spec = {"topics": layer.notes, "words": theirs["spec"]}
    return (
        ours["source_digest"] == theirs["source_digest"]
        and ours["motifmine_version"] == __version__
        and ours["spec"] == spec
        and store.read_table_vocabulary(path).layout == layer.topics
    )


def _refuse_other_tables(
    workspace: Workspace, layer: Layer | None, topics: TopicSettings, *, force: bool
) -> None:
    """Raise `WorkspaceError` when a workspace holds what new topics would not go with."""
    if layer is None and workspace.table_paths():
        raise WorkspaceError(
            f"{workspace.root} holds tables of words, topics need a workspace of their own; "
            "choose another folder with --workspace"
        )
    if layer is not None and not force and not layer.is_of(topics):
        there = "{n_topics} topics of {model} (seed {seed})".format_map(
            defaultdict(lambda: "unknown", layer.notes)
        )
        raise WorkspaceError(
            f"the tables of {workspace.root} are over {there}; leave "
            "--topics out to go on with them, learn others with --force, or choose another folder "
            "with --workspace"
        )


def _refuse_orphans(workspace: Workspace) -> None:
    """Raise `WorkspaceError` when a table of topics could not be made again."""
    there = {path.name for path in workspace.words().table_paths()}
    orphans = [path for path in workspace.table_paths() if path.name not in there]
    if orphans:
        raise WorkspaceError(
            f"{orphans[0]} has no table of words under {workspace.words().tables}, so it cannot be "
            "put into new topics; move it away, or choose another folder with --workspace"
        )
