"""A whole archive of recordings: planned, worked off on Dask, gathered."""
