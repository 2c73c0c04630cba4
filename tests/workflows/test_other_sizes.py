"""What other sizes find, where a fit has no motif."""

from dataclasses import replace

import numpy as np
import pytest

from motifmine.durations import Duration
from motifmine.models.plsm.model import Plsm
from motifmine.models.request import FitRequest
from motifmine.records.fields import select_entries
from motifmine.records.fit import FitRecord
from motifmine.simulation import simulate
from motifmine.workflows.mine import mine
from motifmine.workflows.other_sizes import look_again, other_sizes
from motifmine.workflows.run import FitRun
from tests.helpers.fit_records import occurrences_at

SPEC = Plsm(motif_length=10)
TAKEN = "nothing recurs with the first sizes"


def may(length: int) -> bool:
    """Return that motifs may be longer than any length."""
    return length > 0


@pytest.fixture(scope="module")
def found() -> FitRecord:
    return mine(simulate(n_motifs=2, n_times=500, seed=1).table, Plsm(n_motifs=2, motif_length=10))


@pytest.fixture
def empty(found: FitRecord) -> FitRecord:
    assert found.significance is not None
    none = np.zeros(0, dtype=np.int64)
    return replace(
        found,
        motifs=replace(
            found.motifs, probability=found.motifs.probability[:0], weight=found.motifs.weight[:0]
        ),
        significance=replace(
            found.significance, p_value=none.astype(float), recurring_share=none.astype(float)
        ),
    )


def test_sizes_that_were_open_become_those_that_find_something(
    found: FitRecord, empty: FitRecord
) -> None:
    said: list[str] = []
    run = FitRun(on_message=said.append)
    tried: list[Plsm] = []

    def find(spec: Plsm) -> FitRecord:
        tried.append(spec)
        return empty if len(tried) == 1 else found

    assert look_again(empty, SPEC, FitRequest.of("plsm"), run, find, may) is found
    assert [(spec.n_motifs, spec.motif_length) for spec in tried] == [(10, 10), (None, 5)]
    n = len(found.occurrences)
    expected = f"there are 2 motifs, {n} occurrences, with --motif-length 5bins"
    assert said == [f"{TAKEN}; {expected}"]


def test_given_sizes_are_believed_and_others_only_named(found: FitRecord, empty: FitRecord) -> None:
    said: list[str] = []
    run = FitRun(on_message=said.append)
    n = len(found.occurrences)
    # of a given length any number of motifs is tried
    request = FitRequest.of("plsm", motif_length=Duration.parse("10bins"))
    assert look_again(empty, SPEC, request, run, lambda _: found, may) is found
    assert said.pop() == f"{TAKEN}; there are 2 motifs, {n} occurrences, with --motifs 10"

    def find(other: Plsm) -> FitRecord:
        return found if other.motif_length == 5 else empty

    assert look_again(empty, SPEC, request, run, find, may) is empty
    assert said.pop().endswith(f"would be 2 motifs, {n} occurrences, with --motif-length 5bins")
    # a number is the most that there may be
    for number, taken in ((3, found), (1, empty)):
        request, spec = FitRequest.of("plsm", n_motifs=number), replace(SPEC, n_motifs=number)
        assert look_again(empty, spec, request, run, lambda _: found, may) is taken
        assert said.pop().endswith(f"{n} occurrences, with --motifs 10")


def test_where_nothing_is_found_what_was_tried_is_reported(empty: FitRecord) -> None:
    said: list[str] = []
    run = FitRun(on_message=said.append)
    assert look_again(empty, SPEC, FitRequest.of("plsm"), run, lambda _: empty, may) is empty
    tried = "--motifs 10, --motif-length 5bins"
    assert said == [f"nothing recurs with these sizes, nor with {tried}"]
    assert [spec.motif_length for spec in other_sizes(Plsm(n_motifs=10, motif_length=4))] == []


