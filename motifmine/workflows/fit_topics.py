"""Fits of words over topics: a layer of topics is learned, and the model is fitted to topics.

The result is a fit over topics, like that of extracted topics: the layer is stored in it, reports
unfold its motifs to words, and new recordings of words are projected onto its topics.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

from motifmine.models.topics.external import TopicSpec
from motifmine.models.topics.windows import choose_window_bins
from motifmine.records.settings import Counts
from motifmine.records.table import ObservationTable
from motifmine.workflows.extract_topics import TopicSettings, learn_layer_of

NumberOfTopics = int | Literal["auto", "off"]

MANY_WORDS = 500  # number of occurring words above which `auto` uses topics
USUAL_TOPICS = TopicSpec().n_topics
# `auto` asks for fewer topics when recordings are shorter (time bins, where these are longer than a
# second): what is seen in bins that follow at once is much the same
SECONDS_PER_TOPIC = 2
FEWEST_TOPICS = 10  # `auto` does without topics rather than with fewer


def project_on_topics(
    table: ObservationTable,
    n_topics: NumberOfTopics,
    *,
    counts: Counts = "auto",
    seed: int | None = 0,
    on_message: Callable[[str], None] | None = None,
) -> ObservationTable:
    """Return a table over topics of its words (PLSA), or as it is when no topics are wanted.

    Counts are not prepared; a table of topics comes back as it is.

    Raises `DataError` when there are fewer words or time bins than topics.
    """
    n = automatic_topics(table) if n_topics == "auto" else n_topics
    if n == "off" or table.vocabulary.layout.topics() is not None:
        return table
    if on_message is not None:
        n_words = len(np.unique(table.word))
        on_message(
            f"{n_words} words are put into {n} topics (--topics off fits the words themselves)"
        )
    # of single bins: topics that last longer than a bin blur when things happen
    spec = TopicSpec(n_topics=n, window_bins=1)
    settings = TopicSettings(spec=spec, counts=counts, seed=seed)
    return learn_layer_of(table, settings).apply(table)


def automatic_topics(table: ObservationTable) -> int | Literal["off"]:
    """Return how many topics a table needs: off below `MANY_WORDS`, else about `USUAL_TOPICS`."""
    n_seconds = table.n_times // choose_window_bins(table, None)
    n = min(USUAL_TOPICS, n_seconds // SECONDS_PER_TOPIC)
    return n if len(np.unique(table.word)) > MANY_WORDS and n >= FEWEST_TOPICS else "off"
