"""Import this to load the compiled kernels of `features.video.flow` before processes are forked."""

import numpy as np

from motifmine.kernels.motion import count_moving_pixels, count_still_pixels

_NONE = np.zeros(0, dtype=np.int64)
_PLACES = np.zeros(1, dtype=np.int32)
_FLOW = np.zeros((1, 2), dtype=np.float32)

count_moving_pixels(_NONE, _FLOW, _PLACES, _PLACES, 1, _FLOW, 0.0)
count_still_pixels(_NONE, _FLOW, _PLACES, _PLACES, 1, 0.0)
