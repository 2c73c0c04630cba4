"""Topic models by name: learning topics, and projecting new recordings onto stored topics.

PLSA is in `motifmine.models.topics.plsa`; LDA, NMF and PCA are those of scikit-learn, HDP that of
tomotopy. All learn from the same windows. Topics are stored as their loadings (and, for PCA, two
numbers per topic), so that projecting a table does not need the package that learned them.
"""

import warnings
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from motifmine.errors import SpecError
from motifmine.models.topics.pca_scores import make_signed_topics, project_by_scores
from motifmine.models.topics.plsa import Plsa, check_windows, project_by_shares
from motifmine.models.topics.windows import Windows, choose_window_bins, cut_windows
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Topics
from motifmine.seeding import generator, resolve_seed
from motifmine.types import Floats
from motifmine.validation import check_at_least, require_package

TopicModel = Literal["plsa", "lda", "nmf", "pca", "hdp"]
TOPIC_MODELS: tuple[TopicModel, ...] = get_args(TopicModel)

LDA_BATCH = 5_000  # number of windows above which LDA uses online learning
ITERATIONS = {"plsa": 200, "lda": 100, "nmf": 200, "pca": 1, "hdp": 200}
# largest number of observations that HDP samples; counts are scaled down to it
HDP_TOKENS = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """Specification of the topics to learn."""

    model: TopicModel = "plsa"
    n_topics: int = 40
    """Number of topics, > 0; even for `pca`, an upper limit for `hdp`."""
    iterations: int | None = None
    """Largest number of iterations (`hdp`: sweeps), > 0; None: see `ITERATIONS`."""
    window_bins: int | None = None
    """Length of the windows to learn from, time bins, > 0; None: one second."""
    most_windows: int = 10_000
    """Largest number of windows, > 0; of more windows a regular subset is used."""

    def __post_init__(self) -> None:
        if self.model not in TOPIC_MODELS:
            raise SpecError(
                f"there is no topic model {self.model!r}; choose one of {', '.join(TOPIC_MODELS)}"
            )
        check_at_least(self, 1, "n_topics", "iterations", "window_bins", "most_windows")
        if self.model == "pca" and self.n_topics % 2:
            raise SpecError(
                f"n_topics is {self.n_topics}; it must be even for pca, which has two topics per "
                "component, one for either sign"
            )


def learn_topics(
    table: ObservationTable,
    spec: TopicSpec,
    *,
    seed: int | None = 0,
) -> Topics:
    """Learn topics over the words of `table`, heaviest first (those of PCA in pairs).

    Parameters
    ----------
    table : ObservationTable
        With prepared counts, see `motifmine.records.settings`.

    Raises
    ------
    DataError
        If there are fewer words or windows than topics.
    MissingExtraError
        If the package of the model is not installed.
    """
    spec = replace(spec, iterations=spec.iterations or ITERATIONS[spec.model])
    if spec.model == "plsa":
        plsa = Plsa(
            n_topics=spec.n_topics,
            iterations=spec.iterations or 1,
            window_bins=spec.window_bins,
            most_windows=spec.most_windows,
        )
        return plsa.fit(table, seed=seed).topics
    learn = {"lda": _learn_lda, "nmf": _learn_nmf, "hdp": _learn_hdp, "pca": _learn_pca}[spec.model]
    library = require_library(spec.model)
    window_bins = choose_window_bins(table, spec.window_bins)
    windows = cut_windows(table, window_bins, spec.most_windows)
    check_windows(windows, 1 if spec.model == "hdp" else spec.n_topics)
    # these packages take 32-bit seeds
    chance = int(generator(resolve_seed(seed)).integers(1 << 31))
    return learn(library, spec, table, windows, chance)


def project(table: ObservationTable, topics: Topics) -> ObservationTable:
    """Project `table`, with prepared counts, onto stored topics of any model.

    Every time bin keeps the sum of its counts (except of words that no topic has), and depends only
    on the bin and the topics. For `plsa`, `lda`, `nmf` and `hdp` the shares of topics are those of
    maximum likelihood; for `pca` they are proportional to the scores.
    """
    if topics.coding.size:
        return project_by_scores(table, topics)
    return project_by_shares(table, topics)


def require_library(model: TopicModel) -> Any:
    """Return the package of a topic model, None for PLSA.

    Raises `MissingExtraError` if it is not installed.
    """
    if model == "plsa":
        return None
    module = "tomotopy" if model == "hdp" else "sklearn.decomposition"
    return require_package(module, f"the topic model {model}", "motifmine[topics]")


