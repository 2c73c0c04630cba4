"""Rendered scenes whose passages are known: roads, squares, people among cars, a crossing.

    python benchmarks/rendered_scenes.py SCENE FOLDER [--seed N]

writes the clips of a scene and `FOLDER/truth.csv`, the passages of every path, in the columns of
`motifmine evaluate`. The pictures are those of the sample data's renderer; other scenes are made
with `road`, `square`, `street` and `crossing`.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sample_data"))

from junction_picture import (
    HEIGHT,
    OVERSAMPLE,
    WIDTH,
    Camera,
    Image,
)
from junction_traffic import (
    CYCLE_S,
    PATH_STEP_M,
    WALKER,
    Passage,
    Route,
    draw_passages,
    straight,
    turning,
)
from render_junction import (
    CENTRE_HEIGHT_M,
    FRAME_RATE,
    NOISE_LEVELS,
    Mover,
    draw_movers,
    look,
    mover,
    shrink,
    write_truth,
    write_video,
)

CARS = ("small car", "saloon", "estate", "van", "lorry")
LANE_M = 3.4
ALWAYS = ((0.0, CYCLE_S),)
GROUND_M = 100
ACROSS = Camera(position=(0.0, -4.0, 13.0), yaw_deg=0.0, pitch_deg=33.0, focal_px=300.0)
ALONG = Camera(position=(0.0, -12.0, 9.0), yaw_deg=0.0, pitch_deg=18.0, focal_px=340.0)
ABOVE = Camera(position=(0.0, -6.0, 14.0), yaw_deg=0.0, pitch_deg=40.0, focal_px=290.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who passes before a camera, and for how long."""

    name: str
    camera: Camera
    routes: tuple[Route, ...]
    duration_s: float = 60.0
    n_clips: int = 1
    tolerance: str = "500ms"
    """Of occurrences that are compared with the truth."""
    largest_group: int = 1
    """People who walk side by side at most."""

    @property
    def length(self) -> str:
        """The longest passage, as an option."""
        spans = ((seen_span(route, self.camera), route) for route in self.routes)
        return f"{max((b - a) / route.speed_m_per_s for (a, b), route in spans):.1f}s"


def road(
    n_lanes: int,
    rate: float,
    *,
    is_along: bool = False,
    duration_s: float = 60.0,
    n_clips: int = 1,
    speed: float = 12.0,
) -> Scene:
    """Return a road of lanes in both directions, a vehicle every 1 / `rate` seconds in each.

    Parameters
    ----------
    n_lanes : int
    rate : float
        Vehicles a second and lane, below 2.
    is_along : bool
        Whether the road leads away from the camera; else it runs across the view.
    duration_s : float
    n_clips : int
    speed : float
        Metres a second.
    """
    routes = []
    for lane in range(n_lanes):
        side = LANE_M * lane
        is_back = lane >= (n_lanes + 1) // 2
        ends = ((-38.0, 11.0 + side), (38.0, 11.0 + side))
        if is_along:
            x = LANE_M * (lane - (n_lanes - 1) / 2)
            ends = ((x, -6.0), (x, 70.0))
        first, last = ends[::-1] if is_back else ends
        pace = speed * (1 + 0.08 * (lane % 3))
        routes.append(route(f"lane {lane + 1}", first, last, pace, rate))
    view = "along" if is_along else "across"
    return Scene(
        name=f"{n_lanes} lanes {view}, {rate:g}/s, {n_clips} x {duration_s:g} s",
        camera=ALONG if is_along else ACROSS,
        routes=tuple(routes),
        duration_s=duration_s,
        n_clips=n_clips,
    )


def square(rate: float, *, duration_s: float = 120.0, largest_group: int = 2) -> Scene:
    """Return a square that people cross on six paths, two of them one pavement both ways."""
    ways = (
        ((-11.0, 4.0), (11.0, 4.0)),
        ((11.0, 4.6), (-11.0, 4.6)),
        ((-9.0, 6.0), (8.0, 19.0)),
        ((9.0, 7.0), (-8.0, 20.0)),
        ((-3.0, 21.0), (-1.0, 2.0)),
        ((12.0, 17.0), (-13.0, 15.5)),
    )
    routes = [route(f"way {i + 1}", *way, 2.2, rate, (WALKER,)) for i, way in enumerate(ways)]
    return Scene(
        name=f"square, {rate:g}/s, {duration_s:g} s",
        camera=ABOVE,
        routes=tuple(routes),
        duration_s=duration_s,
        tolerance="1s",
        largest_group=largest_group,
    )


