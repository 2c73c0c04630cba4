"""The models: frozen specifications with `fit`, and fits with `transform` and `score`."""

DEFAULT_MODEL = "plsm"  # model where none is given: it chooses its sizes, streams and updates
