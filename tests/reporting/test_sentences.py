"""Sentences on motifs by their words."""

import numpy as np

from motifmine.reporting.sentences.words import describe_labels, describe_path
from tests.helpers.fit_records import label_record, lane_record


def test_a_lane_is_described_by_its_ends_and_direction() -> None:
    record = lane_record()
    assert describe_path(record, 0) == (
        "From the upper left to the upper middle of the picture, moving right."
    )
    assert describe_path(record, 1) == (
        "From the upper right to the lower right of the picture, moving down."
    )


def test_labels_are_listed_in_the_order_of_time() -> None:
    assert describe_labels(label_record(), 0) == "Mostly door, then lamp, then fan, then pump."
    assert describe_labels(label_record(), 1) == "Mostly pump, then fan, then lamp, then door."


def test_a_motif_without_observations_is_empty() -> None:
    record = lane_record()
    record.motifs.probability[0] = np.float32(0)
    assert describe_path(record, 0) == "Empty."
