"""Temporal motifs from video and sensor series, and when each occurred."""
