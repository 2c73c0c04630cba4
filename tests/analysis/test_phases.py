"""Cycles, states over occurrences, and what follows what, on starts that are known."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from motifmine.analysis.cycle import find_cycle
from motifmine.analysis.fit_statistics import FitStatistics
from motifmine.analysis.followers import find_followers
from motifmine.analysis.occurrence_table import make_occurrence_table
from motifmine.analysis.phases import find_phases
from motifmine.errors import DataError
from motifmine.records.fit import FitRecord, MotifSet, Occurrences
from motifmine.records.table import bin_starts
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections.phases import section
from motifmine.reporting.tables.phases import format_phases_json, format_phases_text
from tests.helpers.fit_records import label_record

BIN_S = 0.25
N_TIMES = 3600


def record_of(starts: list[NDArray[np.float64]]) -> FitRecord:
    """Return a fit of one recording with motif k at the bins `starts[k]`."""
    start = np.concatenate(starts).astype(np.int32)
    motif = np.repeat(np.arange(len(starts)), [len(s) for s in starts]).astype(np.int32)
    order = np.lexsort((motif, start))
    given = label_record()
    phi = np.repeat(given.motifs.probability[:1], len(starts), axis=0)
    recording = replace(given.recordings[0], bin_start_s=bin_starts(N_TIMES, BIN_S))
    return replace(
        given,
        motifs=MotifSet(probability=phi, weight=np.full(len(starts), 1 / len(starts))),
        bin_s=BIN_S,
        recordings=(recording,),
        occurrences=Occurrences(
            document=np.zeros(len(start), dtype=np.int32),
            start_bin=start[order],
            start_s=start[order].astype(np.float64) * BIN_S,
            motif=motif[order],
            weight=np.ones(len(start)),
            score=np.ones(len(start)),
        ),
    )


def light(rng: np.random.Generator, phase: float, period: float = 72.0) -> NDArray[np.float64]:
    """Return starts in a green phase, in bins: about one and a half in each cycle."""
    turn = np.repeat(np.arange(int(N_TIMES / period)), 2) + phase
    start = (turn + rng.uniform(-0.15, 0.15, turn.shape)) * period
    start = start[rng.random(len(start)) < 0.75]
    return start[(start >= 0) & (start < N_TIMES)]


def scattered(rng: np.random.Generator, number: int) -> NDArray[np.float64]:
    return np.sort(rng.uniform(0, N_TIMES, number))


def test_a_light_has_its_period_and_every_motif_its_phase() -> None:
    rng = np.random.default_rng(0)
    starts = [light(rng, phase) for phase in (0.2, 0.7, 0.7, 0.2)]
    record = record_of([*starts, scattered(rng, 60)])
    phases = find_phases(record)
    assert phases.cycle is not None
    assert phases.cycle.period_s == pytest.approx(18, abs=0.3)
    assert phases.cycle.shares.tolist() == [True, True, True, True, False]
    assert sorted(phases.groups) == [(0, 3), (1, 2)]
    assert phases.sentence.startswith("cycle 18.")
    # states over occurrences are the two greens: starts lie in the state of their motif
    assert phases.state_of_motif[0] == phases.state_of_motif[3] != phases.state_of_motif[1]
    visits, right, total = phases.visits, 0, 0
    for motif in range(4):
        at = np.searchsorted(visits.start_s, starts[motif] * BIN_S, side="right") - 1
        total += len(at)
        right += int((visits.motif[at] == phases.state_of_motif[motif]).sum())
    assert right / total > 0.9
    shown = format_phases_text(record, phases)
    assert "motif 5  no" in shown
    assert FitStatistics(record).cycle is not None


@pytest.mark.parametrize("seed", range(3))
def test_starts_at_random_have_no_cycle(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    cycle = find_cycle(record_of([scattered(rng, 100) for _ in range(4)]))
    assert cycle is not None
    assert not cycle.is_significant


def test_motifs_with_periods_of_their_own_share_no_phase() -> None:
    rng = np.random.default_rng(3)
    own = [np.arange(rng.uniform(0, period), N_TIMES - 5, period) for period in (72.0, 59.0, 83.0)]
    cycle = find_cycle(record_of(own))
    assert cycle is not None
    assert not cycle.is_significant
    # the sentence says what a small p is of
    sentence = find_phases(record_of(own)).sentence
    assert re.fullmatch(r"no common cycle: something repeats .* \(p < 0.01\), but .*", sentence)
    together = find_cycle(record_of([own[0], own[0] + 4, own[1]]))
    assert together is not None
    assert together.shares.tolist() == [True, True, False]
    assert together.period_s == pytest.approx(18, abs=0.3)


def test_the_next_motif_comes_with_its_share_and_delay() -> None:
    first = np.arange(10.0, 1000.0, 50.0)
    followers = find_followers(record_of([first, first + 8]).occurrences, 2)
    assert [(one.first, one.second) for one in followers] == [(0, 1), (1, 0)]
    assert followers[0].probability == 1
    assert followers[0].delay_s == pytest.approx(2.0)
    assert followers[1].delay_s == pytest.approx(10.5)


def test_the_report_draws_motifs_on_a_ring() -> None:
    rng = np.random.default_rng(0)
    html = section(ReportContext(record_of([light(rng, 0.2), light(rng, 0.7)])))
    assert 'class="ring"' in html
    assert "every <strong>18." in html
    assert "marker-end" in html


def test_occurrences_become_a_table_of_motifs() -> None:
    record = record_of([np.array([3.0, 40.0]), np.array([41.0])])
    table = make_occurrence_table(record, 1.0)
    assert table.vocabulary.labels == ("motif 1", "motif 2")
    assert table.n_times == 900
    assert table.row_of_observation().tolist() == [0, 10, 10]
    assert table.word.tolist() == [0, 0, 1]
    with pytest.raises(DataError, match="no occurrences"):
        make_occurrence_table(record_of([np.zeros(0)]))
    with pytest.raises(DataError, match="two motifs"):
        find_phases(record_of([np.array([3.0])]))


def test_a_duration_beyond_the_recording_is_not_a_number() -> None:
    rng = np.random.default_rng(7)
    # starts at random are one state, which is never left
    record = record_of([scattered(rng, 60) for _ in range(2)])
    phases = find_phases(record)
    assert phases.states.duration_s[0] > record.duration_s()
    shown = json.loads(format_phases_json(record, phases))["states"]
    assert [state["duration_s"] for state in shown] == [None]
