"""Tables at the ends of what can be: every model fits them soundly, or refuses them in a line."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import motifmine as mm
from motifmine.errors import MotifmineError
from motifmine.models.checks import MOST_OBSERVATIONS
from motifmine.models.registry import OWN
from motifmine.records.table import ObservationTable
from motifmine.types import Floats
from motifmine.workflows.fit_topics import project_on_topics
from tests.helpers.tables import table_of_rows

SETTINGS: dict[str, dict[str, Any]] = {
    "plsm": {"n_motifs": 2, "motif_length": 4, "restarts": 1, "iterations": 20},
    "hdlsm": {"motif_length": 4, "chains": 1, "sweeps": 20, "burn_in": 10},
    "hsmm": {"n_states": 3},
    "hmm": {"n_states": 3},
    "tcae": {"n_motifs": 3, "motif_length": 4, "epochs": 10},
    "infogan": {"n_motifs": 2, "motif_length": 4, "steps": 5},
    "dcgan": {"motif_length": 4, "steps": 5},
    "bigan": {"motif_length": 4, "steps": 5},
    "alad": {"motif_length": 4, "steps": 5},
    "gru": {"units": 4, "epochs": 3},
    "lstm": {"units": 4, "epochs": 3},
}
QUICK = ("plsm", "hdlsm", "hsmm", "hmm")
SLOW = ("infogan", "dcgan", "bigan", "alad")
RELEASE = (pytest.mark.long, pytest.mark.release)
MARKS = {name: RELEASE if name in SLOW else RELEASE[: name not in QUICK] for name in SETTINGS}
MODELS = [pytest.param(name, marks=MARKS[name]) for name in SETTINGS]


def test_every_model_is_tried() -> None:
    # cgan takes a fit of another model, with the tables of that
    assert set(SETTINGS) == set(OWN) - {"cgan"}


def recurring(scale: float = 1.0) -> Floats:
    """Return counts (160, 4) of a motif of four bins among chance, times a factor."""
    counts = np.random.default_rng(0).poisson(0.05, (160, 4)).astype(float)
    for start in range(3, 154, 12):
        counts[start + np.arange(4), np.arange(4)] += 3
    return counts * scale


def with_one(value: float) -> Floats:
    counts = recurring()
    counts[50, 1] = value
    return counts


def one_observation() -> Floats:
    counts = np.zeros((160, 4))
    counts[80, 2] = 1
    return counts


SOUND: dict[str, Callable[[], Any]] = {
    "as_many_as_may_be": lambda: recurring(0.9 * MOST_OBSERVATIONS / recurring().sum()),
    "one_large": lambda: with_one(1e9),
    "one_tiny": lambda: with_one(1e-38),
    "one_word": lambda: recurring()[:, :1],
    "a_document_shorter_than_a_motif": lambda: [recurring(), np.ones((3, 4))],
    "a_document_without_observations": lambda: [recurring(), np.zeros((50, 4))],
    "copies_of_a_document": lambda: [recurring()] * 3,
}
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "tiny": (lambda: recurring(1e-38), "less than one"),
    "subnormal": (lambda: recurring(1e-42), "less than one"),
    "huge": (lambda: recurring(3e37), "more than 1e"),
    "one_huge": (lambda: with_one(1e30), "more than 1e"),
    "beyond_float32": (lambda: recurring(1e300), "positive and finite"),
    "nothing": (lambda: np.zeros((30, 2)), "no observations"),
}
UNCLEAR: dict[str, Callable[[], Any]] = {
    "one_observation": one_observation,
    "one_bin": lambda: np.ones((1, 4)),
    "all_documents_shorter_than_a_motif": lambda: [np.ones((3, 4))] * 2,
}
"""A model may have something to say, or not."""


def check(fit: mm.Fit) -> None:
    """Fail unless all numbers of a fit are finite, and what must sum to 1 does."""
    record = fit.record
    assert np.isfinite(fit.motifs.probability).all() and np.isfinite(record.log_likelihood)
    assert fit.motifs.probability.sum((1, 2)) == pytest.approx(np.ones(len(fit.motifs)), abs=1e-3)
    assert record.background.probability.min() >= 0
    assert record.background.probability.sum() == pytest.approx(1, abs=1e-3)
    assert fit.motifs.weight.sum() + record.background.weight == pytest.approx(1, abs=0.01)
    assert np.isfinite(record.occurrences.weight).all()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("table", SOUND)
def test_a_fit_is_sound(table: str, model: str) -> None:
    settings = SETTINGS[model]
    if model == "hdlsm" and table in ("as_many_as_may_be", "one_large"):
        settings = {**settings, "count_scale": 1e-9}  # a few hundred tokens: a test has to be quick
    try:
        check(mm.fit_model(model, SOUND[table](), **settings))
    except MotifmineError as error:
        # training may find nothing, and says so
        assert model == "tcae" and "survived" in str(error)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("table", REFUSED)
def test_what_are_no_counts_is_refused(table: str, model: str) -> None:
    data, message = REFUSED[table]
    with np.errstate(over="ignore"), pytest.raises(MotifmineError, match=message) as raised:
        mm.fit_model(model, data(), **SETTINGS[model])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("table", UNCLEAR)
def test_next_to_nothing_is_fitted_or_refused(table: str, model: str) -> None:
    try:
        check(mm.fit_model(model, UNCLEAR[table](), **SETTINGS[model]))
    except MotifmineError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("table", ["one_large", "one_tiny", "one_word", "copies_of_a_document"])
def test_topics_are_sound(table: str) -> None:
    words = mm.Table.from_array(SOUND[table]())
    found = project_on_topics(words, 1, counts="raw", seed=0, on_message=None)
    assert np.isfinite(found.count).all()
    assert found.total == pytest.approx(words.total, rel=1e-3)


def sparse_table(n_times: int, n_words: int) -> ObservationTable:
    """Return 75 occurrences of a motif of four words in a long recording with many words."""
    rng = np.random.default_rng(0)
    start = np.sort(rng.choice(n_times // 10, 75, replace=False)) * 10
    words = np.linspace(0, n_words - 1, 4).astype(int)
    return table_of_rows(
        np.concatenate([start + lag for lag in range(4)]),
        np.repeat(words, 75),
        n_times=n_times,
        n_words=n_words,
        name="long",
    )


@pytest.mark.parametrize(
    "model",
    [name if name == "plsm" else pytest.param(name, marks=pytest.mark.long) for name in SETTINGS],
)
def test_few_observations_among_a_million_words(model: str) -> None:
    fit = mm.fit_model(model, sparse_table(2000, 1_000_000), **SETTINGS[model])
    check(fit)
    assert fit.motifs.n_words == 1_000_000 == len(fit.record.vocabulary.labels)
    if model in ("plsm", "hdlsm"):
        assert (len(fit.motifs), len(fit.occurrences)) == (1, 75)


# training of a network takes windows from anywhere: most of them are empty
@pytest.mark.parametrize("model", ["plsm", pytest.param("alad", marks=pytest.mark.long)])
def test_few_observations_among_many_bins(model: str) -> None:
    fit = mm.fit_model(model, sparse_table(50_000, 4), **SETTINGS[model])
    check(fit)
    assert len(fit.occurrences) == (75 if model == "plsm" else 0)


@pytest.mark.parametrize("model", ["hsmm", "hdlsm"])
def test_words_that_were_dropped_come_back(model: str) -> None:
    fit = mm.fit_model(model, sparse_table(2000, 20_000), **SETTINGS[model])
    check(fit)
    assert fit.motifs.n_words == 20_000
    # a word that never occurred does not make a recording impossible
    other = np.zeros((40, 20_000))
    other[5, 17] = other[20, 0] = 1
    assert np.isfinite(fit.score(other))
