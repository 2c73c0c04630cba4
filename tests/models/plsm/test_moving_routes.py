"""Routes that have a stretch in common are followed apart, each from end to end."""

import numpy as np
import pytest

from motifmine.models.moving_paths import Path, trace_path
from motifmine.models.moving_window import MovingWindow
from motifmine.models.plsm.moving_companions import Tracked, things_with
from motifmine.models.plsm.moving_lanes import Lane
from motifmine.models.plsm.moving_routes import routes_by_companions, without_covered
from motifmine.models.plsm.problem import flat_start, prepare_em
from motifmine.models.plsm.spec import Priors
from motifmine.records.table import table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats, Indices
from tests.helpers.moving_traffic import grid_of

ROWS, COLUMNS, DIRECTIONS = 12, 24, 8
LENGTH = 20
VOCABULARY = Vocabulary.of_grid(grid_of(ROWS, COLUMNS, DIRECTIONS))


def window() -> MovingWindow:
    layout = VOCABULARY.layout
    positions, movements = layout.positions(), layout.movements()
    assert positions is not None
    assert movements is not None
    place = np.concatenate([positions, movements], axis=1).astype(np.float32)
    width = np.ones((len(place), 2), np.float32)
    return MovingWindow(place=place, width=width, shape=(ROWS, COLUMNS))


def right(row: float, first: int, last: int) -> Floats:
    """Return the points of a path to the right, a column a bin."""
    column = np.arange(first, last + 1)
    ones = np.ones(len(column))
    return np.stack([row * ones, column, 0 * ones, ones], axis=1)


def tracked(*paths: Floats) -> Tracked:
    """Return motifs of a bin a point, from relative time 0 on."""
    everywhere = table_from_rows(
        time=np.arange(40),
        word=np.zeros(40, dtype=np.int64),
        count=np.ones(40, dtype=np.float32),
        n_times=40,
        vocabulary=VOCABULARY,
        bin_s=0.1,
    )
    n = len(paths)
    priors = Priors(sparsity=0.0, reach=(2,) * n)
    problem = prepare_em(everywhere, LENGTH, priors, most_motifs=n, n_threads=1)
    motifs = np.zeros((n, LENGTH, VOCABULARY.n_words), np.float32)
    centre = np.zeros((n, LENGTH, 4))
    for k, points in enumerate(paths):
        motifs[k, : len(points), 0] = 1 / len(points)
        centre[k, : len(points)] = points
        centre[k, len(points) :] = points[-1]
    state = flat_start(problem, motifs, problem.word_shares())
    return Tracked(problem=problem, state=state, centre=centre)


ENTRY, SHARED = right(5, 0, 5), right(5, 10, 18)


def test_things_that_come_from_elsewhere_are_known_by_their_companions() -> None:
    found = tracked(SHARED, ENTRY)
    shared = 20 + 37 * np.arange(10)
    # what enters takes ten bins to the stretch, a little more or less
    entering = shared[::2] - 10 + np.array([0, 1, -1, 0, 1])
    together = things_with(found, window(), 0, 1, shared, entering, touching=False)
    assert together is not None
    np.testing.assert_array_equal(np.flatnonzero(together), [0, 2, 4, 6, 8])
    # they are apart by half a second: no stretches of one thing that touch
    assert things_with(found, window(), 0, 1, shared, entering) is None
    routes = routes_by_companions(found, window(), [shared, entering])
    assert [group.tolist() for group in routes[0]] == [[1, 3, 5, 7, 9], [0, 2, 4, 6, 8]]


def test_what_one_thing_could_not_reach_in_time_is_no_companion() -> None:
    found = tracked(SHARED, ENTRY)
    shared = 20 + 37 * np.arange(10)
    # three bins later at the other end
    assert things_with(found, window(), 0, 1, shared, shared + 3, touching=False) is None
    assert routes_by_companions(found, window(), [shared, shared + 3]) == {}


def test_things_at_random_times_are_no_companions() -> None:
    found = tracked(SHARED, ENTRY)
    rng = np.random.default_rng(4)
    n_found = 0
    for _ in range(20):
        rows = [np.unique(rng.integers(0, 600, 12)) for _ in range(2)]
        n_found += bool(routes_by_companions(found, window(), rows))
    assert n_found <= 1


def lane(points: Floats, begin: Indices) -> Lane:
    return Lane(
        restart=0,
        share=0.1,
        n_occurrences=len(begin),
        path=Path(points=points, first=0),
        counts=np.zeros((len(points), VOCABULARY.n_words), np.float32),
        document=np.zeros(len(begin), dtype=np.int64),
        begin=begin,
    )


def test_a_stretch_goes_whose_things_are_those_of_whole_routes() -> None:
    one, other = 50 * np.arange(6), 25 + 50 * np.arange(6)
    up = np.array([[5 - i, 18, -1, 0] for i in range(6)], dtype=np.float64)
    down = up * [-1, 1, -1, 1] + [10, 0, 0, 0]
    routes = [
        lane(np.concatenate([right(5, 0, 17), up]), one),
        lane(np.concatenate([right(5, 0, 17), down]), other),
    ]
    stretch = lane(right(5, 4, 14), np.sort(np.concatenate([one, other])) + 4)
    assert without_covered([*routes, stretch], window()) == routes
    # things of its own: another lane on the same road
    own = lane(right(5, 4, 14), 12 + 25 * np.arange(12))
    assert len(without_covered([*routes, own], window())) == 3


def test_of_lanes_that_are_one_route_that_of_more_things_stays() -> None:
    many, few = lane(right(5, 0, 20), 20 * np.arange(9)), lane(right(5, 1, 20), 20 * np.arange(4))
    other = lane(right(9, 0, 20), 20 * np.arange(4))
    assert set(map(id, without_covered([few, many, other], window()))) == {id(many), id(other)}


@pytest.mark.parametrize(("turn", "reaches"), [(1.0, True), (4.0, False)])
def test_a_path_is_followed_round_a_corner_where_it_may_bend(turn: float, reaches: bool) -> None:
    y, x = np.indices((ROWS, COLUMNS))
    counts = np.zeros((26, ROWS, COLUMNS, DIRECTIONS), np.float32)
    for t in range(26):
        # to the right along row 9, up along column 14 from there, spread as things of two speeds
        for by in (-1.0, 0.0, 1.0):
            along = 1.0 * t + by
            row, column, to = (9.0, along, 0) if along < 14 else (9.0 - 1.3 * (along - 14), 14.0, 6)
            counts[t, :, :, to] += 5 * np.exp(-((y - row) ** 2) - (x - column) ** 2)
    movements = VOCABULARY.layout.movements()
    assert movements is not None
    assert movements[6, 0] < -0.9
    known = Path(points=right(9, 2, 10), first=2)
    path = trace_path(
        counts.reshape(26, -1),
        np.zeros(VOCABULARY.n_words, np.float32),
        known,
        window(),
        longest=40,
        turn=turn,
    )
    assert bool(path.points[-1, 0] < 3) == reaches


def test_a_flank_goes_and_a_busy_lane_next_to_another_stays() -> None:
    rng = np.random.default_rng(1)
    whole = lane(right(5, 0, 20), np.sort(rng.integers(0, 600, 90)))
    flank = lane(right(7, 1, 19), whole.begin + 1)
    # at some lag nearly all of its things come with one of the other's
    busy = lane(right(7, 1, 19), np.sort(rng.integers(0, 600, 90)))
    assert without_covered([whole, flank], window()) == [whole]
    assert len(without_covered([whole, busy], window())) == 2
