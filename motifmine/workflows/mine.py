"""The whole job in few calls: motifs and occurrences of tables, motifs in new recordings."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from scipy.special import expit, logit

from motifmine.analysis.anomalies import find_anomalies_in
from motifmine.analysis.locating import locate_occurrences
from motifmine.analysis.motif_selection import keep_motifs
from motifmine.analysis.occurrences import find_occurrences
from motifmine.analysis.predictive_checks import check_predictions
from motifmine.analysis.raw_segments import average_segments
from motifmine.analysis.significance import Assessment, assess
from motifmine.analysis.single_events import mark_single_events
from motifmine.models.checks import drop_unused_words, restore_words
from motifmine.models.protocol import ContextModel, Fit, FitContext, Model
from motifmine.models.registry import (
    judges,
    locate_motifs,
    model_names,
    model_of_parts,
    own_occurrences,
)
from motifmine.models.starts import inference_of
from motifmine.progress import Progress
from motifmine.records.anomalies import usable_scale
from motifmine.records.fields import spread_entries
from motifmine.records.fit import FitRecord, Occurrences, Segments
from motifmine.records.notes import Notes
from motifmine.records.posterior import Posterior
from motifmine.records.settings import Detection, Preparation
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import PlainLabels, Vocabulary
from motifmine.seeding import Stream
from motifmine.time_limit import is_time_up, limited_to_share
from motifmine.types import Indices32

# shares of the time that is left of a limit; tests fit parts of the data several times
LEARNING_SHARE, TESTING_SHARE = 0.5, 0.8
# words from which on unused ones are dropped, where less than one in four occurs
MANY_WORDS, MOST_UNUSED = 10_000, 4
LEAST_PROBABILITY = 1e-3  # of an occurrence: no sampler has enough sweeps to say less
MORE_MOTIFS = 3  # motifs that fits without a fold have more than the whole fit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A table that is prepared for a model, once."""

    table: ObservationTable
    """Before preparation."""
    counts: ObservationTable
    """As the model sees it."""
    preparation: Preparation
    """The preparation, with `auto` and None resolved."""

    @classmethod
    def of(cls, table: ObservationTable, preparation: Preparation) -> "Prepared":
        """Return the table with the preparation applied."""
        choice = preparation.resolve(table)
        return cls(table=table, counts=choice.apply(table), preparation=choice)


def mine(
    table: ObservationTable,
    model: Model,
    *,
    preparation: Preparation | None = None,
    detection: Detection | None = None,
    seed: int | None = 0,
    context: FitContext | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    notes: Notes | None = None,
) -> FitRecord:
    """Return the motifs of `table` and all their occurrences.

    Parameters
    ----------
    table : ObservationTable
        All documents, see `motifmine.records.table.join_tables`.
    model : Model
        A specification, see `motifmine.models.registry.specify`.
    preparation : Preparation or None
        Preparation of the counts; None: the default of the kind of words.
    detection : Detection or None
        Which peaks of activations count as occurrences.
    context : FitContext or None
        For models that take checkpoints or group documents.
    notes : mapping or None
        More to keep with the settings in the fit, plain values.

    Raises
    ------
    DataError
        When the table cannot carry the model.
    FitError
        When the numbers go wrong.

    Examples
    --------
    >>> from motifmine import simulate
    >>> from motifmine.models import DEFAULT_MODEL
    >>> from motifmine.models.registry import specify
    >>> from motifmine.workflows.mine import mine
    >>> truth = simulate(n_motifs=2, n_times=600, seed=2)
    >>> model = specify(DEFAULT_MODEL, {"n_motifs": 2, "motif_length": 10})
    >>> record = mine(truth.table, model)
    >>> record.motifs
    MotifSet(2 motifs of 10 bins x 20 words)
    """
    return mine_prepared(
        Prepared.of(table, preparation or Preparation()),
        model,
        detection=detection or Detection(),
        seed=seed,
        context=context,
        on_progress=on_progress,
        notes=notes,
    )


