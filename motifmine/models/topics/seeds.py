"""Where topics begin: at words that go together, far from one another."""

import numpy as np

from motifmine.models.topics.windows import Windows
from motifmine.types import Floats, Floats32

N_CANDIDATES = 4
"""Words that are tried for each seed."""
SHARPNESS = 8
"""Power of the similarity to a seed word with which words belong to its topic."""
EVEN_SHARE = 0.1
"""Share of the words as they come overall in every beginning topic: nothing is impossible."""


def seeded_loadings(windows: Windows, n_topics: int, rng: np.random.Generator) -> Floats32:
    """Return loadings to begin EM with, float32 array (topic, word), each sums to 1.

    Two words are similar when they come in the same windows (cosine of their counts). Seed words
    are drawn as k-means++ draws centres, each the best of a few: far from those that are there, and
    many words near. A topic begins as the words similar to its seed.

    Notes
    -----
    Windows as seeds, which is the usual choice, hold whatever goes on at one time in the whole
    picture. Words that come together are neighbours that move alike, so that topics begin, and
    stay, local.
    """
    import scipy.sparse  # noqa: PLC0415 - heavy

    by_window = scipy.sparse.csr_matrix(
        (windows.count.astype(np.float64), windows.word, windows.offsets),
        shape=(len(windows), windows.n_words),
    )
    weight: Floats = np.asarray(by_window.sum(axis=0)).ravel()
    length = np.sqrt(np.asarray(by_window.multiply(by_window).sum(axis=0)).ravel())
    unit = (by_window @ scipy.sparse.diags(1 / length)).T.tocsr()
    nearest = np.zeros(windows.n_words)
    loadings = np.empty((n_topics, windows.n_words), np.float32)
    for topic in range(n_topics):
        chance = weight * np.maximum(1 - nearest, 0) ** 2
        if chance.sum() <= 0:
            chance = weight
        tried = rng.choice(len(weight), N_CANDIDATES, p=chance / chance.sum())
        similar = np.asarray((unit @ unit[tried].T).todense()).T
        gains = (weight * np.maximum(nearest, similar)).sum(axis=1)
        best = similar[int(gains.argmax())]
        nearest = np.maximum(nearest, best)
        alike = weight * best**SHARPNESS
        even = EVEN_SHARE * weight / weight.sum()
        loadings[topic] = (1 - EVEN_SHARE) * alike / alike.sum() + even
    return loadings
