"""Render two clips of the junction in which odd things happen, with the truth of what and when.

Run it as ``python sample_data/render_odd_events.py``: it writes ``odd/*.mp4`` and
``odd_events.csv`` beside itself. Odd are a car on the wrong side, a car that stands in its lane, a
person who runs across the road, and a silence without any traffic.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from junction_place import draw_place
from junction_traffic import PATH_STEP_M, WALKER, Passage, Route, draw_passages, routes, straight
from render_junction import CLIP_S, SEED, render, seen_span, write_truth, write_video

ODD_STREAM = 1000
"""Offset of the seeds of these clips from those of the ordinary ones."""
WRONG_WAY, STANDING, RUNNER, SILENCE = "wrong_way", "standing_car", "runner", "silence"
PLANS = {
    "junction_odd_202603150800": ((WRONG_WAY, 5.0), (STANDING, 15.0), (RUNNER, 43.0)),
    "junction_odd_202603150815": ((RUNNER, 4.0), (SILENCE, 14.0), (WRONG_WAY, 42.0)),
}
"""What happens in each clip, from when on, seconds."""
SILENCE_S = 18.0
STANDING_S = 14.0


def main() -> None:
    """Render the clips and write the truth."""
    here = Path(__file__).parent
    (here / "odd").mkdir(exist_ok=True)
    place = draw_place(np.random.default_rng(np.random.SeedSequence(SEED)))
    spans = [(route, seen_span(route, place)) for route in routes()]
    spans_by_label = {route.label: span for route, span in spans}
    rows: list[tuple[str, str, str, str]] = []
    for number, (name, plan) in enumerate(PLANS.items()):
        rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(ODD_STREAM + number,)))
        odd = [event(kind, start, spans_by_label, rng) for kind, start in plan if kind != SILENCE]
        quiet = [(start, start + SILENCE_S) for kind, start in plan if kind == SILENCE]
        passages = [
            passage
            for passage in draw_passages(spans, CLIP_S, rng, planned=odd)
            if not any(passage.start_s < end and passage.end_s > start for start, end in quiet)
        ]
        write_video(here / "odd" / f"{name}.mp4", render(place, passages, rng))
        seen = [(each.route.label, each.start_s, each.end_s) for each in odd]
        seen += [(SILENCE, start, end) for start, end in quiet]
        rows += [(name, label, f"{start:.2f}", f"{end:.2f}") for label, start, end in sorted(seen)]
        sys.stderr.write(f"{name}: {len(passages)} passages, {len(seen)} odd events\n")
    write_truth(here / "odd_events.csv", rows)


def event(
    kind: str,
    start_s: float,
    spans: dict[str, tuple[float, float]],
    rng: np.random.Generator,
) -> Passage:
    """Return an odd passage that is first seen at `start_s`."""
    ordinary = {route.label: route for route in routes()}
    if kind == STANDING:
        passage = along(ordinary["eastbound_far"], spans["eastbound_far"], start_s, "saloon", rng)
        middle = passage.first_m + 0.55 * (spans["eastbound_far"][1] - passage.first_m)
        return replace(
            renamed(passage, STANDING),
            end_s=passage.end_s + STANDING_S,
            pause_at_m=middle,
            pause_s=STANDING_S,
        )
    if kind == WRONG_WAY:
        route, (first, last) = ordinary["eastbound_near"], spans["eastbound_near"]
        back = replace(route, path=route.path[::-1].copy())
        length = PATH_STEP_M * (len(route.path) - 1)
        span = (length - last, length - first)
        return renamed(along(back, span, start_s, "saloon", rng), WRONG_WAY)
    run = replace(
        ordinary["crosswalk_to_east"], path=straight((-4.6, 15.2), (15.0, 28.0)), speed_m_per_s=4.6
    )
    return renamed(along(run, (0.5, 22.5), start_s, WALKER, rng), RUNNER)


def along(
    route: Route, span: tuple[float, float], start_s: float, kind: str, rng: np.random.Generator
) -> Passage:
    """Return a passage over the metres `span` of a route."""
    return Passage(
        route=route,
        kind=kind,
        start_s=start_s,
        end_s=start_s + (span[1] - span[0]) / route.speed_m_per_s,
        first_m=span[0],
        speed_m_per_s=route.speed_m_per_s,
        shift_m=0.0,
        look_seed=int(rng.integers(2**31)),
    )


def renamed(passage: Passage, label: str) -> Passage:
    """Return the passage with another label."""
    return replace(passage, route=replace(passage.route, label=label))


if __name__ == "__main__":
    main()
