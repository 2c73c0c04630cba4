"""Numba kernels of PLSM."""
