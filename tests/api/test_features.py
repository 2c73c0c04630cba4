"""Motif activations as features, as scikit-learn expects them of a transformer."""

import numpy as np
import pytest

from motifmine.api.features import MotifFeatures
from motifmine.errors import DataError


@pytest.mark.long
def test_it_is_a_transformer_of_scikit_learn() -> None:
    # slow to import, and every process of the tests collects this module
    from sklearn.utils.estimator_checks import check_estimator

    estimator = MotifFeatures(n_motifs=2, motif_length=3)
    # the array interface is checked only where SCIPY_ARRAY_API is set
    checks = check_estimator(estimator, on_skip=None)
    assert {check["status"] for check in checks} <= {"passed", "skipped"}
    assert len(checks) > 30


def test_features_separate_cases_with_a_motif_from_those_without() -> None:
    rng = np.random.default_rng(3)
    cases = rng.poisson(0.05, (40, 30, 4)).astype(float)
    for case, start in zip(cases[:20], rng.integers(0, 24, 20), strict=True):
        for lag in range(4):
            case[start + lag, lag] += 3
    found = MotifFeatures(n_motifs=2, motif_length=4, n_words=4).fit_transform(
        cases.reshape(40, -1)
    )
    best = found[:, found[:20].mean(axis=0).argmax()]
    assert best[:20].min() > best[20:].max()


def test_columns_are_whole_time_bins() -> None:
    with pytest.raises(DataError, match="no whole number of time bins of 3 words"):
        MotifFeatures(n_words=3).fit(np.ones((4, 8)))