def street(rate: float, *, duration_s: float = 120.0) -> Scene:
    """Return two lanes of cars, and people both ways on the pavement before them."""
    cars = road(2, rate).routes
    walks = (((-9.0, 5.0), (9.0, 5.0)), ((9.0, 6.0), (-9.0, 6.0)))
    people = [route(f"walk {i + 1}", *way, 2.0, rate / 2, (WALKER,)) for i, way in enumerate(walks)]
    return Scene(
        name=f"people among cars, {rate:g}/s, {duration_s:g} s",
        camera=ABOVE,
        routes=(*cars, *people),
        duration_s=duration_s,
        tolerance="1s",
    )


def crossing(rate: float, *, duration_s: float = 120.0) -> Scene:
    """Return a crossing: two roads, and two turns from one into the other."""
    right = turning([(1.7, -10), (1.7, 8)], (1.7, 12.0), [(6.0, 12.0), (40.0, 12.0)])
    left = turning([(40.0, 16.0), (5.0, 16.0)], (-1.7, 16.0), [(-1.7, 11.0), (-1.7, -10.0)])
    routes = [
        route("east", (-38.0, 12.0), (38.0, 12.0), 11.0, rate),
        route("west", (38.0, 16.0), (-38.0, 16.0), 11.0, rate),
        route("north", (1.7, -10.0), (1.7, 55.0), 9.0, rate),
        route("south", (-1.7, 55.0), (-1.7, -10.0), 9.0, rate),
        replace(route("right turn", (0, 0), (1, 0), 8.0, rate), path=right),
        replace(route("left turn", (0, 0), (1, 0), 8.0, rate), path=left),
    ]
    return Scene(
        name=f"crossing, {rate:g}/s, {duration_s:g} s",
        camera=ABOVE,
        routes=tuple(routes),
        duration_s=duration_s,
    )


def route(
    label: str,
    first: tuple[float, float],
    last: tuple[float, float],
    speed: float,
    rate: float,
    kinds: tuple[str, ...] = CARS,
) -> Route:
    """Return a straight way that someone takes `rate` times a second, all the time.

    Parameters
    ----------
    label : str
    first, last : tuple of float
        Ends, metres.
    speed : float
        Metres a second.
    rate : float
        Passages a second.
    kinds : tuple of str
    """
    headway = min(0.75 if WALKER not in kinds else 1.0, 0.9 / rate)
    return Route(
        label=label,
        path=straight(first, last),
        speed_m_per_s=speed,
        greens_s=ALWAYS,
        headway_s=headway,
        mean_gap_s=1 / rate - headway,
        kinds=kinds,
    )