def mine_prepared(
    data: Prepared,
    model: Model,
    *,
    detection: Detection,
    seed: int | None = 0,
    context: FitContext | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    notes: Notes | None = None,
) -> FitRecord:
    """Return the motifs of a prepared table, and all their occurrences; see `mine`."""
    if lacks_most_words(data.counts):
        used, counts = drop_unused_words(data.counts)
        few = replace(data, table=drop_unused_words(data.table)[1], counts=counts)
        record = mine_prepared(
            few,
            model,
            detection=detection,
            seed=seed,
            context=context,
            on_progress=on_progress,
            notes=notes,
        )
        return with_all_words(record, used, data.table.vocabulary)
    table, prepared = data.table, data.counts
    cut = []
    with limited_to_share(LEARNING_SHARE):
        fit = _fit_model(model, prepared, context, seed, on_progress)
        if is_time_up():
            cut.append("the time limit ended the learning early: motifs are the best so far")
    own = fit.occurrences_in(prepared)
    with limited_to_share(TESTING_SHARE):
        assessment = None
        if own is None:
            assessment = assess_fit(prepared, fit, detection, model=model, on_progress=on_progress)
        if assessment is not None and is_time_up():
            cut.append("the time limit left no time to test whether the motifs recur")
    found = Notes.from_plain(fit.findings()).merge(notes or Notes())
    if assessment is not None:
        detection = replace(
            detection, least_score=assessment.least_score, false_share=assessment.false_share
        )
    # what was decided during the fit is kept with it, so that new recordings are treated alike
    spec = replace(
        fit.provenance.spec,
        preparation=data.preparation,
        detection=detection,
        table=table.spec,
        notes=replace(found, decisions=(*found.decisions, *cut)),
    )
    occurrences = own if assessment is None else _numbered_as_in_fit(assessment)
    assert occurrences is not None
    record = FitRecord(
        provenance=replace(fit.provenance, spec=spec),
        motifs=fit.motifs,
        background=fit.background,
        activations=fit.activations,
        occurrences=occurrences,
        trace=fit.trace,
        log_likelihood=float(fit.trace.log_likelihood[-1]),
        n_observations=prepared.total,
        bin_s=table.bin_s,
        vocabulary=table.vocabulary,
        recordings=table.recordings,
        picture=table.picture,
        posterior=_posterior_of(fit, occurrences, assessment),
        model_state=fit.model_state,
    )
    return _measured(record, data, assessment)


def lacks_most_words(table: ObservationTable) -> bool:
    """Return whether most of very many words never occur, so that they are dropped for the fit."""
    n_words = table.n_words
    # words with a place in a picture or a channel are what some models reason about
    if n_words < MANY_WORDS or not isinstance(table.vocabulary.layout, PlainLabels):
        return False
    return int(np.count_nonzero(table.word_numbers())) * MOST_UNUSED < n_words


def with_all_words(record: FitRecord, used: Indices32, vocabulary: Vocabulary) -> FitRecord:
    """Return a fit of the words that occur as one of all words of a vocabulary.

    Parameters
    ----------
    used : int32 array
        Numbers of the words of the fit.
    """
    n_words = vocabulary.n_words
    posterior, state = record.posterior, record.model_state
    return replace(
        record,
        vocabulary=vocabulary,
        motifs=spread_entries(record.motifs, "word", used, n_words),
        background=replace(
            record.background,
            probability=restore_words(record.background.probability, used, n_words),
        ),
        posterior=posterior and spread_entries(posterior, "word", used, n_words),
        model_state=state and spread_entries(state, "word", used, n_words),
    )


def _posterior_of(
    fit: Fit, occurrences: Occurrences, assessment: Assessment | None
) -> Posterior | None:
    """Return the posterior of a sampled fit; where it was tested, decoys have a say, too."""
    posterior = fit.posterior_of(occurrences)
    if posterior is None or assessment is None or len(assessment.significance.scores) == 0:
        return posterior
    assert occurrences.false_probability is not None
    # sweeps agree more than they should where the model is not that of the data; what share and
    # score say together has half the squared error of either
    odds = [
        logit(np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))
        for probability in (posterior.occurrence_probability, 1 - occurrences.false_probability)
    ]
    return replace(posterior, occurrence_probability=expit((odds[0] + odds[1]) / 2))


