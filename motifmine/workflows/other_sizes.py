"""What other sizes would find, where a fit has no motif, or only a part of one: it tries first."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from motifmine.durations import Duration
from motifmine.models.request import FitRequest
from motifmine.records.fit import FitRecord
from motifmine.time_limit import is_time_up
from motifmine.workflows.run import FitRun
from motifmine.workflows.specify import USUAL_NUMBER, decides_sizes

LONGER = 2  # times the motif length, where a motif may be longer
LEAST_LENGTHS = 20  # of longer motifs in all recordings
LEVEL = 0.01  # probability that any of the other fits reports a motif where there are none


def look_again(
    record: FitRecord,
    spec: Any,
    request: FitRequest,
    run: FitRun,
    find: Callable[[Any], FitRecord],
) -> FitRecord:
    """Return the fit; without motifs the first of other sizes that has some, if none were given.

    Where sizes were given these are believed, and what others find is only reported.
    """
    if not decides_sizes(request, record.vocabulary) or is_time_up():
        return record
    if len(record.motifs):
        return _look_longer(record, spec, request, run, find)
    others = list(other_sizes(spec))
    for other in others:
        found = find(other)
        if not _is_sure(found, len(others)):
            continue
        n_motifs = len(found.motifs)
        what = (
            f"{n_motifs} motif{'s' * (n_motifs != 1)}, {len(found.occurrences)} occurrences, with "
            f"{' '.join(_options(other, spec))}"
        )
        if request.n_motifs is None and request.motif_length is None:
            run.say(f"nothing recurs with the first sizes; there are {what}")
            return found
        run.say(f"nothing recurs with these sizes; there would be {what}")
        return record
    tried = ", ".join(" ".join(_options(other, spec)) for other in others)
    run.say(f"nothing recurs with these sizes, nor with {tried}" if tried else "")
    return record


def _look_longer(
    record: FitRecord,
    spec: Any,
    request: FitRequest,
    run: FitRun,
    find: Callable[[Any], FitRecord],
) -> FitRecord:
    """Return the fit, or one of longer motifs if it keeps motifs that were lost.

    A part of a long motif may have no order of its own: the rise of a tank that is filled and
    emptied.
    """
    tested = record.significance
    is_open = request.n_motifs is None and request.motif_length is None
    if tested is None or not tested.n_unreplicated or not is_open:
        return record
    longer = replace(spec, motif_length=LONGER * spec.motif_length)
    # each of two halves must have room for a few
    n_times = sum(len(recording.bin_start_s) for recording in record.recordings)
    if LEAST_LENGTHS * longer.motif_length > n_times:
        return record
    found = find(longer)
    has_more = len(found.motifs) > len(record.motifs)
    if not (has_more and _explained(found) > _explained(record) and _is_sure(found, 1)):
        return record
    length = Duration(float(longer.motif_length), "bins")
    run.say(f"{len(found.motifs)} motifs of {length} recur, more than of the shorter length")
    return found


def _explained(record: FitRecord) -> float:
    """Return how many observations the occurrences of a fit hold."""
    return float(record.occurrences.weight.sum())


def other_sizes(spec: Any) -> Iterator[Any]:
    """Yield specifications of other sizes: more motifs than there can be, and shorter ones."""
    if spec.n_motifs is None or spec.n_motifs < USUAL_NUMBER:
        # of many beginnings some are left that a few did not come to
        yield replace(spec, n_motifs=USUAL_NUMBER)
    if spec.motif_length >= 8:
        # a longer motif has more to describe, which a few occurrences do not pay for
        yield replace(spec, n_motifs=None, motif_length=spec.motif_length // 2)


def _options(other: Any, spec: Any) -> list[str]:
    """Return the words that ask for the sizes of another specification."""
    words = [] if other.n_motifs is None else ["--motifs", str(other.n_motifs)]
    if other.motif_length != spec.motif_length:
        words += ["--motif-length", str(Duration(float(other.motif_length), "bins"))]
    return words


def _is_sure(record: FitRecord, n_tried: int) -> bool:
    """Return whether a fit has a motif that recurs even though it is one of several tries."""
    tested = record.significance
    if tested is None or len(record.motifs) == 0:
        return False
    # Bonferroni over the tries and the motifs of each
    n_tested = len(record.motifs) + tested.n_unreplicated
    return bool(tested.p_value.min() * n_tested * (1 + n_tried) <= LEVEL)
