"""The models: frozen specifications with `fit`, and fits with `transform` and `score`."""
