"""What moves through the rendered junction: textured vehicles and walking people."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from junction_picture import (
    OVERSAMPLE,
    SUBPIXEL_BITS,
    SUN,
    TEXTURE_PX_PER_M,
    Camera,
    Colour,
    Face,
    Floats,
    Image,
    box,
    fixed_point,
    plain,
)

GLASS: Colour = (62, 54, 48)
TYRE: Colour = (28, 28, 30)
PAINTS: tuple[Colour, ...] = (
    (232, 234, 234),
    (205, 206, 204),
    (150, 150, 148),
    (58, 56, 54),
    (40, 42, 175),
    (150, 88, 36),
    (60, 92, 40),
    (44, 190, 226),
    (140, 170, 190),
)
CLOTHES: tuple[Colour, ...] = (
    (40, 40, 190),
    (170, 90, 30),
    (35, 35, 38),
    (225, 225, 225),
    (60, 160, 210),
    (80, 130, 50),
    (120, 50, 120),
)


@dataclass(frozen=True, slots=True)
class Build:
    """The shape of a kind of vehicle: the lower body, then the cabin or load on it; metres."""

    length: float
    width: float
    body_top: float
    top: float
    cabin: tuple[float, float]
    inset: tuple[float, float, float]
    is_glazed: bool = True


BUILDS = {
    "small car": Build(3.7, 1.7, 0.85, 1.5, (0.02, 0.76), (0.35, 0.6, 0.16)),
    "saloon": Build(4.5, 1.8, 0.85, 1.45, (0.16, 0.78), (0.5, 0.7, 0.18)),
    "estate": Build(4.6, 1.8, 0.9, 1.5, (0.02, 0.76), (0.25, 0.65, 0.16)),
    "van": Build(5.2, 2.0, 1.1, 2.2, (0.0, 0.9), (0.05, 0.55, 0.1), is_glazed=False),
    "lorry": Build(7.2, 2.3, 0.9, 2.9, (0.0, 0.72), (0.0, 0.0, 0.0), is_glazed=False),
}


def vehicle(kind: str, rng: np.random.Generator) -> list[Face]:
    """Return a vehicle about its own centre, x forward, in a colour drawn from the paints."""
    build = BUILDS[kind]
    length, half = build.length, build.width / 2
    paint = PAINTS[int(rng.integers(len(PAINTS)))]
    body = box(
        x=(-length / 2, length / 2),
        y=(-half, half),
        z=(0.12, build.body_top),
        textures=body_textures(build, paint, rng),
    )
    first, last = (fraction * length - length / 2 for fraction in build.cabin)
    upper = box(
        x=(first, last),
        y=(-half, half),
        z=(build.body_top, build.top),
        textures=upper_textures(build, paint, rng),
        inset=build.inset,
    )
    if kind == "lorry":
        return body + lorry_cab(build, paint, rng) + upper
    return body + upper


def lorry_cab(build: Build, paint: Colour, rng: np.random.Generator) -> list[Face]:
    """Return the driver's cab, in front of the load."""
    half = build.width / 2 - 0.1
    height = build.top - 0.7 - build.body_top
    depth = build.length * (1 - build.cabin[1]) - 0.1
    side, front = plain(depth, height, paint, rng), plain(2 * half, height, paint, rng)
    for texture, margin in ((side, 0.25), (front, 0.08)):
        rows, columns = texture.shape[:2]
        inner = slice(int(margin * columns), int((1 - margin / 3) * columns))
        texture[int(0.1 * rows) : int(0.6 * rows), inner] = GLASS
    roof = plain(2 * half, depth, paint, rng)
    return box(
        x=(build.length / 2 - depth, build.length / 2),
        y=(-half, half),
        z=(build.body_top, build.top - 0.7),
        textures=(front, front, np.fliplr(side).copy(), side, roof),
    )


