"""Extraction of words from video and sensor series."""
