"""Topic models by name: what learns a layer of topics, and how a stored layer meets new recordings.

PLSA is our own (`motifmine.models.topics.plsa`); LDA, NMF and PCA are those of scikit-learn, HDP
that of tomotopy. All learn from the same windows. A layer is its loadings (and, for PCA, two
numbers a topic), so that it can be applied by whoever holds a table, without what learned it.
"""

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Literal, get_args

import numpy as np

from motifmine.errors import MissingExtraError, SpecError
from motifmine.models.topics.pca_scores import project_by_scores, signed_topics
from motifmine.models.topics.plsa import Plsa, check_windows, project_by_shares
from motifmine.models.topics.windows import Windows, cut_windows, window_bins_of
from motifmine.progress import Progress
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Topics
from motifmine.seeding import generator, resolve_seed
from motifmine.types import Floats

TopicModel = Literal["plsa", "lda", "nmf", "pca", "hdp"]
TOPIC_MODELS: tuple[TopicModel, ...] = get_args(TopicModel)

LDA_BATCH = 5_000
"""Above so many windows LDA learns from parts of them at a time."""
ITERATIONS = {"plsa": 200, "lda": 100, "nmf": 200, "pca": 1, "hdp": 200}
HDP_TOKENS = 300_000
"""Observations that HDP samples at most; more are thinned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """Which topics are to be learned."""

    model: TopicModel = "plsa"
    n_topics: int = 40
    """Number of topics, > 0; for `pca` even, for `hdp` at most."""
    iterations: int | None = None
    """Iterations at most (`hdp`: sweeps), > 0; None: as `ITERATIONS` says, `pca` needs none."""
    window_bins: int | None = None
    """Time bins of the windows to learn from, > 0; None: as many as last a second."""
    most_windows: int = 10_000
    """Of more windows so many are taken, evenly spread, > 0."""

    def __post_init__(self) -> None:
        if self.model not in TOPIC_MODELS:
            raise SpecError(
                f"there is no topic model {self.model!r}; choose one of {', '.join(TOPIC_MODELS)}"
            )
        for name in ("n_topics", "iterations", "window_bins", "most_windows"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SpecError(f"{name} is {value}; it must be 1 or more")
        if self.model == "pca" and self.n_topics % 2:
            raise SpecError(
                f"n_topics is {self.n_topics}; pca makes two topics of each component, one for "
                "either sign, so the number must be even"
            )


def learn_topics(
    table: ObservationTable,
    spec: TopicSpec,
    *,
    seed: int | None = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Topics:
    """Return topics over the words of `table`, heaviest first (those of PCA in pairs).

    Parameters
    ----------
    table : ObservationTable
        Counts prepared, see `motifmine.records.settings`.
    spec : TopicSpec
    seed : int or None
    on_progress : callable or None
        Called with a `Progress` now and then; only by PLSA.

    Raises
    ------
    DataError
        When there are fewer words or windows than topics.
    MissingExtraError
        When the model is another package's, which is not installed.
    """
    spec = replace(spec, iterations=spec.iterations or ITERATIONS[spec.model])
    if spec.model == "plsa":
        plsa = Plsa(
            n_topics=spec.n_topics,
            iterations=spec.iterations or 1,
            window_bins=spec.window_bins,
            most_windows=spec.most_windows,
        )
        return plsa.fit(table, seed=seed, on_progress=on_progress).topics
    learn = {"lda": _lda, "nmf": _nmf, "hdp": _hdp, "pca": _pca}[spec.model]
    library = require_package(spec.model)
    window_bins = window_bins_of(table, spec.window_bins)
    windows = cut_windows(table, window_bins, spec.most_windows)
    check_windows(windows, 1 if spec.model == "hdp" else spec.n_topics)
    chance = int(generator(resolve_seed(seed)).integers(1 << 31))
    return learn(library, spec, table, windows, chance)


def project(table: ObservationTable, topics: Topics) -> ObservationTable:
    """Return `table`, whose counts are prepared, over stored topics, whichever model made them.

    Every time bin keeps the sum of its counts (without those of words that no topic holds) and
    hangs on nothing but itself and the topics. Topics of `plsa`, `lda`, `nmf` and `hdp` share it
    out as makes the bin most likely; those of `pca` by their scores.
    """
    if topics.coding.size:
        return project_by_scores(table, topics)
    return project_by_shares(table, topics)


def require_package(model: TopicModel) -> ModuleType | None:
    """Return the package that a topic model comes from, None for our own.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    if model == "plsa":
        return None
    name, module = (
        ("tomotopy", "tomotopy") if model == "hdp" else ("scikit-learn", "sklearn.decomposition")
    )
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"the topic model {model} is that of {name}, which is not installed; "
            "pip install 'motifmine[topics]', or take --topic-model plsa"
        ) from error


