"""Who passes the rendered junction and when: routes, the signal cycle, arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from junction_actors import BUILDS
from junction_picture import Floats

CYCLE_S = 18.0
MAIN_GREEN_S = (0.0, 8.6)
SIDE_GREEN_S = (11.0, 15.4)
FIRST_WALK_S, SECOND_WALK_S = (0.0, 4.2), (4.8, 9.0)
SPEED_SPREAD = 0.05
PATH_STEP_M = 0.05
WALKER = "walker"
WALKER_RADIUS_M = 0.35
CLEARANCE_M = 0.2

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A path through the junction, with who takes it, when and how fast.

    `path` has a point (x, y) each PATH_STEP_M. Actors appear within one of `greens_s` of each
    signal cycle, which take turns: the first after about `mean_gap_s`, the next ones at least
    `headway_s` later.
    """

    label: str
    path: Floats
    speed_m_per_s: float
    greens_s: tuple[tuple[float, float], ...]
    headway_s: float
    mean_gap_s: float
    kinds: tuple[str, ...]

    def place(self, distance_m: Floats) -> tuple[Floats, Floats]:
        """Return positions (n, 2) and headings (n,) in radians, so far along the path."""
        index = np.clip(np.asarray(distance_m) / PATH_STEP_M, 0, len(self.path) - 1)
        below = np.minimum(index.astype(int), len(self.path) - 2)
        step = self.path[below + 1] - self.path[below]
        position = self.path[below] + (index - below)[..., None] * step
        return position, np.arctan2(step[..., 1], step[..., 0])


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """One actor's way along a route: `start_s` when it appears, `end_s` when it is gone.

    `first_m` is where on the path it appears, `shift_m` how far to the left of it it keeps. At
    `pause_at_m` it stands still for `pause_s`.
    """

    route: Route
    kind: str
    start_s: float
    end_s: float
    first_m: float
    speed_m_per_s: float
    shift_m: float
    look_seed: int
    pause_at_m: float = np.inf
    pause_s: float = 0.0

    def distance(self, time_s: Floats) -> Floats:
        """Return how far along the path the actor is, metres."""
        going_s = np.asarray(time_s) - self.start_s
        pause_after_s = (self.pause_at_m - self.first_m) / self.speed_m_per_s
        standing_s = np.clip(going_s - pause_after_s, 0.0, self.pause_s)
        return np.asarray(self.first_m + (going_s - standing_s) * self.speed_m_per_s)

    def where(self, time_s: Floats) -> tuple[Floats, Floats, Floats]:
        """Return positions (n, 2), headings (n,) and metres along the path (n,)."""
        distance = self.distance(time_s)
        position, heading = self.route.place(distance)
        left = np.stack([-np.sin(heading), np.cos(heading)], axis=-1)
        return position + self.shift_m * left, heading, distance

    def is_on_path(self, time_s: float) -> bool:
        """Tell whether the actor is anywhere on its path, seen or not."""
        distance = float(self.distance(np.array(time_s)))
        return 0 <= distance < (len(self.route.path) - 1) * PATH_STEP_M


