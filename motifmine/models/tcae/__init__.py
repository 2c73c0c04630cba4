"""Temporal convolutional auto-encoder."""