def body_textures(build: Build, paint: Colour, rng: np.random.Generator) -> list[Image]:
    """Return front, back, left, right and top of the lower body."""
    height = build.body_top - 0.12
    front = plain(build.width, height, paint, rng)
    back = plain(build.width, height, paint, rng)
    for end, lamp in ((front, (235, 245, 250)), (back, (40, 40, 215))):
        rows, columns = end.shape[:2]
        high, low = int(0.3 * rows), int(0.6 * rows)
        end[high:low, 2 : columns // 5] = lamp
        end[high:low, -columns // 5 : -2] = lamp
        end[low:, columns // 4 : -columns // 4] = (55, 55, 55)
        end[int(0.85 * rows) :] = TYRE
    right = body_side(build, paint, rng)
    top = plain(build.width, build.length, paint, rng)
    return [front, back, np.fliplr(right).copy(), right, top]


def body_side(build: Build, paint: Colour, rng: np.random.Generator) -> Image:
    """Return the right side of the lower body: sill, doors and wheels."""
    side = plain(build.length, build.body_top - 0.12, paint, rng)
    rows, columns = side.shape[:2]
    fade = np.linspace(1.06, 0.78, rows)[:, None, None]
    side = np.clip(side * fade, 0, 255).astype(np.uint8)
    side[int(0.84 * rows) :] = TYRE
    for fraction in (0.36, 0.55, 0.74):
        side[: int(0.8 * rows), int(fraction * columns)] //= 2
    radius = int(0.34 * TEXTURE_PX_PER_M)
    for fraction in (0.17, 0.82):
        centre = (int(fraction * columns), rows - radius // 2)
        cv2.circle(side, centre, radius, TYRE, -1)
        cv2.circle(side, centre, radius // 2, (130, 130, 130), -1)
    return side


def upper_textures(build: Build, paint: Colour, rng: np.random.Generator) -> list[Image]:
    """Return front, back, left, right and top of the cabin, or of the load of a lorry or van."""
    height, length = build.top - build.body_top, build.length * np.subtract(*build.cabin[::-1])
    end = plain(build.width, height, paint, rng)
    side = plain(length, height, paint, rng)
    front, back = end.copy(), end.copy()
    glaze(front, (0.12, 0.92), (0.06, 0.94))
    if build.is_glazed:
        glaze(back, (0.15, 0.8), (0.08, 0.92))
        glaze(side, (0.14, 0.9), (0.08, 0.50))
        glaze(side, (0.14, 0.9), (0.54, 0.93))
    elif build.cabin[1] > 0.8:
        glaze(side, (0.1, 0.6), (0.72, 0.96))
    else:
        front, end = end, front
        stripe(side, PAINTS[int(rng.integers(len(PAINTS)))])
    roof = plain(build.width, length, paint, rng)
    return [front, back, np.fliplr(side).copy(), side, roof]


def glaze(texture: Image, rows: tuple[float, float], columns: tuple[float, float]) -> None:
    """Paint a window, given as fractions of the texture, lighter towards its top."""
    height, width = texture.shape[:2]
    top, bottom = (int(fraction * height) for fraction in rows)
    left, right = (int(fraction * width) for fraction in columns)
    shine = np.linspace(70, 0, max(bottom - top, 1))[:, None, None]
    texture[top:bottom, left:right] = (np.array(GLASS) + shine).astype(np.uint8)


def stripe(texture: Image, colour: Colour) -> None:
    """Paint a broad stripe and two sign panels on the side of a load."""
    rows, columns = texture.shape[:2]
    texture[int(0.66 * rows) : int(0.8 * rows)] = colour
    for first, last in ((0.12, 0.4), (0.6, 0.88)):
        panel = slice(int(first * columns), int(last * columns))
        texture[int(0.2 * rows) : int(0.48 * rows), panel] = colour


@dataclass(frozen=True, slots=True)
class Person:
    """How one walker looks: height in metres, colours, stride length in metres and its phase."""

    height: float
    coat: Colour
    trousers: Colour
    stride: float
    phase: float


def person(rng: np.random.Generator) -> Person:
    """Return a walker of random height and clothes."""
    coat, trousers = (CLOTHES[int(i)] for i in rng.integers(len(CLOTHES), size=2))
    return Person(rng.uniform(1.6, 1.9), coat, trousers, rng.uniform(1.3, 1.5), rng.uniform())


def draw_person(
    canvas: Image, camera: Camera, who: Person, where: Floats, walked: float, direction: float
) -> None:
    """Draw a walker at `where` (x, y) who has walked so many metres towards `direction` (rad)."""
    swing = 0.3 * np.sin(2 * np.pi * (walked / who.stride + who.phase))
    ahead = np.array([np.cos(direction), np.sin(direction), 0.0])
    foot = np.array([where[0], where[1], 0.0])
    up = np.array([0.0, 0.0, who.height])
    hip, neck, crown = (foot + part * up for part in (0.48, 0.80, 0.93))
    scale = float(np.ptp(camera.project(np.stack([foot, crown]))[:, 1])) / (0.93 * who.height)
    skin = (130, 160, 205)

    def limb(start: Floats, end: Floats, colour: Colour, width_m: float) -> None:
        ends = fixed_point(camera.project(np.stack([start, end])))
        thick = max(round(width_m * scale), 1)
        cv2.line(canvas, ends[0], ends[1], colour, thick, cv2.LINE_AA, SUBPIXEL_BITS)

    limb(hip, foot + swing * ahead, who.trousers, 0.17)
    limb(hip, foot - swing * ahead, who.trousers, 0.17)
    limb(hip, neck, who.coat, 0.48)
    limb(neck - 0.04 * up, hip - 1.1 * swing * ahead, who.coat, 0.12)
    centre = fixed_point(camera.project(crown))[0]
    radius = fixed_point(np.array(0.13 * scale))
    cv2.circle(canvas, centre, int(radius), skin, -1, cv2.LINE_AA, SUBPIXEL_BITS)


def shade_person(mask: Image, camera: Camera, where: Floats, height: float) -> None:
    """Mark a walker's shadow on the mask."""
    foot = np.array([where[0], where[1], 0.0])
    tip = foot - height / SUN[2] * SUN * (1, 1, 0)
    ends = fixed_point(camera.project(np.stack([foot, tip])))
    cv2.line(mask, ends[0], ends[1], 255, 4 * OVERSAMPLE, cv2.LINE_AA, SUBPIXEL_BITS)
