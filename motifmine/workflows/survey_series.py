"""Surveys of all series of an extraction, each in its own process, merged into one scene."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from motifmine.errors import SpecError
from motifmine.features.series.survey import (
    SeriesSettings,
    Survey,
    merge_surveys,
    survey,
)
from motifmine.features.series.trends import find_trend_bins
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from motifmine.progress import Progress
from motifmine.records.scene import Scene
from motifmine.records.vocabulary import Vocabulary
from motifmine.workflows.bin_choice import (
    StretchJob,
    choose_event_bins,
    is_finer_better,
    read_stretches,
)

PRELOAD = ("motifmine.features.series.survey",)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyJob:
    """One source to be surveyed."""

    path: Path
    settings: SeriesSettings
    bin_s: float | None
    """Length of a time bin, seconds; None: the survey chooses it."""
    stream: int
    """Number of the source: each has its own random stream."""


def run_survey(job: SurveyJob, report: Report) -> Survey:
    """Return the survey of one source."""
    return survey(
        job.path,
        job.settings,
        bin_s=job.bin_s,
        stream=job.stream,
        on_progress=lambda position_s: report(Progress(position_s, source=job.path)),
    )


def series_scene(
    sources: Sequence[Path],
    settings: SeriesSettings,
    shared: Scene | None,
    *,
    place: Path,
    workers: int,
    patience_s: float,
) -> Scene | None:
    """Return the words and bins that `sources` share, None when none of them can be read.

    Parameters
    ----------
    sources : paths
    shared : Scene or None
        What the tables of the workspace have; of labels, new ones are added.
    place : Path
        The workspace, for messages.
    workers : int
        Sources that are read at one time.
    patience_s : float
        Time without progress after which a source is skipped, seconds.

    Raises
    ------
    SpecError
        When `settings` ask for other words or bins than `shared` has.
    DataError
        When nothing can be learned from the sources.
    """
    if settings.vocabulary is not None and settings.bin_s is not None:
        return Scene(vocabulary=settings.vocabulary, bin_s=settings.bin_s)
    may_grow = shared is not None and shared.vocabulary.layout.may_grow
    if shared is not None:
        check_same_settings(settings, shared.vocabulary, shared.bin_s, place)
        if not may_grow:
            return shared
    bin_s = settings.bin_s if shared is None else shared.bin_s
    jobs = [
        SurveyJob(path=path, settings=settings, bin_s=bin_s, stream=stream)
        for stream, path in enumerate(sources)
    ]
    surveys: list[Survey] = []
    while jobs and not surveys:
        # the first that can be read decides the length of a bin, which all others must share
        surveys += _survey([job := jobs.pop(0)], 1, patience_s)
    if not surveys:
        return shared
    surveys = [survey_at_better_bins(job, surveys[0], patience_s)]
    rest = [replace(job, bin_s=surveys[0].bin_s) for job in jobs]
    surveys += _survey(rest, workers, patience_s)
    return merge_surveys(surveys, settings, shared.vocabulary if shared is not None else None)


def _survey(jobs: Sequence[SurveyJob], workers: int, patience_s: float) -> list[Survey]:
    """Return the surveys of the sources that can be read, in their order."""
    isolated = IsolatedJobs(
        function=run_survey, workers=workers, patience_s=patience_s, preload=PRELOAD
    )
    found: dict[int, Survey] = {}
    for index, ending in isolated.run(jobs, lambda *_: None):
        if not isinstance(ending, JobFailure):
            found[index] = ending
    return [found[index] for index in sorted(found)]


def survey_at_better_bins(job: SurveyJob, usual: Survey, patience_s: float) -> Survey:
    """Return the survey, or one at shorter bins if motifs describe these much better.

    Parameters
    ----------
    job : SurveyJob
    usual : Survey
        Of the same source; with its reason for the bins, which says when others cannot be tried.
    patience_s : float
        Time without progress after which the source is given up, seconds.
    """
    if usual.onsets is not None and len(usual.onsets.time_s):
        n_labels = int(usual.onsets.label.max()) + 1
        bin_s = choose_event_bins(usual.onsets, n_labels, usual.bin_s)
        if bin_s == usual.bin_s:
            return usual
        reason = " (motifs describe the events shortest in these)"
        if usual.header.is_events:
            return replace(usual, bin_s=bin_s, bin_reason=reason)
        others = _survey([replace(job, bin_s=bin_s)], 1, patience_s)
        return replace(others[0], bin_reason=reason) if others else usual
    if usual.finer_bin_s is None:
        return usual
    bins = (usual.bin_s, usual.finer_bin_s)
    stretches = IsolatedJobs(
        function=read_stretches, workers=1, patience_s=patience_s, preload=PRELOAD
    )
    task = StretchJob(path=job.path, settings=job.settings, bins=bins)
    for _, tables in stretches.run([task], lambda *_: None):
        if isinstance(tables, JobFailure):
            untried = f" (finer ones could not be tried: {tables.reason})"
            return replace(usual, bin_reason=usual.bin_reason + untried)
        # what is too short to be compared stays as it is
        if tables is None or not is_finer_better(*tables):
            return usual
    reason = f" (what recurs is lost in bins of {usual.bin_s:g} s)"
    finer = _survey([replace(job, bin_s=usual.finer_bin_s)], 1, patience_s)
    return replace(finer[0], bin_reason=reason) if finer else usual


def check_same_settings(
    settings: SeriesSettings, vocabulary: Vocabulary, bin_s: float, place: Path
) -> None:
    """Raise `SpecError` if settings request other words or bins than those of a workspace."""
    layout = vocabulary.layout
    words = layout.series_words()
    asked = settings.coding.words
    differs = []
    if words and asked not in ("auto", words):
        differs.append(f"words by {words} instead of {asked}")
    if settings.detrend == "off" and find_trend_bins(layout).any():
        differs.append("trends taken out")
    if settings.bin_s is not None and settings.bin_s != bin_s:
        differs.append(f"time bins of {bin_s:g} s instead of {settings.bin_s:g} s")
    if differs:
        raise SpecError(
            f"the tables of {place} have {' and '.join(differs)}; leave the option out, make them "
            "again with --force, or choose another folder with --workspace"
        )
