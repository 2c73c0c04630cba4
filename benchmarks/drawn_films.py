"""Films drawn to look like none of the rendered scenes, whose passages are known.

A belt carries things close behind one another on a path that takes seconds, of which half are
faint: neither nearness nor size says whether a thing is one.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

Rows = list[tuple[str, str, float]]
"""Film, label and start of what passes, seconds."""

WIDTH, HEIGHT, RATE, SECONDS = 320, 240, 25, 60
BELTS = {"slow": (70, 55.0), "fast": (120, 120.0), "back": (170, -80.0)}
"""Row of each belt in the picture, and its speed, pixels a second."""
GREYS = 25, 110, 180, 240
"""Of things on belts of grey 60."""


def draw_conveyor(path: Path, rng: np.random.Generator) -> Rows:
    """Write a film of three belts with bottles and boxes; return when each enters the picture."""
    ground = np.full((HEIGHT, WIDTH), 140, dtype=np.float32)
    for side in (12, 60):
        coarse = rng.normal(0, 9, (HEIGHT // side + 2, WIDTH // side + 2)).astype(np.float32)
        ground += cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    things, rows = [], []
    for label, (y, speed) in BELTS.items():
        ground[y - 18 : y + 18] = 60
        start = rng.exponential(2.0) - 3
        while start < SECONDS:
            things.append((start, y, speed, int(rng.choice(GREYS)), int(rng.integers(7, 13))))
            rows += [(path.stem, label, start)] if start > 0 else []
            start += 0.9 + rng.exponential(2.0)
    noise = rng.normal(0, 4, (HEIGHT + 40, WIDTH + 40)).astype(np.float32)
    with av.open(str(path), "w") as film:
        stream: Any = film.add_stream("libx264", rate=RATE, options={"crf": "25"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(SECONDS * RATE):
            picture = ground.copy()
            for start, y, speed, grey, size in things:
                x = speed * (index / RATE - start) - 30
                centre = (round(x if speed > 0 else WIDTH + 60 + x), y)
                cv2.circle(picture, centre, size, grey, -1, cv2.LINE_AA)
                cv2.circle(picture, centre, size // 2, 30, -1, cv2.LINE_AA)
            down, right = rng.integers(0, 40, 2)
            picture += noise[down : down + HEIGHT, right : right + WIDTH]
            seen = np.clip(picture, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(seen, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return rows


DRAWN: dict[str, tuple[Callable[[Path, np.random.Generator], Rows], str, int, str]] = {
    "conveyor": (draw_conveyor, "7s", 3, "500ms"),
}
"""How each film is drawn; length and number of its motifs, and tolerance."""
