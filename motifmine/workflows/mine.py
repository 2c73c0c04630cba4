"""The whole job in few calls: motifs and occurrences of tables, motifs in new recordings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from motifmine.analysis.anomalies import find_anomalies_of
from motifmine.analysis.chance_level import false_alarms
from motifmine.analysis.occurrences import (
    find_occurrences,
    keep_occurrences,
    keep_sure,
    typical_weights,
)
from motifmine.analysis.raw_segments import motif_segments
from motifmine.analysis.topic_null import rolled_under_topics
from motifmine.models.protocol import ContextModel, Fit, FitContext, Model
from motifmine.models.registry import locate_motifs
from motifmine.progress import Progress
from motifmine.records.fit import Activations, Background, FitRecord, Occurrences
from motifmine.records.settings import Detection, Preparation
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream
from motifmine.types import Floats

SHARE_FALSE = 0.01
"""Share of the occurrences that may be false where no rate of false alarms is asked for."""
N_SHUFFLES = 2
"""Shuffled copies of the data that false alarms are counted in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A table made ready for a model, once."""

    table: ObservationTable
    """As it was."""
    counts: ObservationTable
    """As the model sees it."""
    preparation: Preparation
    """What was done, nothing left open."""

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
    notes: Mapping[str, object] | None = None,
) -> FitRecord:
    """Return the motifs of `table` and all their occurrences.

    Parameters
    ----------
    table : ObservationTable
        All documents, see `motifmine.records.table.join_tables`.
    model : Model
        A specification, `Plsm(n_motifs=8, motif_length=12)` say.
    preparation : Preparation or None
        What is done to the counts first; None lets the kind of words decide.
    detection : Detection or None
        Which peaks of activations count as occurrences.
    seed : int or None
    context : FitContext or None
        For models that take checkpoints or group documents.
    on_progress : callable or None
        Called with a `Progress` now and then.
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
    >>> from motifmine import Plsm, mine, simulate
    >>> truth = simulate(n_motifs=2, n_times=600, seed=2)
    >>> record = mine(truth.table, Plsm(n_motifs=2, motif_length=10))
    >>> record.motifs, len(record.occurrences) == len(truth.occurrences)
    (MotifSet(2 motifs of 10 bins x 20 words), True)
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
    notes: Mapping[str, object] | None = None,
) -> FitRecord:
    """Return the motifs of a table that is ready, and all their occurrences; see `mine`."""
    table, prepared = data.table, data.counts
    fit = _fit_model(model, prepared, context, seed, on_progress)
    occurrences, least_score = sure_occurrences(prepared, fit, detection)
    spec = replace(
        fit.provenance.spec,
        preparation=data.preparation,
        detection=replace(detection, least_score=least_score),
        table=table.spec,
        notes={**fit.findings(), **(notes or {})},
    )
    located = fit.locate(prepared)
    return FitRecord(
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
        anomalies=find_anomalies_of(
            prepared, fit.motifs, located.background, located.activations, scale=None
        ),
        segments=motif_segments(
            table,
            occurrences,
            n_motifs=len(fit.motifs),
            motif_length=fit.motifs.motif_length,
        ),
        posterior=fit.posterior_of(occurrences),
        model_state=fit.model_state,
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
    return cast(ContextModel, model).fit_in(table, context, seed=seed, on_progress=on_progress)


def locate(record: FitRecord, table: ObservationTable) -> FitRecord:
    """Return where the motifs of a fit occur in other recordings, motifs held fixed.

    The counts are prepared, and occurrences told from chance, as in the fit. What comes back is the
    fit with the new recordings, activations and occurrences in place of its own.

    Raises
    ------
    DataError
        When the table is empty or was not made with the vocabulary of the fit.
    """
    spec = record.provenance.spec
    prepared = spec.preparation.apply_counts(table)
    found = locate_motifs(record, prepared)
    occurrences = find_occurrences(prepared, record.motifs, found.background, found.activations)
    typical = typical_weights(record.occurrences, len(record.motifs))
    least_weight = spec.detection.least_weight * typical
    return replace(
        record,
        activations=found.activations,
        occurrences=keep_sure(occurrences, spec.detection.least_score, least_weight),
        background=found.background,
        log_likelihood=found.log_likelihood,
        n_observations=prepared.total,
        recordings=table.recordings,
        posterior=None,
        drift=None,
        anomalies=None
        if record.anomalies is None
        else find_anomalies_of(
            prepared, record.motifs, found.background, found.activations, record.anomalies.scale
        ),
    )


def sure_occurrences(
    table: ObservationTable, fit: Fit, detection: Detection
) -> tuple[Occurrences, float]:
    """Return the occurrences that are more than chance, and the lowest score of such."""
    found = find_occurrences(table, fit.motifs, fit.background, fit.activations)
    least_weight = detection.least_weight * typical_weights(found, len(fit.motifs))
    found = keep_sure(found, -np.inf, least_weight)
    null = false_alarms(
        table,
        fit.motifs,
        fit.background,
        fit.activations,
        lambda noise, totals: _inferred(fit, noise, totals),
        n_shuffles=N_SHUFFLES,
        seed=fit.provenance.seed + Stream.DETECTION,
        roll=rolled_under_topics,
    )
    if detection.false_alarms_per_hour is not None:
        least = null.threshold_of_rate(detection.false_alarms_per_hour, found.score)
    else:
        hours = table.n_times * table.bin_s / 3600
        least = null.threshold_of_share(SHARE_FALSE, found.score, hours)
    return keep_occurrences(found, found.score >= least), least


def _inferred(fit: Fit, table: ObservationTable, totals: Floats) -> tuple[Activations, Background]:
    located = fit.locate(table, totals)
    return located.activations, located.background
