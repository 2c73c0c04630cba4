"""Seeds become numpy Generators here and nowhere else."""

import secrets

import numpy as np

from motifmine.errors import SpecError


def resolve_seed(seed: int | None) -> int:
    """Return `seed`, or a fresh one drawn from the system's entropy when it is None.

    The number that is returned is what belongs in a `Provenance`, so that any run can be repeated.

    Raises
    ------
    SpecError
        When the seed is negative.
    """
    if seed is not None and seed < 0:
        raise SpecError(f"seed is {seed}; it must be 0 or more")
    return secrets.randbits(32) if seed is None else int(seed)


def generator(seed: int | np.random.Generator, *stream: int) -> np.random.Generator:
    """Return a Generator for `seed`; `stream` keys independent streams of one seed.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        A Generator is passed through (then `stream` must be empty).
    stream : int
        Position in the plan (a restart, a document, a chain), never a worker, thread or time.

    Returns
    -------
    numpy.random.Generator
    """
    if isinstance(seed, np.random.Generator):
        if stream:
            raise TypeError("a Generator cannot be keyed by a stream; pass the integer seed")
        return seed
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=stream))
