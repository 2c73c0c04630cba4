"""Collections of aeon and sktime to motifmine and back, with the real packages.

    python .ci/try_collections.py

Both must be installed, which the lowest versions of what motifmine needs allow, and the newest not.
"""

import numpy as np
from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier
from aeon.utils.validation.collection import get_n_cases, get_type
from sktime.datatypes import check_is_scitype, convert

import motifmine as mm


def main() -> None:
    """Try what docs/python.md says of both."""
    rng = np.random.default_rng(0)
    collection = rng.poisson(0.05, (40, 3, 60)).astype(float)
    for case, start in zip(collection[:20], rng.integers(0, 50, 20), strict=True):
        case[np.arange(3), start + np.arange(3)] += 3
    label = np.arange(40) < 20

    documents = list(collection.transpose(0, 2, 1))
    fit = mm.Plsm(n_motifs=1, motif_length=3).fit(documents)
    features = np.stack(fit.transform(documents)).transpose(0, 2, 1)
    # aeon takes what comes out as one of its collections, and tells cases by the motif
    assert (get_type(features), get_n_cases(features)) == ("numpy3D", 40)
    largest = features.max(axis=2, keepdims=True)
    classifier = KNeighborsTimeSeriesClassifier(distance="euclidean").fit(largest, label)
    assert classifier.score(largest, label) > 0.95

    # sktime's panels of data frames are documents as they are
    assert check_is_scitype(features, "Panel")
    panel = convert(collection, "numpy3D", "df-list", "Panel")
    again = mm.Plsm(n_motifs=1, motif_length=3).fit(panel)
    assert np.array_equal(again.motifs.probability, fit.motifs.probability)
    print("aeon and sktime: ok")


if __name__ == "__main__":
    main()
