"""Parallel execution: threads, processes, Dask clusters, and files of commands that run at once."""
