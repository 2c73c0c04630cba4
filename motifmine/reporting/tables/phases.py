"""Phases of a scene as text and JSON; motifs and states count from 1."""

import math

from motifmine.analysis.phases import Phases
from motifmine.durations import format_seconds
from motifmine.records.fit import FitRecord
from motifmine.reporting.tables.encoding import encode_json
from motifmine.reporting.text_table import text_table


def format_phases_text(record: FitRecord, phases: Phases) -> str:
    """Return the cycle as a sentence, then tables of motifs, states and of what follows what."""
    parts = [phases.sentence]
    if phases.cycle is not None and phases.cycle.is_significant:
        parts.append(_motif_table(record, phases))
    # a single state is never left
    if len(phases.states.rate) > 1:
        parts.append(_state_table(record, phases))
    rows = [
        (
            record.title_of(one.first),
            record.title_of(one.second),
            f"{100 * one.probability:.0f} %",
            format_seconds(one.delay_s),
        )
        for one in phases.followers
    ]
    if rows:
        parts.append(text_table(("after", "next", "in", "median delay"), rows))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _motif_table(record: FitRecord, phases: Phases) -> str:
    cycle = phases.cycle
    assert cycle is not None
    rows = [
        (
            record.title_of(motif),
            "yes" if cycle.shares[motif] else "no",
            format_seconds(cycle.phase[motif] * cycle.period_s) if cycle.shares[motif] else "",
            format_seconds(cycle.spread[motif] * cycle.period_s) if cycle.shares[motif] else "",
            f"{cycle.motif_p[motif]:.3f}",
        )
        for motif in range(len(record.motifs))
    ]
    return text_table(("motif", "in the cycle", "phase", "spread", "p"), rows)


def _state_table(record: FitRecord, phases: Phases) -> str:
    states = phases.states
    rows = []
    for state in range(len(states.rate)):
        following = int(states.transition[state].argmax())
        share = float(states.transition[state, following])
        rows.append(
            (
                str(state + 1),
                ", ".join(
                    record.title_of(motif)
                    for motif in range(len(record.motifs))
                    if phases.state_of_motif[motif] == state
                ),
                _format_seen(states.duration_s[state], record),
                " - ".join(
                    _format_seen(s[state], record)
                    for s in (states.duration_low_s, states.duration_high_s)
                ),
                f"{following + 1} ({100 * share:.0f} %)" if share > 0 else "",
            )
        )
    columns = ("state", "motifs that start most", "mean duration", "95 %", "next")
    return text_table(columns, rows)


def _seen(seconds: float, record: FitRecord) -> float:
    """Return a duration, infinite where it is longer than everything recorded.

    The end of such a state was hardly seen, and its mean follows from a probability near 0.
    """
    return float(seconds) if seconds <= record.duration_s() else math.inf


def _format_seen(seconds: float, record: FitRecord) -> str:
    if math.isinf(_seen(seconds, record)):
        return f"over {format_seconds(record.duration_s())}"
    return format_seconds(seconds)


def format_phases_json(record: FitRecord, phases: Phases) -> str:
    """Return the same as a JSON object."""
    cycle, states = phases.cycle, phases.states
    found = {
        "sentence": phases.sentence,
        "period_s": None if cycle is None else cycle.period_s,
        "p_value": None if cycle is None else cycle.p_value,
        "is_significant": cycle is not None and cycle.is_significant,
        "groups": [[motif + 1 for motif in group] for group in phases.groups],
        "motifs": [
            {
                "motif": motif + 1,
                "name": record.name_of(motif),
                "state": int(phases.state_of_motif[motif]) + 1,
                "in_cycle": cycle is not None and bool(cycle.shares[motif]),
                "phase": None if cycle is None else float(cycle.phase[motif]),
                "p_value": None if cycle is None else float(cycle.motif_p[motif]),
            }
            for motif in range(len(record.motifs))
        ],
        "states": [
            {
                "state": state + 1,
                "duration_s": _seen(states.duration_s[state], record),
                "duration_low_s": _seen(states.duration_low_s[state], record),
                "duration_high_s": _seen(states.duration_high_s[state], record),
                "next": states.transition[state].tolist(),
            }
            for state in range(len(states.rate))
        ],
        "followers": [
            {
                "first": one.first + 1,
                "second": one.second + 1,
                "probability": one.probability,
                "delay_s": one.delay_s,
            }
            for one in phases.followers
        ],
    }
    return encode_json(found)
