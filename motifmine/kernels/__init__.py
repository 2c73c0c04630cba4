"""Compiled inner loops: arrays and scalars in, arrays out; they import no other package of ours."""
