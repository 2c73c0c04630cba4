"""Numba kernels of HDLSM's sampler."""
