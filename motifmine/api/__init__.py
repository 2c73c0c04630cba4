"""Motifs from Python, in memory: tables from arrays and data frames, models, fits.

The public names are those of `motifmine` itself.
"""
