"""Settings as options: the field of a specification holds, once, how people give it.

`setting` makes a dataclass field whose metadata hold help text and the like; the type of the option
is read off the field's annotation. `motifmine fit` and `motifmine batch` take their options from
here, and so does the line in a report that repeats a fit.
"""

import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from motifmine.durations import Duration
from motifmine.errors import SpecError

KEY = "motifmine.option"  # where the metadata of a field hold its `Setting`
METAVARS = {int: "N", float: "X", str: "TEXT", Path: "FILE", Duration: "LENGTH"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a field says about its option, besides name, type and default."""

    help: str
    default_text: str = ""
    """What is taken where nothing is given, for defaults that depend on the data."""
    words: Mapping[str, object] = field(default_factory=dict)
    """Words that may be given instead of a number, and the values they mean."""
    flag: str = ""
    """`--name`, where it does not follow from the field's name."""
    negative: str = ""
    """`--name` that switches a flag off."""
    metavar: str = ""
    capability: str = ""
    """Field of `motifmine.models.registry.Entry`: the option is for models that have this."""
    repeats: bool = True
    """Whether a fit is made again with the same value; False where it only decides how."""


def setting(default: Any, *, help: str, **more: Any) -> Any:
    """Return a dataclass field that is an option too; `more` are the fields of `Setting`."""
    return field(default=default, metadata={KEY: Setting(help=help, **more)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A field of a specification as an option of the command line."""

    field: str
    flag: str
    kind: type
    """int, float, str, bool, Path or Duration."""
    choices: tuple[str, ...]
    """Words that are taken literally."""
    default: object
    setting: Setting

    @property
    def is_switch(self) -> bool:
        """Whether the option takes no value."""
        return self.kind is bool and not self.setting.words

    @property
    def words(self) -> Mapping[str, object]:
        """All words that may be given, and what they mean."""
        return MappingProxyType({**{word: word for word in self.choices}, **self.setting.words})

    @property
    def metavar(self) -> str:
        """What help shows for the value."""
        if self.is_switch:
            return ""
        number = self.setting.metavar or METAVARS.get(self.kind, "")
        return "|".join([*([number] if number else []), *self.words])

    @property
    def help(self) -> str:
        """The help text with the default at its end."""
        default = self.setting.default_text or _text(self.default)
        if self.is_switch and not self.setting.default_text:
            default = ""
        return f"{self.setting.help}  [default: {default}]" if default else self.setting.help

    def parse(self, text: str) -> Any:
        """Return the value that `text` means.

        Raises `SpecError` when it means none.
        """
        if text in self.words:
            return self.words[text]
        if self.kind is Duration:
            return Duration.parse(text)
        try:
            if self.kind in (int, float, str, Path):
                return self.kind(text)
        except ValueError:
            pass
        expected = {int: ["a whole number"], float: ["a number"]}.get(self.kind, [])
        listed = ", ".join([*expected, *self.words])
        raise SpecError(f"{text!r} is not one of: {listed}")

    def arguments(self, value: object) -> list[str]:
        """Return the words of a command line that give this value; none where nothing is given."""
        if value is None:
            return []
        if self.is_switch:
            word = self.flag if value else self.setting.negative
            return [word] if word else []
        for word, meaning in self.words.items():
            if type(meaning) is type(value) and meaning == value:
                return [self.flag, word]
        return [] if isinstance(value, bool) else [self.flag, _text(value)]


def options_of(specification: type) -> tuple[Option, ...]:
    """Return the options of a dataclass: its fields that are made by `setting`."""
    hints = typing.get_type_hints(specification)
    return tuple(
        _option(item.name, hints[item.name], item.default, item.metadata[KEY])
        for item in fields(specification)
        if KEY in item.metadata
    )


def _option(name: str, annotation: Any, default: object, setting: Setting) -> Option:
    kinds, choices = _alternatives(annotation)
    return Option(
        field=name,
        flag=setting.flag or "--" + name.removeprefix("n_").replace("_", "-"),
        kind=kinds[0] if kinds else NoneType,
        choices=choices,
        default=None if default is MISSING else default,
        setting=setting,
    )


def _alternatives(annotation: Any) -> tuple[list[type], tuple[str, ...]]:
    """Return the types and the literal words of an annotation, except None."""
    if get_origin(annotation) is Literal:
        return [], get_args(annotation)
    if get_origin(annotation) not in (Union, UnionType):
        return ([] if annotation is NoneType else [annotation]), ()
    parts = [_alternatives(part) for part in get_args(annotation)]
    return [kind for kinds, _ in parts for kind in kinds], tuple(w for _, ws in parts for w in ws)


def _text(value: object) -> str:
    return "" if value is None else str(value)
