"""Records from JSON that people may have edited: every value is checked against its field."""

from typing import TypeVar

from motifmine.errors import FormatError, SpecError
from motifmine.validation import make_record

Record = TypeVar("Record")


def read_record(kind: type[Record], values: object, place: str) -> Record:
    """Return a dataclass from decoded JSON, see `motifmine.validation.make_record`.

    Raises `FormatError` when a field is missing, unknown, or of another type or range.
    """
    try:
        return make_record(kind, values, place)
    except SpecError as error:
        raise FormatError(str(error)) from error
