"""Exceptions of motifmine.

Each error has two base classes: `MotifmineError`, which catches all errors of the package, and the
built-in exception for its kind. A message says what is wrong, where, and how to correct it.
"""


class MotifmineError(Exception):
    """Base class of all errors that motifmine raises."""


class SpecError(MotifmineError, ValueError):
    """An invalid hyper-parameter, or combination of hyper-parameters."""


class ConflictError(SpecError):
    """Settings that exclude each other, whatever their values."""


class DataError(MotifmineError, ValueError):
    """An inconsistent table, series or array."""


class FormatError(MotifmineError, ValueError):
    """A file that is damaged or not of the expected format."""


class VideoError(MotifmineError, OSError):
    """A video that cannot be opened, decoded or read to the end."""


class WorkspaceError(MotifmineError, OSError):
    """A file of a workspace that is missing, or would be overwritten."""


class FitError(MotifmineError, ArithmeticError):
    """A numerical failure during fitting."""


class MemoryLimitError(MotifmineError, ValueError):
    """Data that need more memory than may be used."""


class JobError(MotifmineError, RuntimeError):
    """A batch that cannot continue."""


class MissingExtraError(MotifmineError, ImportError):
    """An optional package that is needed and not installed."""


def describe_error(error: Exception) -> str:
    """Return what a message says of an error: for one of the system, the file first."""
    if isinstance(error, OSError) and error.strerror:
        # of standard output no name is known; our own OSErrors say all in their text
        where = "" if error.filename is None else f"{error.filename}: "
        return f"{where}{error.strerror}"
    return str(error)


class MotifmineWarning(UserWarning):
    """A result that is valid but should be checked."""
