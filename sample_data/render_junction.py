"""Render the sample clips of a junction, with the truth of who passed when.

Run it as ``python sample_data/render_junction.py``: it writes ``junction/*.mp4`` and
``junction_truth.csv`` beside itself in one to three minutes. The same seed gives the same traffic
and the same pictures; the encoded bytes also depend on the version of x264.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from junction_actors import Person, draw_person, person, shade_person, vehicle
from junction_picture import (
    HEIGHT,
    WIDTH,
    Camera,
    Floats,
    Image,
    Solid,
    cast_shadow,
    darken,
    draw_solid,
    placed,
)
from junction_place import CAMERA, Place, draw_place
from junction_traffic import PATH_STEP_M, WALKER, Passage, Route, draw_passages, routes

SEED = 1
STARTS = (
    "202603140800",
    "202603140815",
    "202603140830",
    "202603140845",
    "202603140900",
    "202603140915",
)
CLIP_S = 52.0
FRAME_RATE = 25
CENTRE_HEIGHT_M = 0.7
NOISE_LEVELS = 2.0
DRIFT = 0.03
X264 = {"crf": "25", "preset": "slow", "g": "250", "threads": "1"}

Look = Person | Solid


def main() -> None:
    """Render all clips and write the truth."""
    here = Path(__file__).parent
    (here / "junction").mkdir(exist_ok=True)
    place = draw_place(np.random.default_rng(np.random.SeedSequence(SEED)))
    spans = [(route, seen_span(route, place)) for route in routes()]
    rows: list[tuple[str, str, str, str]] = []
    for clip, start in enumerate(STARTS):
        rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(clip,)))
        name = f"junction_{start}"
        passages = draw_passages(spans, CLIP_S, rng)
        write_video(here / "junction" / f"{name}.mp4", render(place, passages, rng))
        rows += [
            (name, each.route.label, f"{each.start_s:.2f}", f"{each.end_s:.2f}")
            for each in passages
        ]
        sys.stderr.write(f"{name}: {len(passages)} passages\n")
    write_truth(here / "junction_truth.csv", rows)


def seen_span(route: Route, place: Place) -> tuple[float, float]:
    """Return the first and last metre of the route at which an actor's centre is in sight."""
    centres = np.column_stack([route.path, np.full(len(route.path), CENTRE_HEIGHT_M)])
    in_sight = CAMERA.sees(centres)
    columns, rows = CAMERA.project(centres[in_sight]).astype(int).T
    in_sight[in_sight] = place.foreground_mask[rows, columns] == 0
    first, last = np.flatnonzero(in_sight)[[0, -1]]
    return first * PATH_STEP_M, last * PATH_STEP_M


def render(place: Place, passages: Sequence[Passage], rng: np.random.Generator) -> Iterator[Image]:
    """Yield the frames of a clip."""
    looks = [look(passage) for passage in passages]
    noise = rng.normal(0.0, NOISE_LEVELS, (HEIGHT + 64, WIDTH + 64, 3)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi)
    for frame in range(round(CLIP_S * FRAME_RATE)):
        time = frame / FRAME_RATE
        movers = [
            mover(passage, known, time)
            for passage, known in zip(passages, looks, strict=True)
            if passage.is_on_path(time)
        ]
        picture = draw_scene(place, movers)
        gain = 1 + DRIFT * np.sin(2 * np.pi * time / 37 + phase)
        y, x = rng.integers(64, size=2)
        noisy = picture * np.float32(gain) + noise[y : y + HEIGHT, x : x + WIDTH]
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def look(passage: Passage) -> Look:
    """Return what the actor looks like; drawn from its own seed."""
    rng = np.random.default_rng(passage.look_seed)
    return person(rng) if passage.kind == WALKER else vehicle(passage.kind, rng)


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """An actor at one moment: where (x, y), turned where to, and how far it has come."""

    look: Person | Solid
    position: Floats
    heading: float
    walked_m: float


def mover(passage: Passage, known: Look, time: float) -> Mover:
    """Return the actor at that moment."""
    position, heading, walked = (part[0] for part in passage.where(np.array([time])))
    if isinstance(known, Person):
        return Mover(known, position, float(heading), float(walked))
    return Mover(placed(known, position, float(heading)), position, float(heading), float(walked))


def draw_scene(place: Place, movers: Sequence[Mover]) -> Image:
    """Return one picture without noise."""
    canvas = place.background.copy()
    draw_movers(canvas, CAMERA, movers)
    cv2.copyTo(place.foreground, place.foreground_mask, canvas)
    return shrink(canvas)


def draw_movers(canvas: Image, camera: Camera, movers: Sequence[Mover]) -> None:
    """Draw shadows first, then all movers from far to near."""
    shadow = np.zeros(canvas.shape[:2], np.uint8)
    for each in movers:
        if isinstance(each.look, Person):
            shade_person(shadow, camera, each.position, each.look.height)
        else:
            cast_shadow(shadow, camera, each.look)
    darken(canvas, shadow)
    for each in sorted(movers, key=lambda m: -math.dist(m.position, camera.position[:2])):
        if isinstance(each.look, Person):
            draw_person(canvas, camera, each.look, each.position, each.walked_m, each.heading)
        else:
            draw_solid(canvas, camera, each.look)


def shrink(canvas: Image) -> Image:
    """Return the canvas in the size of a frame."""
    small = cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def write_video(path: Path, frames: Iterator[Image]) -> None:
    """Encode the frames as H.264, beside the path first and then renamed."""
    partial = path.with_name(f"partial-{path.name}")
    with av.open(str(partial), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options=X264)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    partial.replace(path)


def write_truth(path: Path, rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Write one row a passage."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("document", "label", "start_s", "end_s"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