def assess_fit(
    table: ObservationTable,
    fit: Fit,
    detection: Detection,
    *,
    model: Model | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Assessment:
    """Return which motifs of a fit recur in data they were not learned from, and where.

    Parameters
    ----------
    model : Model or None
        Fits parts of the data where the registry does not know that of the fit.
    on_progress : callable, optional
        Called before each part, which takes about as long as the fit did.
    """
    name, seed = fit.provenance.model, fit.provenance.seed
    found = find_occurrences(table, fit.motifs, fit.background, fit.activations)
    # a model that is not in the registry is fitted to the parts as it is
    if name in model_names():
        settings = dict(fit.provenance.spec.settings)
        if "n_motifs" in settings:
            # a number left to the data is about that of the whole, or parts would be of other
            # motifs; what occurs a few times is one of many things that a part may be explained by
            settings["n_motifs"] = max(settings["n_motifs"] or 0, len(fit.motifs) + MORE_MOTIFS)
        model = model_of_parts(name, settings)
    assert model is not None
    part_model = model

    def fit_part(part: ObservationTable, fold: int, n_folds: int) -> Fit:
        if on_progress is not None:
            stage = f"do the motifs recur? part {fold + 1} of {n_folds}"
            # the fit is done, and one part of the whole work
            on_progress(Progress(1 + fold, 1 + n_folds, stage=stage))
        return part_model.fit(part, seed=seed + Stream.FOLD + fold)

    return assess(
        table,
        fit.motifs,
        fit.background,
        fit.activations,
        fit_part,
        inference_of(fit.provenance.spec),
        detection=detection,
        n_occurrences=np.bincount(found.motif, minlength=len(fit.motifs)),
        seed=seed,
    )


def _numbered_as_in_fit(assessment: Assessment) -> Occurrences:
    """Return the occurrences of an assessment with the motifs' numbers in the whole fit."""
    motif = assessment.kept[assessment.occurrences.motif].astype(np.int32)
    return replace(assessment.occurrences, motif=motif)


def _measured(record: FitRecord, data: Prepared, assessment: Assessment | None) -> FitRecord:
    """Return a fit with what is measured once its motifs are those that recur."""
    if assessment is None:
        odd = find_anomalies_in(record, data.counts) if judges(record.provenance.model) else None
        return replace(record, segments=_segments(record, data.table), anomalies=odd)
    # after the others are gone, whose observations are unexplained again
    record = add_measures(keep_motifs(record, assessment.kept), data)
    assert record.anomalies is not None
    anomalies = mark_single_events(
        record.anomalies,
        data.counts,
        record.motifs,
        record.background,
        record.activations,
        assessment.least_score,
    )
    return replace(record, significance=assessment.significance, anomalies=anomalies)


def add_measures(record: FitRecord, data: Prepared) -> FitRecord:
    """Return the record with anomalies, predictive checks, and raw values at occurrences."""
    return replace(
        record,
        predictive=check_predictions(record, data.counts),
        anomalies=find_anomalies_in(record, data.counts),
        segments=_segments(record, data.table),
    )


def _segments(record: FitRecord, table: ObservationTable) -> Segments | None:
    return average_segments(
        table,
        record.occurrences,
        n_motifs=len(record.motifs),
        motif_length=record.motifs.motif_length,
    )


def _fit_model(
    model: Model | ContextModel,
    table: ObservationTable,
    context: FitContext | None,
    seed: int | None,
    on_progress: Callable[[Progress], None] | None,
) -> Fit:
    if context is None:
        return model.fit(table, seed=seed, on_progress=on_progress)
    return cast(ContextModel, model).fit(table, seed=seed, on_progress=on_progress, context=context)


def locate(record: FitRecord, table: ObservationTable) -> FitRecord:
    """Return the occurrences of a fit's motifs in other recordings, with the motifs held fixed.

    Counts are prepared, and occurrences tested, as in the fit. The result is the fit with the new
    recordings, activations, occurrences and p-values instead of its own.

    Raises `DataError` when the table is empty or was not made with the vocabulary of the fit.
    """
    spec = record.provenance.spec
    # rare words stay: what is rare in a short recording need not be so in the fit
    prepared = spec.preparation.apply_counts(table)
    found = locate_motifs(record, prepared)
    scale = usable_scale(record.anomalies)
    significance = record.significance
    occurrences = own_occurrences(record, prepared)
    if occurrences is None:
        occurrences, significance = locate_occurrences(
            prepared,
            record.motifs,
            record.background,
            significance,
            spec.detection,
            inference_of(spec),
        )
    return replace(
        record,
        activations=found.activations,
        occurrences=occurrences,
        significance=significance,
        background=found.background,
        log_likelihood=found.log_likelihood,
        n_observations=prepared.total,
        recordings=table.recordings,
        posterior=None,
        predictive=None,
        drift=None,
        anomalies=None if scale is None else find_anomalies_in(record, prepared, found, scale),
    )
