"""BLAS on one thread: imported before NumPy, whose libraries read their number of threads once."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
