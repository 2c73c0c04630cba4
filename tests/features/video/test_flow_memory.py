"""Memory of the extraction of words of video; apart, as it takes minutes without compilation."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from motifmine.features.video.flow import FlowWords
from motifmine.features.video.spec import FlowSpec
from motifmine.io.video.reader import Frame
from tests.helpers.clips import frames_of, moving_square


def test_memory_does_not_grow_with_the_length_of_the_video() -> None:
    def peak(n_repeats: int) -> int:
        pictures = moving_square(20)

        def endless() -> Iterator[Frame]:
            for i, frame in enumerate(f for _ in range(n_repeats) for f in frames_of(pictures)):
                yield replace(frame, time_s=i / Fraction(25, 2))

        words = FlowWords(FlowSpec(), width=160, height=120, mean_gap_s=Fraction(2, 25))
        tracemalloc.start()
        n_rows = sum(1 for _ in words.rows(endless()))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert n_rows > 5 * n_repeats
        return most

    peak(2)
    # ten times the frames; a buffer that kept them would take ten times the memory
    assert peak(40) < 2 * peak(4)
