"""Series into words: values of channels coded in time bins."""
