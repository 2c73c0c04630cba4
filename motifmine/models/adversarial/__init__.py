"""Models that learn from a critic instead of a likelihood."""
