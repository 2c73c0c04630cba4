"""Sentences that describe motifs, channels and days."""
