"""What other sizes would find, where a fit has no motif, or only a part of one: it tries first."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from motifmine.analysis.continuations import find_whole_length
from motifmine.durations import Duration
from motifmine.models.request import FitRequest
from motifmine.records.fit import FitRecord
from motifmine.time_limit import is_time_up
from motifmine.workflows.run import FitRun
from motifmine.workflows.specify import USUAL_NUMBER, decides_sizes

SHORTEST = 4  # of shorter motifs, bins: fewer have hardly an order
LONGER = 2  # times the motif length, where a motif may be longer
LEAST_LENGTHS = 20  # of longer motifs in all recordings
SAME_SHARE = 0.95  # of the observations that occurrences hold, from which they hold the same
LEVEL = 0.01  # probability that any of the other fits reports a motif where there are none


def look_again(
    record: FitRecord,
    spec: Any,
    request: FitRequest,
    run: FitRun,
    find: Callable[[Any], FitRecord],
    may_be_longer: Callable[[int], bool],
) -> FitRecord:
    """Return the fit; without motifs the first of other sizes that has some.

    Sizes that were given are believed: what others find instead of them is only reported.

    Parameters
    ----------
    find : callable
        Returns the fit of a specification.
    may_be_longer : callable
        Returns whether motifs may be clearly longer than a length in bins.
    """
    if not decides_sizes(request, record.vocabulary) or is_time_up():
        return record
    if len(record.motifs):
        found = _look_at_lengths(record, spec, request, run, find, may_be_longer)
        return _look_at_whole(found, spec, request, run, find)
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
        is_given = request.motif_length is not None and other.motif_length != spec.motif_length
        # a given number is the most that there may be
        fits = isinstance(request.n_motifs, int) and n_motifs <= request.n_motifs
        if (request.n_motifs is None or fits) and not is_given:
            run.say(f"nothing recurs with the first sizes; there are {what}")
            return found
        run.say(f"nothing recurs with these sizes; there would be {what}")
        return record
    tried = ", ".join(" ".join(_options(other, spec)) for other in others)
    run.say(f"nothing recurs with these sizes, nor with {tried}" if tried else "")
    return record


def _look_at_lengths(
    record: FitRecord,
    spec: Any,
    request: FitRequest,
    run: FitRun,
    find: Callable[[Any], FitRecord],
    may_be_longer: Callable[[int], bool],
) -> FitRecord:
    """Return the fit, or one of another motif length if it keeps motifs that were lost.

    A part of a long motif may have no order of its own: the rise of a tank that is filled and
    emptied. And to long motifs, for which a lag may vary more, the steps of a batch are parts of
    one another.
    """
    if request.n_motifs is not None or request.motif_length is not None:
        return record
    best = record
    for n_tried, other in enumerate(_other_lengths(record, spec, may_be_longer), 1):
        found = find(other)
        # of several the shortest that holds as much: the rest of the others is empty
        enough = 1.0 if best is record else SAME_SHARE
        has_more = len(found.motifs) > len(record.motifs)
        if has_more and _explained(found) > enough * _explained(best) and _is_sure(found, n_tried):
            best = found
        if is_time_up():
            break
    if best is not record:
        n_bins = best.provenance.spec.settings["motif_length"]
        run.say(f"{len(best.motifs)} motifs of {n_bins} bins recur, more than of the first length")
    return best


def _look_at_whole(
    record: FitRecord,
    spec: Any,
    request: FitRequest,
    run: FitRun,
    find: Callable[[Any], FitRecord],
) -> FitRecord:
    """Return the fit, or one of longer motifs if fewer of them hold what others go on with."""
    if request.n_motifs is not None or request.motif_length is not None or is_time_up():
        return record
    n_times = sum(len(recording.bin_start_s) for recording in record.recordings)
    probability = record.motifs.probability
    length, n_pieces = find_whole_length(record.occurrences, probability, n_times)
    if not n_pieces or LEAST_LENGTHS * length > n_times:
        return record
    found = find(replace(spec, motif_length=length))
    is_fewer = 0 < len(found.motifs) < len(record.motifs)
    if not (is_fewer and _explained(found) > SAME_SHARE * _explained(record)):
        return record
    run.say(
        f"{n_pieces} of {len(record.motifs)} motifs only go on with others: {len(found.motifs)} "
        f"motif{'s' * (len(found.motifs) != 1)} of {length} bins hold them whole"
    )
    return found


def _other_lengths(
    record: FitRecord, spec: Any, may_be_longer: Callable[[int], bool]
) -> Iterator[Any]:
    """Yield specifications of the lengths at which motifs may recur that the fit has lost."""
    # each of two halves must have room for a few
    n_times = sum(len(recording.bin_start_s) for recording in record.recordings)
    has_room = LEAST_LENGTHS * LONGER * spec.motif_length <= n_times
    # a whole fit, of longer windows: not where all order in time ends with the first
    if _n_unreplicated(record) and has_room and may_be_longer(spec.motif_length):
        yield replace(spec, motif_length=LONGER * spec.motif_length)
    length = spec.motif_length // 2
    while _n_parts(record) and length >= SHORTEST:
        yield replace(spec, motif_length=length)
        length //= 2


def _n_unreplicated(record: FitRecord) -> int:
    return record.significance.n_unreplicated if record.significance else 0


def _n_parts(record: FitRecord) -> int:
    return (record.significance.n_companions or 0) if record.significance else 0


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