def resampled(points: Floats) -> Floats:
    """Return the polyline (n, 2) with a point each PATH_STEP_M."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.arange(0.0, along[-1], PATH_STEP_M)
    return np.stack([np.interp(wanted, along, column) for column in points.T], axis=1)


def straight(start: tuple[float, float], end: tuple[float, float]) -> Floats:
    """Return a straight path."""
    return resampled(np.array([start, end], dtype=float))


def turning(start: Points, corner: tuple[float, float], end: Points) -> Floats:
    """Return a path along `start`, round the corner, and along `end`."""
    first, last = np.array(start[-1]), np.array(end[0])
    part = np.linspace(0.0, 1.0, 60)[:, None]
    curve = (1 - part) ** 2 * first + 2 * part * (1 - part) * np.array(corner) + part**2 * last
    return resampled(np.concatenate([np.array(start[:-1]), curve, np.array(end[1:])]))


def routes() -> list[Route]:
    """Return the routes of the junction; traffic keeps to the right, lorries to the kerb."""
    any_kind = ("small car", "saloon", "estate", "saloon", "van", "lorry")
    cars = ("small car", "saloon", "estate", "van")
    left = turning([(-1.55, -8), (-1.55, 13.5)], (-1.8, 25.4), [(-11, 25.5), (-28, 25.5)])
    right = turning([(1.55, -8), (1.55, 11.5)], (1.8, 18.6), [(9.5, 18.75), (32, 18.75)])
    east, west = straight((-5.5, 9.6), (6.3, 9.6)), straight((6.3, 11.2), (-5.5, 11.2))
    main = ((MAIN_GREEN_S,), 2.2, 1.0)
    side = ((SIDE_GREEN_S,), 2.2, 0.6)
    walk = (2.6, 0.4)
    walker = (WALKER,)
    return [
        Route("eastbound_near", straight((-28, 18.75), (34, 18.75)), 11.0, *main, any_kind),
        Route("eastbound_far", straight((-28, 22.05), (36, 22.05)), 11.8, *main, cars),
        Route("westbound", straight((38, 25.5), (-30, 25.5)), 12.0, *main, any_kind),
        Route("side_left_turn", left, 8.4, *side, cars),
        Route("side_right_turn", right, 7.8, *side, cars),
        Route("crosswalk_to_east", east, 2.3, (FIRST_WALK_S, SECOND_WALK_S), *walk, walker),
        Route("crosswalk_to_west", west, 2.5, (SECOND_WALK_S, FIRST_WALK_S), *walk, walker),
    ]


def draw_passages(
    spans: Sequence[tuple[Route, tuple[float, float]]],
    duration_s: float,
    rng: np.random.Generator,
    planned: Sequence[Passage] = (),
) -> list[Passage]:
    """Draw the passages of one clip, none of which runs into another, by start time.

    Those that are `planned` take place in any case, and the others keep clear of them.

    `spans` gives each route with the metres of its path between which it is seen. A passage
    that the clip would cut off at its beginning or end does not take place.
    """
    offset = rng.uniform(-CYCLE_S, 0.0)
    first_cycle = int(rng.integers(2))
    wanted: list[Passage] = []
    for route, span in spans:
        for cycle, cycle_s in enumerate(np.arange(offset, duration_s, CYCLE_S), first_cycle):
            green_s = route.greens_s[cycle % len(route.greens_s)]
            wanted += cycle_passages(route, span, float(cycle_s), green_s, rng)
    accepted = list(planned)
    for passage in sorted(wanted, key=lambda passage: passage.start_s):
        fits = passage.start_s > 0.5 and passage.end_s < duration_s - 0.5
        if fits and all(are_clear(passage, other) for other in accepted):
            accepted.append(passage)
    return sorted(accepted, key=lambda passage: passage.start_s)


def cycle_passages(
    route: Route,
    span: tuple[float, float],
    cycle_s: float,
    green_s: tuple[float, float],
    rng: np.random.Generator,
) -> list[Passage]:
    """Draw the passages that a route would like to have in the signal cycle that begins then."""
    passages: list[Passage] = []
    opens, closes = green_s
    time = opens + rng.exponential(route.mean_gap_s)
    while time < closes:
        speed = route.speed_m_per_s * (1 + rng.uniform(-SPEED_SPREAD, SPEED_SPREAD))
        start = cycle_s + time
        passages.append(
            Passage(
                route=route,
                kind=route.kinds[int(rng.integers(len(route.kinds)))],
                start_s=start,
                end_s=start + (span[1] - span[0]) / speed,
                first_m=span[0],
                speed_m_per_s=speed,
                shift_m=rng.uniform(-0.15, 0.15),
                look_seed=int(rng.integers(2**31)),
            )
        )
        time += route.headway_s + rng.exponential(route.mean_gap_s)
    return passages


def are_clear(one: Passage, other: Passage) -> bool:
    """Tell whether two passages keep clear of each other all the time."""
    start = max(one.start_s, other.start_s) - 2.5
    end = min(one.end_s, other.end_s) + 2.5
    if end <= start:
        return True
    times = np.arange(start, end, 0.1)
    (first, first_radius), (second, second_radius) = footprint(one, times), footprint(other, times)
    between = np.linalg.norm(first[:, :, None] - second[:, None, :], axis=-1)
    return bool(between.min() > first_radius + second_radius + CLEARANCE_M)


def footprint(passage: Passage, times: Floats) -> tuple[Floats, float]:
    """Return circles that cover the actor on the ground: centres (time, circle, 2), radius."""
    position, heading, _ = passage.where(times)
    if passage.kind == WALKER:
        return position[:, None, :], WALKER_RADIUS_M
    build = BUILDS[passage.kind]
    reach = (build.length - build.width) / 2
    along = np.linspace(-reach, reach, 4)[None, :, None]
    ahead = np.stack([np.cos(heading), np.sin(heading)], axis=1)[:, None, :]
    return position[:, None, :] + along * ahead, build.width / 2
