"""State of a model in a fit beyond motifs and background: a record that only the model reads.

The record is any frozen dataclass of arrays, texts and numbers, with `axes` as metadata of arrays
(`motifmine.records.fields`). Files store it independently of its class: reading gives a
`StoredState`, which the model converts to its own class with `restore_state`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar, get_type_hints

from numpy.typing import NDArray

from motifmine.errors import FormatError

State = TypeVar("State")
DEFAULT_GROUP = "model_state"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredArray:
    """An array of a state as it is in a file."""

    values: NDArray[Any]
    axes: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredState:
    """A model's state as it is in a file, by name; kept whether or not the model is installed."""

    group: str = DEFAULT_GROUP
    """Where in the file it is."""
    arrays: Mapping[str, StoredArray]
    texts: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, Any]
    """Numbers, truth values and single texts."""


def find_state_group(state: object) -> str:
    """Return the group of a state in files: the attribute `group` of its class, or the default."""
    return str(getattr(state, "group", DEFAULT_GROUP))


def restore_state(kind: type[State], state: object) -> State:
    """Return a state as a record of its model's class.

    Raises `FormatError` when the file lacks a field of the class.
    """
    if isinstance(state, kind):
        return state
    if not isinstance(state, StoredState):
        # a fault of a program: no file gives anything else
        raise TypeError(f"{type(state).__name__} is not the state of a fit from a file")
    # resolved, for modules whose annotations are texts
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for item in fields(kind):  # type: ignore[arg-type]  # every state is a dataclass
        name = item.metadata.get("name") or item.name
        if name in state.arrays:
            values[item.name] = state.arrays[name].values
        elif name in state.texts:
            values[item.name] = state.texts[name]
        elif name in state.numbers:
            # HDF5 gives numbers types of its own, as numpy.int64 or numpy.bool
            values[item.name] = hints[item.name](state.numbers[name])
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise FormatError(
            f"/{state.group} of the fit is not a {kind.__name__}: {error}; fit again"
        ) from error
