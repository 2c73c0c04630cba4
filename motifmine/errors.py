"""The one exception family of motifmine.

Each error has two parents: `MotifmineError`, so that one clause catches all of ours, and the
built-in that ordinary code would expect. A message says what is wrong, where, and how to mend it.
"""


class MotifmineError(Exception):
    """The parent of every error that motifmine raises on purpose."""


class SpecError(MotifmineError, ValueError):
    """A hyper-parameter, or a combination of them, that cannot work."""


class ConflictError(SpecError):
    """Settings that contradict each other, whatever their values."""


class DataError(MotifmineError, ValueError):
    """A table, series or array that breaks its own rules."""


class FormatError(MotifmineError, ValueError):
    """A file that cannot be read as what it claims to be."""


class VideoError(MotifmineError, OSError):
    """A video that cannot be opened, decoded or read to its end."""


class WorkspaceError(MotifmineError, OSError):
    """A workspace that lacks what was asked of it, or would be overwritten."""


class FitError(MotifmineError, ArithmeticError):
    """Numbers that went wrong during fitting."""


class JobError(MotifmineError, RuntimeError):
    """A batch that cannot go on."""


class MissingExtraError(MotifmineError, ImportError):
    """An optional package is needed and is not installed."""


class MotifmineWarning(UserWarning):
    """A result that is valid but surprising."""
