"""Clusters, and their replication in another half."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from motifmine.models.plsm.clusters import Draws, adjusted_rand, kmeans, nearest, replication
from motifmine.seeding import generator


def blobs(n_each: int, centres: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = generator(seed)
    return np.concatenate([rng.normal(c, 1.0, (n_each, len(c))) for c in centres])


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_rand_is_that_of_scikit_learn(seed: int) -> None:
    rng = generator(seed)
    left, right = rng.integers(0, 4, 50), rng.integers(0, 3, 50)
    assert adjusted_rand(left, right) == pytest.approx(adjusted_rand_score(left, right))
    assert adjusted_rand(left, left) == pytest.approx(1)


def test_clusters_that_lie_apart_are_found_and_replicate() -> None:
    points = blobs(20, np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0]]))
    label, centres = kmeans(points, 3, Draws.of(60, 3, generator(0)))
    assert adjusted_rand(label, np.repeat([0, 1, 2], 20)) == pytest.approx(1)
    np.testing.assert_array_equal(nearest(points, centres), label)
    assert replication(points, 3, 0.7, generator(1)) > 0.95


@pytest.mark.statistical
def test_clusters_of_one_cloud_do_not_replicate() -> None:
    points = generator(3).normal(size=(60, 20))
    assert max(replication(points, k, 0.0, generator(0)) for k in (2, 3, 4)) < 0.5


def test_equal_points_are_one_cluster_and_too_few_do_not_replicate() -> None:
    label, _ = kmeans(np.ones((5, 2)), 2, Draws.of(5, 2, generator(0)))
    assert len(label) == 5
    assert replication(np.ones((4, 2)), 3, 0.7, generator(0)) == 0.0
