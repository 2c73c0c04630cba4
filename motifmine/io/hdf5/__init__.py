"""Tables and fits in HDF5."""
