"""Files in and out: videos, sensor files, and the HDF5 layouts."""
