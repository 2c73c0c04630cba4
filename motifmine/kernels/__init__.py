"""Compiled inner loops: arrays and scalars in, arrays out, nothing of ours imported but the jit."""
