"""The still part of the rendered junction: ground, markings, buildings, trees, kiosks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from junction_picture import (
    HEIGHT,
    OVERSAMPLE,
    WIDTH,
    Camera,
    Colour,
    Face,
    Floats,
    Image,
    box,
    cast_shadow,
    darken,
    draw_solid,
    plain,
)

CAMERA = Camera(position=(-6.0, -2.0, 10.0), yaw_deg=16.0, pitch_deg=25.0, focal_px=340.0)
GROUND_X, GROUND_Y = (-50.0, 70.0), (-2.0, 60.0)
GROUND_PX_PER_M = 20
ASPHALT, PAVING, KERB = (98, 96, 94), (142, 150, 156), (172, 176, 178)
GRASS, PAINT, SKY = (62, 104, 84), (214, 218, 220), (238, 226, 212)
MAIN_ROAD_Y = (17.0, 27.2)
STEM_X = (-3.1, 3.1)
CORNER_RADIUS = 4.5
HOUSES = ((-46, 24, 11), (-21, 9, 9), (-11, 14, 12), (4, 10, 10), (15, 20, 13), (36, 40, 11))
TREES = ((-15.5, 5.5), (-4.0, 6.2), (9.0, 5.6), (21.0, 6.0))
CROSSWALK_Y = (8.8, 12.2)
STOP_LINE_Y = 7.8
KIOSKS_X = ((-7.6, -3.7), (3.3, 7.6))
KIOSK_Y = (6.6, 8.8)


class Ground:
    """A map of the ground drawn in metres and then laid under the camera."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        columns, rows = (
            round((high - low) * GROUND_PX_PER_M) for low, high in (GROUND_X, GROUND_Y)
        )
        self.picture: Image = np.full((rows, columns, 3), ASPHALT, np.uint8)

    def pixels(self, points: Sequence[tuple[float, float]]) -> Floats:
        """Return the pixel positions of points in metres."""
        x, y = np.array(points, dtype=float).T
        return np.stack([x - GROUND_X[0], GROUND_Y[1] - y], axis=1) * GROUND_PX_PER_M

    def paint(self, x: tuple[float, float], y: tuple[float, float], colour: Colour) -> None:
        """Fill a rectangle, in metres."""
        (left, bottom), (right, top) = self.pixels([(x[0], y[0]), (x[1], y[1])]).astype(int)
        self.picture[max(top, 0) : bottom, max(left, 0) : right] = colour

    def disc(self, centre: tuple[float, float], radius: float, colour: Colour) -> None:
        """Fill a disc, in metres."""
        pixel = self.pixels([centre])[0].astype(int)
        cv2.circle(self.picture, pixel.tolist(), round(radius * GROUND_PX_PER_M), colour, -1)

    def weather(self) -> None:
        """Add grain, stains and worn patches over everything painted so far."""
        rows, columns = self.picture.shape[:2]
        total = np.zeros((rows, columns), np.float32)
        for cell_m, strength in ((6.0, 6.0), (1.2, 5.0), (0.3, 5.0), (0.05, 9.0)):
            step = max(int(cell_m * GROUND_PX_PER_M), 1)
            coarse = self.rng.normal(0, strength, (rows // step + 2, columns // step + 2))
            total += cv2.resize(coarse.astype(np.float32), (columns, rows))
        worn = self.picture + total[..., None]
        self.picture = np.clip(worn, 0, 255).astype(np.uint8)

    def laid_under(self, camera: Camera) -> Image:
        """Return the map as the camera sees it, on the drawing canvas."""
        corners = [
            (GROUND_X[0], GROUND_Y[0]),
            (GROUND_X[1], GROUND_Y[0]),
            (8.0, 40.0),
            (-9.0, 40.0),
        ]
        seen = camera.project(np.array([(x, y, 0.0) for x, y in corners]))
        source = self.pixels(corners).astype(np.float32)
        # Drawn larger and shrunk again, or the far markings would alias.
        extra = 3
        warp = cv2.getPerspectiveTransform(source, (seen * extra).astype(np.float32))
        size = (WIDTH * OVERSAMPLE * extra, HEIGHT * OVERSAMPLE * extra)
        large = cv2.warpPerspective(self.picture, warp, size, borderMode=cv2.BORDER_REPLICATE)
        small = cv2.resize(
            large, (size[0] // extra, size[1] // extra), interpolation=cv2.INTER_AREA
        )
        return np.asarray(small, dtype=np.uint8)


def draw_ground(rng: np.random.Generator) -> Ground:
    """Return the map of the junction: a main road and a one-way side road that joins it."""
    ground = Ground(rng)
    near, far = MAIN_ROAD_Y
    ground.paint(GROUND_X, (far, GROUND_Y[1]), PAVING)
    ground.paint(GROUND_X, (far + 3.2, GROUND_Y[1]), GRASS)
    for x in ((GROUND_X[0], STEM_X[0]), (STEM_X[1], GROUND_X[1])):
        ground.paint(x, (GROUND_Y[0], near), PAVING)
    round_corners(ground)
    ground.paint((GROUND_X[0], STEM_X[0] - 4.4), (GROUND_Y[0], near - 5.5), GRASS)
    kerbs(ground)
    ground.weather()
    markings(ground)
    return ground


def round_corners(ground: Ground) -> None:
    """Round the two kerbs where the side road meets the main road."""
    near, radius = MAIN_ROAD_Y[0], CORNER_RADIUS
    low = near - radius
    for edge, side in ((STEM_X[0], -1), (STEM_X[1], 1)):
        middle, end = edge + side * radius, edge + side * 2 * radius
        square, beyond = sorted((edge, middle)), sorted((middle, end))
        ground.paint((square[0], square[1]), (low, near), ASPHALT)
        ground.disc((middle, low), radius, KERB)
        ground.disc((middle, low), radius - 0.25, PAVING)
        ground.paint((beyond[0], beyond[1]), (low - radius, near), PAVING)
        ground.paint((square[0], square[1]), (low - radius, low), PAVING)


def kerbs(ground: Ground) -> None:
    """Draw kerb stones and the joints of the paving."""
    near, far = MAIN_ROAD_Y
    ground.paint(GROUND_X, (far, far + 0.25), KERB)
    for edge, side in ((STEM_X[0], -1), (STEM_X[1], 1)):
        kerb = sorted((edge, edge + side * 0.25))
        ground.paint((kerb[0], kerb[1]), (GROUND_Y[0], near - CORNER_RADIUS), KERB)
        away = edge + side * CORNER_RADIUS
        x = (GROUND_X[0], away) if side < 0 else (away, GROUND_X[1])
        ground.paint(x, (near - 0.25, near), KERB)
    for joint in np.arange(GROUND_X[0], GROUND_X[1], 1.5):
        ground.paint((joint, joint + 0.06), (far + 0.3, far + 3.2), (118, 124, 130))


def markings(ground: Ground) -> None:
    """Draw lane lines, stop lines, turning arrows and the crosswalk."""
    near, far = MAIN_ROAD_Y
    for start in np.arange(GROUND_X[0], GROUND_X[1], 6.0):
        ground.paint((start, start + 3.0), (near + 3.35, near + 3.47), PAINT)
    for line in (6.72, 6.98):
        ground.paint((GROUND_X[0], -6.5), (near + line, near + line + 0.12), PAINT)
        ground.paint((6.5, GROUND_X[1]), (near + line, near + line + 0.12), PAINT)
    ground.paint(GROUND_X, (far - 0.35, far - 0.23), PAINT)
    ground.paint((-0.06, 0.06), (GROUND_Y[0], STOP_LINE_Y), PAINT)
    ground.paint(STEM_X, (STOP_LINE_Y, STOP_LINE_Y + 0.4), PAINT)
    for start in np.arange(STEM_X[0] + 0.25, STEM_X[1] - 0.4, 0.95):
        ground.paint((start, start + 0.5), CROSSWALK_Y, PAINT)
    for x, side in ((-1.55, -1), (1.55, 1)):
        ground.paint((x - 0.09, x + 0.09), (3.1, 6.3), PAINT)
        head = ground.pixels([(x, 6.8), (x + side * 1.0, 6.2), (x, 5.6)])
        cv2.fillConvexPoly(ground.picture, head.astype(np.int32), PAINT)


def facade(width_m: float, height_m: float, colour: Colour, rng: np.random.Generator) -> Image:
    """Return a wall with rows of windows and a shop front."""
    wall = plain(width_m, height_m, colour, rng)
    rows, columns = wall.shape[:2]
    unit = columns / max(round(width_m / 2.6), 1)
    storey = rows / max(round(height_m / 3.0), 1)
    for top in np.arange(0.22 * storey, rows - 0.5 * storey, storey):
        for left in np.arange(0.25 * unit, columns - 0.5 * unit, unit):
            y, x = int(top), int(left)
            pane = wall[y : y + int(0.55 * storey), x : x + int(0.5 * unit)]
            pane[:] = np.array((96, 84, 74)) + int(rng.integers(-25, 40))
            pane[:2], pane[:, :2] = 200, 200
            pane[:, pane.shape[1] // 2] = 190
    wall[int(rows - 0.12 * storey) :] //= 2
    return wall


def building(
    x: tuple[float, float], y: tuple[float, float], height: float, rng: np.random.Generator
) -> list[Face]:
    """Return a house with a random wall colour."""
    bases: tuple[Colour, ...] = ((128, 152, 176), (150, 160, 170), (96, 112, 158), (170, 178, 182))
    colour = bases[int(rng.integers(len(bases)))]
    across, along = x[1] - x[0], y[1] - y[0]
    short, wide = facade(along, height, colour, rng), facade(across, height, colour, rng)
    return box(
        x=x, y=y, z=(0, height), textures=(short, short, wide, wide, plain(4, 4, colour, rng))
    )


def draw_tree(
    canvas: Image, foot: tuple[float, float], height: float, rng: np.random.Generator
) -> None:
    """Draw a tree as a trunk and a crown of many small tufts of leaves."""
    base = np.array([foot[0], foot[1], 0.0])
    ends = CAMERA.project(np.stack([base, base + np.array([0.0, 0.0, 0.6 * height])]))
    scale = abs(ends[1, 1] - ends[0, 1]) / (0.6 * height)
    first, last = ends.astype(int).tolist()
    cv2.line(canvas, first, last, (48, 60, 74), max(int(0.3 * scale), 1), cv2.LINE_AA)
    centre = CAMERA.project(base + np.array([0.0, 0.0, 0.72 * height]))[0]
    for _ in range(420):
        spread = rng.normal(0, 0.13 * height * scale, 2).clip(-0.3 * height * scale, None)
        light = 0.75 - 0.35 * spread[1] / (0.3 * height * scale) + rng.normal(0, 0.13)
        colour = tuple(float(c * max(light, 0.2)) for c in (52, 112, 82))
        radius = max(int(rng.uniform(0.12, 0.3) * scale), 1)
        cv2.circle(canvas, (centre + spread).astype(int).tolist(), radius, colour, -1, cv2.LINE_AA)


def kiosk(x: tuple[float, float], y: tuple[float, float], rng: np.random.Generator) -> list[Face]:
    """Return a kiosk with a shop window; people come from and go behind it."""
    top = 3.7
    colour: Colour = (70, 96, 60)
    wall = plain(x[1] - x[0], top, colour, rng)
    rows, columns = wall.shape[:2]
    inner = slice(int(0.1 * columns), int(0.9 * columns))
    wall[int(0.3 * rows) : int(0.65 * rows), inner] = (120, 130, 140)
    wall[: int(0.18 * rows)] = (60, 120, 190)
    end = plain(y[1] - y[0], top, colour, rng)
    roof = plain(x[1] - x[0], y[1] - y[0], (120, 124, 126), rng)
    return box(x=x, y=y, z=(0, top), textures=(end, end, wall, wall, roof))


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The still picture, what of it stands before all traffic, and where that is (0 or 255)."""

    background: Image
    foreground: Image
    foreground_mask: Image


def draw_place(rng: np.random.Generator) -> Place:
    """Return the empty junction, on the drawing canvas."""
    canvas = draw_ground(rng).laid_under(CAMERA)
    horizon = int(CAMERA.project(np.array([0.0, 1e6, 0.0]))[0, 1])
    canvas[: max(horizon, 0) + 90] = SKY
    houses = [
        building((start, start + width), (33.5, 44.0), height, rng)
        for start, width, height in HOUSES
    ]
    kiosks = [kiosk(x, KIOSK_Y, rng) for x in KIOSKS_X]
    shadow = np.zeros(canvas.shape[:2], np.uint8)
    for solid in houses + kiosks:
        cast_shadow(shadow, CAMERA, solid)
    darken(canvas, shadow)
    for solid in houses:
        draw_solid(canvas, CAMERA, solid)
    for x, height in TREES:
        draw_tree(canvas, (x, 30.9), height, rng)
    front = np.zeros_like(canvas)
    for solid in kiosks:
        draw_solid(front, CAMERA, solid)
    mask = np.where(front.any(axis=2), 255, 0).astype(np.uint8)
    return Place(canvas, front, mask)