def test_a_fit_with_motifs_is_not_tried_again(found: FitRecord) -> None:
    def fail(_: Plsm) -> FitRecord:
        raise AssertionError("nothing is to be tried")

    assert look_again(found, SPEC, FitRequest.of("plsm"), FitRun(), fail, may) is found


def lose_one(
    found: FitRecord, *, n_unreplicated: int = 0, n_companions: int | None = None
) -> FitRecord:
    """Return a fit that has lost its second motif, and says why."""
    assert found.significance is not None
    first = np.arange(len(found.motifs)) == 0
    return replace(
        found,
        motifs=replace(
            found.motifs, probability=found.motifs.probability[:1], weight=found.motifs.weight[:1]
        ),
        occurrences=select_entries(found.occurrences, "occurrence", first[found.occurrences.motif]),
        significance=replace(
            found.significance,
            p_value=found.significance.p_value[:1],
            recurring_share=found.significance.recurring_share[:1],
            n_unreplicated=n_unreplicated,
            n_companions=n_companions,
        ),
    )


def test_longer_motifs_are_taken_where_they_keep_one_that_was_lost(found: FitRecord) -> None:
    lost = lose_one(found, n_unreplicated=1)
    tried: list[Plsm] = []

    def find(spec: Plsm) -> FitRecord:
        tried.append(spec)
        return found

    assert look_again(lost, SPEC, FitRequest.of("plsm"), FitRun(), find, may) is found
    assert [spec.motif_length for spec in tried] == [20]
    # as good as before: the shorter one stays
    assert look_again(lost, SPEC, FitRequest.of("plsm"), FitRun(), lambda _: lost, may) is lost
    # where all order in time ends with the first, there are none
    assert look_again(lost, SPEC, FitRequest.of("plsm"), FitRun(), find, lambda _: False) is lost
    # sizes that were given are believed
    request = FitRequest.of("plsm", motif_length=Duration.parse("10bins"))
    assert look_again(lost, SPEC, request, FitRun(), find, may) is lost


def test_the_shortest_motifs_are_taken_that_keep_parts_of_others(found: FitRecord) -> None:
    lost = lose_one(found, n_companions=1)
    by_length = {20: lost, 10: found, 5: replace(found, bin_s=2.0), 2: found}
    spec = replace(SPEC, motif_length=40)
    tried: list[int] = []

    def find(other: Plsm) -> FitRecord:
        tried.append(other.motif_length)
        return by_length[other.motif_length]

    assert look_again(lost, spec, FitRequest.of("plsm"), FitRun(), find, may) is by_length[5]
    assert tried == [20, 10, 5]
    # parts that shorter motifs do not keep either
    assert look_again(lost, spec, FitRequest.of("plsm"), FitRun(), lambda _: lost, may) is lost


def test_longer_motifs_are_taken_where_fewer_hold_what_others_go_on_with(found: FitRecord) -> None:
    whole = lose_one(found)
    tried: list[int] = []

    def find(spec: Plsm) -> FitRecord:
        tried.append(spec.motif_length)
        return whole

    first = found.occurrences.start_bin[found.occurrences.motif == 0]
    kept = np.sort(np.concatenate([first, first + 6]))
    parts = replace(found, occurrences=occurrences_at(kept, np.isin(kept, first + 6)))
    whole = replace(whole, occurrences=occurrences_at(first, weight=2.0))
    assert look_again(parts, SPEC, FitRequest.of("plsm"), FitRun(), find, may) is whole
    assert tried == [16]
    # one that holds clearly less is not
    whole = replace(whole, occurrences=occurrences_at(first))
    assert look_again(parts, SPEC, FitRequest.of("plsm"), FitRun(), find, may) is parts
    # nor is a length tried that was given
    request = FitRequest.of("plsm", motif_length=Duration.parse("10bins"))
    assert look_again(parts, SPEC, request, FitRun(), find, may) is parts
    assert len(tried) == 2
