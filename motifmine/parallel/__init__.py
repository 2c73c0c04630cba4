"""Parallel execution: threads, processes and Dask clusters."""