def write_scene(scene: Scene, folder: Path, seed: int = 0) -> Path:
    """Write the clips of a scene and their truth; return the path of the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    # one place: recordings of another one would not belong together
    ground = ground_of(scene.camera, np.random.default_rng(seed))
    for clip in range(scene.n_clips):
        rng = np.random.default_rng([seed, clip])
        name = f"scene_{clip:02d}"
        passages = passages_of(scene, rng)
        write_video(folder / f"{name}.mp4", frames(scene, ground, passages, rng))
        # people of a group are one occurrence: nothing tells them apart but their cloth
        led = [each for each in passages if each.look_seed >= 0]
        rows += [
            (name, each.route.label, f"{each.start_s:.2f}", f"{each.end_s:.2f}") for each in led
        ]
    write_truth(folder / "truth.csv", rows)
    return folder / "truth.csv"


def passages_of(scene: Scene, rng: np.random.Generator) -> list[Passage]:
    """Return who passes in one clip; those that follow the first of a group have negative seeds."""
    spans = [(route, seen_span(route, scene.camera)) for route in scene.routes]
    led = draw_passages(spans, scene.duration_s, rng)
    followers = [
        replace(
            each,
            look_seed=-1 - each.look_seed,
            shift_m=each.shift_m + 0.6 * (number + 1),
            start_s=each.start_s + 0.15 * (number + 1),
        )
        for each in led
        for number in range(int(rng.integers(scene.largest_group)))
    ]
    return led + followers


def seen_span(route: Route, camera: Camera) -> tuple[float, float]:
    """Return the first and last metre of the route at which its centre is in sight."""
    centres = np.column_stack([route.path, np.full(len(route.path), CENTRE_HEIGHT_M)])
    first, last = np.flatnonzero(camera.sees(centres))[[0, -1]]
    return float(first * PATH_STEP_M), float(last * PATH_STEP_M)


def frames(
    scene: Scene, ground: Image, passages: Sequence[Passage], rng: np.random.Generator
) -> Iterator[Image]:
    """Yield the frames of a clip.

    Parameters
    ----------
    scene : Scene
    ground : uint8 array
        See `ground_of`.
    passages : sequence of Passage
    rng : numpy.random.Generator
        Of the camera's noise.
    """
    looks = [look(replace(each, look_seed=abs(each.look_seed))) for each in passages]
    noise = rng.normal(0.0, NOISE_LEVELS, (HEIGHT + 64, WIDTH + 64, 3)).astype(np.float32)
    for frame in range(round(scene.duration_s * FRAME_RATE)):
        time = frame / FRAME_RATE
        movers = [
            mover(each, known, time)
            for each, known in zip(passages, looks, strict=True)
            if each.start_s - 3 < time < each.end_s + 3 and each.is_on_path(time)
        ]
        y, x = rng.integers(64, size=2)
        noisy = draw(scene.camera, ground, movers) + noise[y : y + HEIGHT, x : x + WIDTH]
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def ground_of(camera: Camera, rng: np.random.Generator) -> Image:
    """Return mottled ground as the camera sees it, on the drawing canvas."""
    plane = np.full((GROUND_M * 10, GROUND_M * 10), 105.0, np.float32)
    for cell_m, strength in ((6.0, 7.0), (1.2, 6.0), (0.3, 6.0)):
        n = int(GROUND_M / cell_m) + 2
        coarse = rng.normal(0, strength, (n, n)).astype(np.float32)
        plane += cv2.resize(coarse, plane.shape, interpolation=cv2.INTER_CUBIC)
    half = GROUND_M / 2
    corners = np.array([(-half, 0.0), (half, 0.0), (8.0, 70.0), (-8.0, 70.0)])
    corners[:, 1] += camera.position[1] + 8
    seen = camera.project(np.column_stack([corners, np.zeros(4)])).astype(np.float32)
    source = np.stack([corners[:, 0] + half, corners[:, 1] - corners[0, 1]], axis=1) * 10
    warp = cv2.getPerspectiveTransform(source.astype(np.float32), seen)
    size = (WIDTH * OVERSAMPLE, HEIGHT * OVERSAMPLE)
    view = cv2.warpPerspective(plane, warp, size, borderMode=cv2.BORDER_REFLECT)
    picture: NDArray[np.uint8] = np.clip(view, 0, 255).astype(np.uint8)
    return np.repeat(picture[..., None], 3, axis=2)


def draw(camera: Camera, ground: Image, movers: Sequence[Mover]) -> Image:
    """Return one picture without noise."""
    canvas = ground.copy()
    draw_movers(canvas, camera, movers)
    return shrink(canvas)


SCENES = {
    "across-1": road(1, 0.3),
    "across-3": road(3, 0.3),
    "across-4": road(4, 0.3),
    "across-8": road(8, 0.15),
    "across-2-busy": road(2, 0.5),
    "along-2": road(2, 0.3, is_along=True),
    "along-6": road(6, 0.3, is_along=True),
    "along-4-clips": road(4, 0.2, is_along=True, duration_s=10.0, n_clips=20),
    "short": road(2, 0.15, duration_s=10.0),
    "square": square(0.06),
    "street": street(0.15),
    "crossing": crossing(0.1),
}
"""The scenes of the benchmark of defaults."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scene", choices=sorted(SCENES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(write_scene(SCENES[arguments.scene], arguments.folder, arguments.seed))


if __name__ == "__main__":
    main()
