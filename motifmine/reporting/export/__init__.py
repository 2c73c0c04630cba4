"""Occurrences in the formats of other tools."""
