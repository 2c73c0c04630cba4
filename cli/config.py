"""`motifmine config`, and options from files and the environment.

An option is taken from the command line, else from an environment variable, else from
`motifmine.toml` (or the table `[tool.motifmine]` of `pyproject.toml`) in the current folder, else
from the user's file, else it is the default.
"""

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from .options import examples


def name_variables(parameters: Iterable[click.Parameter], command: str = "") -> None:
    """Name the environment variable of every option: `MOTIFMINE_FIT_MODEL` for --model of fit.

    Without a command: those of options that all commands have, `MOTIFMINE_WORKSPACE`.
    """
    for parameter in parameters:
        if isinstance(parameter, click.Option) and (option := _long_name(parameter)):
            words = filter(None, ["motifmine", command, option])
            # names of options, not of parameters, which may change
            parameter.envvar = "_".join(words).replace("-", "_").upper()


def _long_name(option: click.Option) -> str:
    """Return the name of an option without its dashes, "" for one with a short name alone."""
    names = [name.removeprefix("--") for name in option.opts if name.startswith("--")]
    return "" if not names or names[0] in ("help", "version") else names[0]


def user_file() -> Path | None:
    """Return the path of the user's own file, None for a user without a home."""
    # also on macOS, where command-line tools keep their settings like on Linux
    if sys.platform == "win32":
        base = os.environ.get("APPDATA")
    else:
        base = os.environ.get("XDG_CONFIG_HOME")
    try:
        return (Path(base) if base else Path.home() / ".config") / "motifmine" / "motifmine.toml"
    except RuntimeError:
        return None


def read_settings(group: click.Group, words: Collection[str] | None = None) -> dict[str, Any]:
    """Return the options of all files that are there, by command.

    The result is what click takes as `default_map`: names of parameters, and for each command a
    mapping of its own.

    Parameters
    ----------
    group : click.Group
    words : collection of str, optional
        What was typed. Only the sections of commands among these words are read: options of `fit`
        are known once all models are imported, for which `--version` must not wait. None: all.

    Raises
    ------
    MotifmineError
        When a file cannot be read or names a command or option that does not exist.
    """
    settings: dict[str, Any] = {}
    for path, values in _tables():
        for name, value in _check(group, values, path, words).items():
            # a section adds to that of an earlier file, option by option
            known = settings.get(name)
            settings[name] = {**known, **value} if isinstance(known, dict) else value
    return settings


