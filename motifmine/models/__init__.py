"""The models: frozen specifications with `fit`, and fits with `transform` and `score`."""

DEFAULT_MODEL = "plsm"
"""Model of archives where none is given: it chooses its sizes, streams and updates."""
