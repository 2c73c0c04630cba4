"""Motifs of a fit in sources that grow: what is read, what is decided, what is written."""