def _tables() -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the files with settings and what they hold, those that take precedence last."""
    candidates = [user_file(), Path("pyproject.toml"), Path("motifmine.toml")]
    for path in candidates:
        if path is None or not path.is_file():
            continue
        values = _parse(path)
        if path.name == "pyproject.toml":
            values = values.get("tool", {}).get("motifmine")
            # most projects say nothing of motifmine, and their file is not listed then
            if values is None:
                continue
        yield path, values


def _parse(path: Path) -> Any:
    import tomllib

    from motifmine.errors import FormatError

    try:
        # with the mark that editors of Windows put first
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        # a project's file of another tool is not ours to complain about
        if path.name == "pyproject.toml":
            return {}
        raise FormatError(f"{path} is no valid TOML: {error}") from error


def _check(
    group: click.Group, values: Mapping[str, Any], path: Path, words: Collection[str] | None = None
) -> dict[str, Any]:
    """Return values with the names of parameters instead of those of options."""
    from motifmine.errors import FormatError

    context = click.Context(group)
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in group.list_commands(context) and isinstance(value, Mapping):
            if words is not None and name not in words:
                continue
            command = group.commands[name]
            parameters = _by_option(command, click.Context(command, parent=context))
            place = f"{path}: [{name}]"
            found[name] = dict(
                _parameter(parameters, option, given, place) for option, given in value.items()
            )
        elif isinstance(value, Mapping):
            raise FormatError(
                f"{path}: there is no command {name!r}; commands are {', '.join(group.commands)}"
            )
        else:
            # what is outside of all sections holds for `motifmine` itself
            key, given = _parameter(_by_option(group, context), name, value, str(path))
            found[key] = given
    return found


def _by_option(command: click.Command, context: click.Context) -> dict[str, click.Option]:
    """Return every option by its long name, without its dashes."""
    return {
        name: option
        for option in command.get_params(context)
        if isinstance(option, click.Option) and (name := _long_name(option))
    }


def _parameter(
    parameters: Mapping[str, click.Option], option: str, value: Any, place: str
) -> tuple[str, Any]:
    """Return the name of a parameter and its value, for an option of a file."""
    from difflib import get_close_matches

    from motifmine.errors import FormatError

    if option in parameters:
        return str(parameters[option].name), _as_typed(
            parameters[option], value, f"{place} {option}"
        )
    for parameter in parameters.values():
        # `keep-surplus = true` switches `drop-surplus` off
        if f"--{option}" in parameter.secondary_opts:
            return str(parameter.name), not _as_typed(parameter, value, f"{place} {option}")
    near = get_close_matches(option, parameters, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; options are {', '.join(parameters)}"
    raise FormatError(f"{place}: there is no option {option!r}{hint}")


def _as_typed(option: click.Option, value: Any, place: str) -> Any:
    """Return a value of a file as the text that would be typed, a list of such, or a switch.

    Options parse text: a number or a list would pass by the checks of most.
    """
    from datetime import date

    from motifmine.errors import FormatError

    if option.is_flag:
        if isinstance(value, bool):
            return value
        raise FormatError(f"{place} = {value!r}: expected true or false")
    values = value if option.multiple and isinstance(value, list) else [value]
    if any(isinstance(x, bool) or not isinstance(x, str | int | float | date) for x in values):
        several = " or a list of these" * option.multiple
        raise FormatError(f"{place} = {value!r}: expected a text or a number{several}")
    texts = [str(x) for x in values]
    return texts if option.multiple else texts[0]


@click.command(epilog=examples("motifmine config fit"))
@click.argument("command", required=False)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.pass_context
def config(ctx: click.Context, command: str | None, as_json: bool) -> None:
    """Show which options are set by a file or the environment, and where (default: all commands).

    Options are taken from the command line, else from environment variables (MOTIFMINE_FIT_MODEL
    is --model of fit), else from motifmine.toml or [tool.motifmine] of pyproject.toml in the
    current folder, else from the user's file.
    """
    import json

    group = ctx.find_root().command
    assert isinstance(group, click.Group)
    if command is not None and command not in group.commands:
        raise click.UsageError(f"there is no command {command!r}")
    rows = [row for row in _rows(group) if command in (None, row["command"]) or not row["command"]]
    if as_json:
        click.echo(json.dumps(rows, indent=2, default=str))
        return
    for row in rows:
        place = f"{row['command']} " if row["command"] else ""
        click.echo(f"{place}--{row['option']} {row['value']}  ({row['source']})")
    if not rows:
        click.echo("no options are set by files or the environment")
    known = {str(parameter.envvar) for _, _, parameter in _list_options(group)}
    for variable in sorted(set(os.environ) - known):
        if variable.startswith("MOTIFMINE_"):
            click.echo(f"{variable} is no option of a command", err=True)
    user = user_file()
    # for people: where a file would be looked for
    click.echo(f"files: motifmine.toml, pyproject.toml [tool.motifmine], {user}", err=True)


def _rows(group: click.Group) -> Iterator[dict[str, Any]]:
    """Yield the options that files or the environment set, except overridden ones."""
    files = [(path, _check(group, values, path)) for path, values in _tables()]
    for name, option, parameter in _list_options(group):
        key, variable = str(parameter.name), str(parameter.envvar)
        sections = [(path, values.get(name, {}) if name else values) for path, values in files]
        found = [(str(path), section[key]) for path, section in sections if key in section]
        # as click decides: the environment goes before files
        if variable in os.environ:
            found.append((variable, os.environ[variable]))
        if found:
            place, value = found[-1]
            yield {"command": name, "option": option, "value": value, "source": place}


def _list_options(group: click.Group) -> Iterator[tuple[str, str, click.Option]]:
    """Yield every option with its command, "" for those of all commands, and its long name."""
    context = click.Context(group)
    for name, command in [("", group), *group.commands.items()]:
        inner = click.Context(command, parent=context) if name else context
        for option, parameter in _by_option(command, inner).items():
            yield name, option, parameter
