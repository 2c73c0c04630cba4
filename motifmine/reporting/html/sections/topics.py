"""Section: the topics that motifs were learned over, for fits with a topic layer."""

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.records.topics import compute_topic_shares, make_topic_motifs
from motifmine.records.vocabulary import Vocabulary
from motifmine.reporting.figures.images import encode_jpeg, shrink
from motifmine.reporting.figures.motif_pictures import compose, draw_overlay
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.types import Floats32

MOST_TOPICS = 100  # most topics shown, the heaviest; each picture takes about 9 kB
THUMBNAIL_PX = 224
MOST_WORDS = 4  # words listed for each topic


def section(context: ReportContext) -> str:
    """Return a small picture or a list of words of each topic, "" for motifs over words."""
    record = context.record
    if record.folded is None:
        return ""
    shares = compute_topic_shares(record.folded)
    drawn = make_topic_motifs(record.folded)
    order = np.argsort(-shares, kind="stable")
    shown = np.sort(order[:MOST_TOPICS])
    pictures = _encode_pictures(drawn, shown)
    items = [
        f"<li><figure>{picture}<figcaption><b>Topic {topic + 1}</b> {100 * shares[topic]:.1f} %"
        f"{_render_words(drawn, int(topic)) if not picture else ''}</figcaption></figure></li>"
        for topic, picture in zip(shown, pictures, strict=True)
    ]
    left_out = len(shares) - len(shown)
    more = f" The {left_out:,} lightest are not shown." if left_out else ""
    note = elements.text(
        f"The motifs were learned over {len(shares):,} topics, groups of words that co-occur in "
        "time, and are shown in the words of the topics. The number is the share of all "
        f"observations that the fit assigns to the topic.{more}"
    )
    body = f'<p class="note">{note}</p>\n<ul class="topics">{"".join(items)}</ul>'
    return elements.section("topics", "The topics", body)


def _encode_pictures(drawn: FitRecord, topics: np.ndarray) -> list[str]:
    """Return each topic over the scene as an image, "" where there is no scene."""
    background = ReportContext(drawn).background
    if background is None:
        return [""] * len(topics)
    images = []
    for topic in topics:
        scene = compose(background, draw_overlay(drawn, int(topic)))
        small = encode_jpeg(shrink(scene, THUMBNAIL_PX), quality=72)
        first = find_heaviest_words(drawn.motifs.probability[topic, 0], drawn.vocabulary, 1)
        alt = f"Topic {topic + 1}, strongest at {first[0][0]}" if first else f"Topic {topic + 1}"
        images.append(
            f'<img alt="{elements.text(alt)}" src="{elements.data_uri("image/jpeg", small)}">'
        )
    return images


def _render_words(drawn: FitRecord, topic: int) -> str:
    words = find_heaviest_words(drawn.motifs.probability[topic, 0], drawn.vocabulary, MOST_WORDS)
    return "".join(f"<br>{elements.name(label)} {100 * p:.0f} %" for label, p in words)


def find_heaviest_words(
    probability: Floats32, vocabulary: Vocabulary, most: int
) -> list[tuple[str, float]]:
    """Return label and probability of the `most` heaviest words of a topic.

    Parameters
    ----------
    probability : float32 array (W,)
    """
    order = np.argsort(-probability, kind="stable")[:most]
    return [(vocabulary.labels[w], float(probability[w])) for w in order if probability[w] > 0]