def _lda(
    library: Any, spec: TopicSpec, table: ObservationTable, windows: Windows, chance: int
) -> Topics:
    model = library.LatentDirichletAllocation(
        n_components=spec.n_topics,
        max_iter=spec.iterations,
        learning_method="batch" if len(windows) <= LDA_BATCH else "online",
        batch_size=256,
        max_doc_update_iter=20,
        random_state=chance,
    )
    model.fit(_matrix(windows))
    return _by_weight("lda", table, windows, np.asarray(model.components_, dtype=np.float64))


def _nmf(
    library: Any, spec: TopicSpec, table: ObservationTable, windows: Windows, chance: int
) -> Topics:
    model = library.NMF(
        n_components=spec.n_topics,
        init="nndsvda",
        solver="mu",
        beta_loss="kullback-leibler",
        max_iter=spec.iterations,
        random_state=chance,
    )
    matrix = _matrix(windows)
    with warnings.catch_warnings():
        # that the iterations were used up is no more news than it is for PLSA
        warnings.simplefilter("ignore")
        sizes = np.asarray(model.fit_transform(matrix), dtype=np.float64).sum(axis=0)
    loadings = np.asarray(model.components_, dtype=np.float64)
    return _by_weight("nmf", table, windows, loadings * sizes[:, None])


def _pca(
    library: Any, spec: TopicSpec, table: ObservationTable, windows: Windows, chance: int
) -> Topics:
    per_bin = _matrix(windows) / window_bins_of(table, spec.window_bins)
    model = library.PCA(n_components=spec.n_topics // 2, svd_solver="arpack", random_state=chance)
    model.fit(per_bin)
    axes = np.zeros((spec.n_topics // 2, table.n_words))
    axes[:, windows.used] = model.components_
    mean = np.zeros(table.n_words)
    mean[windows.used] = model.mean_
    return signed_topics(axes, mean, table.vocabulary)


def _hdp(
    library: Any, spec: TopicSpec, table: ObservationTable, windows: Windows, chance: int
) -> Topics:
    rng = generator(chance)
    scale = min(1.0, HDP_TOKENS / windows.total)
    tokens = np.floor(windows.count * scale + rng.random(len(windows.count))).astype(np.int64)
    names = np.array([str(word) for word in range(windows.n_words)])
    model = library.HDPModel(initial_k=spec.n_topics, seed=chance)
    for first, last in zip(windows.offsets[:-1], windows.offsets[1:], strict=True):
        words = np.repeat(names[windows.word[first:last]], tokens[first:last])
        if len(words):
            model.add_doc(words.tolist())
    model.train(spec.iterations, workers=1)
    sizes = np.asarray(model.get_count_by_topics(), dtype=np.float64)
    live = [topic for topic in range(model.k) if model.is_live_topic(topic)]
    live = sorted(live, key=lambda topic: -sizes[topic])[: spec.n_topics]
    counts = np.zeros((len(live), windows.n_words))
    seen = [int(word) for word in model.used_vocabs]
    for row, topic in enumerate(live):
        counts[row, seen] = sizes[topic] * np.asarray(model.get_topic_word_dist(topic))
    return _by_weight("hdp", table, windows, counts)


def _matrix(windows: Windows) -> Any:
    """Return the windows as a sparse matrix (window, word)."""
    import scipy.sparse  # noqa: PLC0415 - heavy

    return scipy.sparse.csr_matrix(
        (windows.count.astype(np.float64), windows.word, windows.offsets),
        shape=(len(windows), windows.n_words),
    )


def _by_weight(
    model: TopicModel, table: ObservationTable, windows: Windows, counts: Floats
) -> Topics:
    """Return topics from their expected counts (topic, seen word), heaviest first."""
    sums = counts.sum(axis=1)
    order = np.argsort(-sums, kind="stable")
    order = order[sums[order] > 0]
    loadings = np.zeros((len(order), table.n_words), np.float32)
    loadings[:, windows.used] = counts[order] / sums[order, None]
    return Topics(model=model, loadings=loadings, inner=table.vocabulary)
