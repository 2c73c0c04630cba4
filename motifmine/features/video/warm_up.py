"""Import this to load the compiled kernels of `features.video.flow` before processes are forked."""

import numpy as np

from motifmine.kernels.alignment import compare_structure, fit_similarity, sum_blocks
from motifmine.kernels.motion import count_moving_pixels, count_still_pixels, find_brief
from motifmine.kernels.ticks import N_COLUMNS, follow_changes

_NONE = np.zeros(0, dtype=np.int64)
_PLACES = np.zeros(1, dtype=np.int32)
_FLOW = np.zeros((1, 1, 2), dtype=np.float32)

count_moving_pixels(_NONE, _FLOW, 1, 1, _PLACES, _PLACES, 1, _FLOW[0], 0.0)
count_still_pixels(_NONE, _FLOW, 1, 1, _PLACES, _PLACES, 1, 0.0)
_PICTURE = np.zeros((8, 8), dtype=np.float32)
_SUMS = sum_blocks(_PICTURE, _PICTURE, _PICTURE, 8)
fit_similarity(_SUMS, 1, 8, np.zeros(2), 1.0)
compare_structure(_SUMS, 1, 1.0, 1.0)
follow_changes(np.zeros((1, N_COLUMNS)), _NONE, _PLACES, 0.0, 1, 0.0, 0.0)
_GREY = np.zeros(0, dtype=np.uint8)
find_brief(_NONE, (_GREY, _GREY, _GREY, _GREY), 0)
