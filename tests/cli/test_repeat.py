"""The line in a report that repeats a fit, for every model and every option."""

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.io.hdf5.store import read_fit, write_table
from motifmine.models.options import options_of
from motifmine.models.registry import all_entries, settings_of
from motifmine.models.request import FitRequest
from motifmine.records.fit import FitRecord
from motifmine.reporting.html.sections.provenance import format_repeat_command
from motifmine.simulation import simulate
from motifmine.workflows.workspace import Workspace

Run = Callable[..., Result]

COMMON = (
    *("--motif-length", "7bins", "--counts", "sqrt", "--false-alarms", "30", "--seed", "7"),
    *("--time-zone", "Asia/Tokyo"),
)
UNUSUAL = {
    "plsm, sparse": (
        *("--model", "plsm", "--motifs", "3", "--topics", "9", "--stability", "2"),
        *("--activity", "sparse", "--start", "search", "--restarts", "1", "--rounds", "3"),
        *("--iterations", "11", "--sparsity", "1.5", "--background", "0.05"),
        "--keep-surplus",
    ),
    "plsm, dense": (
        *("--model", "plsm", "--motifs", "3", "--activity", "dense", "--start", "random"),
        *("--restarts", "3", "--iterations", "9", "--background", "off"),
    ),
    "plsm, sizes left to the data": (
        *("--model", "plsm", "--motif-length", "auto", "--activity", "sparse", "--rounds", "1"),
        *("--motifs", "2", "--restarts", "1", "--iterations", "5", "--tempo", "auto"),
    ),
    "plsm, online": (
        *("--model", "plsm", "--motifs", "2", "--online", "--passes", "2"),
        *("--batch-documents", "1", "--rounds", "2", "--restarts", "1"),
    ),
    "plsm, streamed": (
        *("--model", "plsm", "--motifs", "2", "--stream", "--iterations", "6", "--rounds", "2"),
        *("--background", "learned", "--restarts", "1"),
    ),
    "hdlsm": (
        *("--model", "hdlsm", "--topics", "8", "--chains", "2", "--starts", "2"),
        *("--sweeps", "30", "--burn-in", "12", "--count-scale", "0.5", "--background", "off"),
        *("--fix-hyperparameters",),
    ),
    "hdlsm, in groups": (
        *("--model", "hdlsm", "--groups", "2", "--chains", "1", "--starts", "1"),
        *("--sweeps", "30", "--topics", "off"),
    ),
    "tcae": (
        *("--model", "tcae", "--motifs", "5", "--topics", "9", "--epochs", "4", "--device", "cpu"),
        *("--adversarial-training", "0.1"),
    ),
    "plsm, variational": (
        *("--model", "plsm", "--motifs", "2", "--inference", "vb", "--iterations", "6"),
        *("--rounds", "2", "--restarts", "1"),
    ),
    "gru, without a length of motifs": (
        "--model",
        "gru",
        "--units",
        "5",
        "--epochs",
        "2",
        "--device",
        "cpu",
    ),
    "infogan": (
        *("--model", "infogan", "--motifs", "3", "--steps", "30", "--loss", "non-saturating"),
        *("--gradient-penalty", "1", "--device", "cpu"),
    ),
    "cgan, without a length of motifs": (
        *("--model", "cgan", "--base", "motifmine-work/fits/base.h5", "--steps", "20"),
    ),
    "hsmm, without a length of motifs": ("--model", "hsmm", "--states", "3", "--stability", "2"),
}
"""Options of fits, none of which is as it comes."""
LONGEST = [pytest.mark.long, pytest.mark.release]


def test_every_option_that_a_fit_can_be_repeated_with_is_tried() -> None:
    tried = {word for line in UNUSUAL.values() for word in (*COMMON, *line)}
    own = [option for entry in all_entries().values() for option in settings_of(entry)]
    options = [option for option in (*options_of(FitRequest), *own) if option.setting.repeats]
    assert [o.flag for o in options if not tried & {o.flag, o.setting.negative}] == []


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=LONGEST * (case == "infogan")) for case in UNUSUAL],
)
def test_the_line_of_a_report_makes_the_same_fit(case: str, motifmine: Run) -> None:
    table = simulate(
        n_motifs=2, motif_length=6, n_words=12, n_times=150, n_documents=2, seed=3
    ).table
    workspace = Workspace(Path("motifmine-work"))
    for document, recording in enumerate(table.recordings):
        write_table(workspace.table_path(recording.name), table.document(document))
    if "--base" in UNUSUAL[case]:
        base = ("--model", "plsm", "--motifs", "2", "--motif-length", "6bins", "--name", "base")
        assert motifmine("fit", *base).exit_code == 0
    common = COMMON[2:] if "without a length" in case else COMMON
    first = motifmine("fit", *common, *UNUSUAL[case], "--name", "first")
    assert first.exit_code == 0, first.stderr
    one = read_fit(workspace.fit_path("first"))
    words = shlex.split(format_repeat_command(one))
    assert words[:2] == ["motifmine", "fit"]
    again = motifmine(*words[1:], "--name", "again")
    assert again.exit_code == 0, again.stderr
    assert_same(one, read_fit(workspace.fit_path("again")))
    assert format_repeat_command(read_fit(workspace.fit_path("again"))) == format_repeat_command(
        one
    )


def assert_same(one: FitRecord, other: FitRecord) -> None:
    for part, names in {
        "motifs": ("probability", "weight"),
        "background": ("probability",),
        "activations": ("offsets", "start", "motif", "mass"),
        "occurrences": ("document", "start_bin", "motif", "weight", "score"),
        "trace": ("log_likelihood",),
        "stability": ("similarity", "share"),
        "drift": ("similarity",),
    }.items():
        ours, theirs = getattr(one, part), getattr(other, part)
        assert (ours is None) == (theirs is None)
        for name in names if ours is not None else ():
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    spec, again = one.provenance.spec, other.provenance.spec
    assert dict(spec.settings) == dict(again.settings)
    assert (spec.preparation, spec.detection) == (again.preparation, again.detection)
    assert spec.streaming == again.streaming
    assert (one.provenance.seed, one.time_zone) == (other.provenance.seed, other.time_zone)
    assert one.vocabulary.labels == other.vocabulary.labels
