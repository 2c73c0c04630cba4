"""Array types of records."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Indices = NDArray[np.int64]
Indices32 = NDArray[np.int32]
Pixels = NDArray[np.uint8]