def _learn_lda(
    library: Any, spec: TopicSpec, table: ObservationTable, windows: Windows, chance: int
) -> Topics:
    model = library.LatentDirichletAllocation(
        n_components=spec.n_topics,
        max_iter=spec.iterations,
        # batch is better but passes over all windows in every iteration
        learning_method="batch" if len(windows) <= LDA_BATCH else "online",
        batch_size=256,
        max_doc_update_iter=20,
        random_state=chance,
    )
    model.fit(_to_matrix(windows))
    return _sort_by_weight("lda", table, windows, np.asarray(model.components_, dtype=np.float64))


def _learn_nmf(
    library: Any, spec: TopicSpec, table: ObservationTable, windows: Windows, chance: int
) -> Topics:
    model = library.NMF(
        n_components=spec.n_topics,
        # zeros of plain NNDSVD can never grow under multiplicative updates
        init="nndsvda",
        solver="mu",
        # the loss of counts, which makes NMF the same problem as PLSA
        beta_loss="kullback-leibler",
        max_iter=spec.iterations,
        random_state=chance,
    )
    matrix = _to_matrix(windows)
    with warnings.catch_warnings():
        # the warning that the iterations were used up is not actionable, as for PLSA
        warnings.simplefilter("ignore")
        sizes = np.asarray(model.fit_transform(matrix), dtype=np.float64).sum(axis=0)
    loadings = np.asarray(model.components_, dtype=np.float64)
    return _sort_by_weight("nmf", table, windows, loadings * sizes[:, None])


def _learn_pca(
    library: Any, spec: TopicSpec, table: ObservationTable, windows: Windows, chance: int
) -> Topics:
    per_bin = _to_matrix(windows) / choose_window_bins(table, spec.window_bins)
    # two topics a component: loadings must not be negative
    model = library.PCA(n_components=spec.n_topics // 2, svd_solver="arpack", random_state=chance)
    model.fit(per_bin)
    axes = np.zeros((spec.n_topics // 2, table.n_words))
    axes[:, windows.used] = model.components_
    mean = np.zeros(table.n_words)
    mean[windows.used] = model.mean_
    return make_signed_topics(axes, mean, table.vocabulary)


def _learn_hdp(
    library: Any, spec: TopicSpec, table: ObservationTable, windows: Windows, chance: int
) -> Topics:
    rng = generator(chance)
    scale = min(1.0, HDP_TOKENS / windows.total)
    # rounded at random, so that scaled counts keep their expectation
    tokens = np.floor(windows.count * scale + rng.random(len(windows.count))).astype(np.int64)
    names = np.array([str(word) for word in range(windows.n_words)])
    model = library.HDPModel(initial_k=spec.n_topics, seed=chance)
    for first, last in zip(windows.offsets[:-1], windows.offsets[1:], strict=True):
        words = np.repeat(names[windows.word[first:last]], tokens[first:last])
        if len(words):
            model.add_doc(words.tolist())
    # with several workers the result would depend on their timing
    model.train(spec.iterations, workers=1)
    sizes = np.asarray(model.get_count_by_topics(), dtype=np.float64)
    live = [topic for topic in range(model.k) if model.is_live_topic(topic)]
    live = sorted(live, key=lambda topic: -sizes[topic])[: spec.n_topics]
    counts = np.zeros((len(live), windows.n_words))
    seen = [int(word) for word in model.used_vocabs]
    for row, topic in enumerate(live):
        counts[row, seen] = sizes[topic] * np.asarray(model.get_topic_word_dist(topic))
    return _sort_by_weight("hdp", table, windows, counts)


def _to_matrix(windows: Windows) -> Any:
    """Convert windows to a sparse matrix (window, word)."""
    import scipy.sparse  # noqa: PLC0415 - heavy

    return scipy.sparse.csr_matrix(
        (windows.count.astype(np.float64), windows.word, windows.offsets),
        shape=(len(windows), windows.n_words),
    )


def _sort_by_weight(
    model: TopicModel, table: ObservationTable, windows: Windows, counts: Floats
) -> Topics:
    """Normalise expected counts (topic, word that occurs) to topics, heaviest first."""
    sums = counts.sum(axis=1)
    order = np.argsort(-sums, kind="stable")
    order = order[sums[order] > 0]
    loadings = np.zeros((len(order), table.n_words), np.float32)
    # unused words have loading 0 in all topics and are ignored in projection
    loadings[:, windows.used] = counts[order] / sums[order, None]
    return Topics(model=model, loadings=loadings, inner=table.vocabulary)
