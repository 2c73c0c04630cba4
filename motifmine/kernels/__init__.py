"""Compiled inner loops: arrays and scalars in, arrays out; they import nothing else of the package."""
