"""What a fit was made with: to plain values and back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from motifmine.errors import SpecError
from motifmine.records.notes import Notes
from motifmine.records.settings import (
    Detection,
    FitSpec,
    Preparation,
    Rate,
    StreamingState,
    sort_plain_values,
)

SPEC = FitSpec(
    settings={"n_motifs": 3, "motif_length": 8},
    preparation=Preparation(counts="sqrt", least_bins=2),
    detection=Detection(false_alarms_per_hour=2.0, least_score=4.5),
    table={"bin_s": 0.25, "roi": [0, 0, 8, 8]},
    notes=Notes(cameras=("b is excluded",), agreement="two of two", findings={"p_values": [0.1]}),
)
STATE = StreamingState(batch_documents=5, rate=Rate(delay=3.0), n_steps=9, passes=2, online=True)


def again(spec: FitSpec) -> FitSpec:
    return FitSpec.from_plain(json.loads(json.dumps(spec.plain(), allow_nan=False)))


@pytest.mark.parametrize("streaming", [None, STATE], ids=["in memory", "streamed"])
def test_settings_come_back_from_plain_values(streaming: StreamingState | None) -> None:
    spec = replace(SPEC, streaming=streaming)
    assert again(spec) == spec


@pytest.mark.parametrize("score", [-np.inf, 0.0, np.inf])
def test_every_threshold_comes_back_without_an_infinity(score: float) -> None:
    spec = replace(SPEC, detection=Detection(least_score=score))
    assert again(spec).detection.least_score == score


def test_settings_of_a_model_alone_are_all_of_the_model() -> None:
    assert FitSpec.from_plain({"n_motifs": 3, "cells": 2}).settings == {"n_motifs": 3, "cells": 2}


def test_what_follows_the_parts_is_notes() -> None:
    found = FitSpec.from_plain({"n_motifs": 3, "preparation": {"counts": "raw"}, "p_values": [0.1]})
    assert found.settings == {"n_motifs": 3} and found.notes == Notes(findings={"p_values": [0.1]})
    assert found.preparation.counts == "raw" and found.detection == Detection()


def test_notes_of_the_same_name_are_replaced_and_others_kept() -> None:
    merged = SPEC.notes.merge(Notes(agreement="none", findings={"r_hat": 1.0}))
    assert merged.agreement == "none" and merged.cameras == SPEC.notes.cameras
    assert merged.findings == {"p_values": [0.1], "r_hat": 1.0}


@pytest.mark.parametrize(
    "values", [{"preparation": {"counts": "cubed"}}, {"detection": {"false_share": 1.0}}]
)
def test_values_out_of_range_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        FitSpec.from_plain(values)


def test_plain_values_are_those_that_json_gives_back() -> None:
    values = {"b": (1, (2, 3)), "a": {"d": None, "c": "x"}}
    assert sort_plain_values(values) == json.loads(json.dumps(values))
    assert list(sort_plain_values(values)["a"]) == ["c", "d"]
