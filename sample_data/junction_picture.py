"""Perspective drawing for the rendered junction: camera, textured solids, people, shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]
Colour = tuple[int, int, int]  # blue, green, red

WIDTH, HEIGHT = 352, 288
OVERSAMPLE = 2  # drawn twice as large as shown; shrinking smooths the edges
TEXTURE_PX_PER_M = 24
SUN = np.array([0.50, 0.22, 0.84])  # unit vector towards the sun
AMBIENT, DIFFUSE = 0.62, 0.46
SHADOW_DARKNESS = 0.5
SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera above the ground plane z = 0; x is east, y north, metres.

    `yaw_deg` turns the view from north towards east, `pitch_deg` tips it down; `focal_px` counts
    pixels of the shown picture.
    """

    position: tuple[float, float, float]
    yaw_deg: float
    pitch_deg: float
    focal_px: float

    def axes(self) -> Floats:
        """Return right, down and forward as the rows of a rotation, shape (3, 3)."""
        yaw, pitch = np.radians([self.yaw_deg, self.pitch_deg])
        right = np.array([np.cos(yaw), -np.sin(yaw), 0.0])
        level = np.array([np.sin(yaw), np.cos(yaw), 0.0])
        forward = level * np.cos(pitch) - np.array([0.0, 0.0, np.sin(pitch)])
        return np.stack([right, np.cross(forward, right), forward])

    def project(self, points: Floats) -> Floats:
        """Return where points (n, 3) in metres appear, as (n, 2) pixels of the drawing canvas."""
        x, y, depth = self.axes() @ (np.atleast_2d(points) - self.position).T
        scale = OVERSAMPLE * self.focal_px / np.maximum(depth, 0.1)
        centre_x, centre_y = OVERSAMPLE * WIDTH / 2, OVERSAMPLE * HEIGHT / 2
        return np.stack([centre_x + scale * x, centre_y + scale * y], axis=1)

    def sees(self, points: Floats) -> NDArray[np.bool_]:
        """Tell for each of the points (n, 3) whether it lies within the picture."""
        x, y = self.project(points).T
        inside_x = (x >= 0) & (x < OVERSAMPLE * WIDTH)
        return np.asarray(inside_x & (y >= 0) & (y < OVERSAMPLE * HEIGHT), dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A textured quadrilateral; corners (4, 3): top left, top right, bottom right, bottom left."""

    corners: Floats
    texture: Image


Solid = Sequence[Face]


def box(
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    z: tuple[float, float],
    textures: Sequence[Image],
    inset: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> list[Face]:
    """Return a box's faces: front (+x), back, left (+y), right, top.

    `inset` draws the top in at the back, at the front and at both sides, in metres, which makes
    a car's cabin of a box. `textures` come in the order of the faces; the side's has its front
    end on the right.
    """
    (x0, x1), (y0, y1), (z0, z1) = x, y, z
    back, front, side = inset
    low = {"bl": (x0, y1, z0), "br": (x0, y0, z0), "fl": (x1, y1, z0), "fr": (x1, y0, z0)}
    xb, xf, yl, yr = x0 + back, x1 - front, y1 - side, y0 + side
    top = {"bl": (xb, yl, z1), "br": (xb, yr, z1), "fl": (xf, yl, z1), "fr": (xf, yr, z1)}
    quads = [
        (top["fr"], top["fl"], low["fl"], low["fr"]),
        (top["bl"], top["br"], low["br"], low["bl"]),
        (top["fl"], top["bl"], low["bl"], low["fl"]),
        (top["br"], top["fr"], low["fr"], low["br"]),
        (top["fl"], top["fr"], top["br"], top["bl"]),
    ]
    return [Face(np.array(quad), texture) for quad, texture in zip(quads, textures, strict=True)]


def placed(solid: Solid, position: Floats, heading: float) -> list[Face]:
    """Return the solid turned by `heading` radians and moved to `position` (x, y)."""
    cos, sin = np.cos(heading), np.sin(heading)
    turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    shift = np.array([position[0], position[1], 0.0])
    return [Face(face.corners @ turn + shift, face.texture) for face in solid]


def draw_solid(canvas: Image, camera: Camera, solid: Solid) -> None:
    """Draw the faces that look at the camera, in the order given, shaded by the sun."""
    for face in solid:
        top_left, top_right, _, bottom_left = face.corners
        normal = np.cross(bottom_left - top_left, top_right - top_left)
        normal /= np.linalg.norm(normal)
        if normal @ (np.array(camera.position) - top_left) <= 0:
            continue
        light = AMBIENT + DIFFUSE * max(0.0, float(normal @ SUN))
        lit = cv2.convertScaleAbs(face.texture, alpha=light)
        draw_texture(canvas, camera.project(face.corners), np.asarray(lit, dtype=np.uint8))


def draw_texture(canvas: Image, quad: Floats, texture: Image) -> None:
    """Draw the texture onto the canvas so that its corners meet the quad (4, 2), in pixels."""
    height, width = canvas.shape[:2]
    x0, y0 = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(quad.max(axis=0)).astype(int) + 1, (width, height))
    if x1 <= x0 or y1 <= y0:
        return
    rows, columns = texture.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=np.float32)
    target = (quad - (x0, y0)).astype(np.float32)
    warp = cv2.getPerspectiveTransform(source, target)
    size = (int(x1 - x0), int(y1 - y0))
    part = cv2.warpPerspective(texture, warp, size, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(mask, fixed_point(target), 255, shift=SUBPIXEL_BITS)
    cv2.copyTo(part, mask, canvas[y0:y1, x0:x1])


def fixed_point(points: ArrayLike) -> NDArray[np.int32]:
    """Return pixel positions in the fixed-point notation of OpenCV's drawing functions."""
    fixed = np.round(np.asarray(points) * 2**SUBPIXEL_BITS)
    return np.asarray(fixed, dtype=np.int32)


def cast_shadow(mask: Image, camera: Camera, solid: Solid) -> None:
    """Mark on the mask the ground that the solid keeps from the sun."""
    corners = np.concatenate([face.corners for face in solid])
    ground = corners - corners[:, 2:] / SUN[2] * SUN
    hull = cv2.convexHull(camera.project(ground).astype(np.float32))
    cv2.fillConvexPoly(mask, fixed_point(hull), 255, shift=SUBPIXEL_BITS)


def darken(canvas: Image, mask: Image) -> None:
    """Darken the canvas in place where the mask (uint8, softened here) is set."""
    x, y, width, height = cv2.boundingRect(mask)
    if width == 0:
        return
    margin = 6
    rows = slice(max(y - margin, 0), y + height + margin)
    columns = slice(max(x - margin, 0), x + width + margin)
    soft = cv2.GaussianBlur(mask[rows, columns], (7, 7), 0)
    kept = np.asarray(255 - SHADOW_DARKNESS * soft, dtype=np.uint8)
    factor = cv2.cvtColor(kept, cv2.COLOR_GRAY2BGR)
    canvas[rows, columns] = cv2.multiply(canvas[rows, columns], factor, scale=1 / 255)


def plain(width_m: float, height_m: float, colour: Colour, rng: np.random.Generator) -> Image:
    """Return a texture of one slightly mottled colour, of the given size in metres."""
    rows, columns = (max(round(m * TEXTURE_PX_PER_M), 4) for m in (height_m, width_m))
    coarse = rng.normal(0.0, 2.5, (rows // 8 + 2, columns // 8 + 2)).astype(np.float32)
    mottle = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)
    grain = mottle + rng.normal(0.0, 2.0, (rows, columns))
    return np.clip(np.array(colour) + grain[..., None], 0, 255).astype(np.uint8)
