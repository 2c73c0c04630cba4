"""Options of `fit` and `batch`, from the fields of `FitRequest` and of the models."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .config import name_variables
from .options import ParamType

if TYPE_CHECKING:
    from motifmine.models.options import Option
    from motifmine.models.request import FitRequest

COMMON = ""  # key of options that hold for all models


class SettingType(ParamType):
    """A value of a setting, parsed by the chosen model."""

    name = "value"

    def __init__(self, by_model: "Mapping[str, Option]") -> None:
        self.by_model = by_model

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, or end with wrong usage."""
        from motifmine.errors import SpecError

        if not isinstance(value, str):
            return value
        # --model is eager, so that it is known before the values of its settings
        model = str(ctx.params.get("model")) if ctx is not None else COMMON
        option = self.by_model.get(model) or next(iter(self.by_model.values()))
        try:
            return option.parse(value)
        except SpecError as error:
            self.fail(str(error), param, ctx)


class SettingOption(click.Option):
    """An option from the metadata of a field, of one model or of several."""

    def __init__(self, by_model: "Mapping[str, Option]") -> None:
        self.by_model = by_model
        first = next(iter(by_model.values()))
        names = f"{first.flag}/{first.setting.negative}" if first.setting.negative else first.flag
        given: dict[str, Any] = {"is_flag": True} if first.is_switch else {}
        if not first.is_switch:
            given["type"] = SettingType(by_model)
        super().__init__([names, first.field], default=None, help=first.help, **given)

    def help_record_of(self, model: str) -> tuple[str, str]:
        """Return names and help text of the option."""
        option = self.by_model[model]
        names = ", ".join([*self.opts, *self.secondary_opts])
        return f"{names} {option.metavar}".rstrip(), option.help


class ModelCommand(click.Command):
    """A command with the settings of fits as options, which are loaded when they are needed."""

    only_repeatable = False
    """Whether options that do not affect the result of a fit are omitted."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters and those of all models."""
        own = super().get_params(ctx)
        taken = {name for param in own for name in (*param.opts, *param.secondary_opts)}
        found = [o for o in setting_options(self.only_repeatable) if not taken & set(o.opts)]
        # made at each call, so their variables are named here and not with the others
        name_variables(found, str(self.name))
        # --help stays last
        return [*own[:-1], *found, own[-1]]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what is wrong with a setting is said of its option."""
        from motifmine.errors import DataError, SpecError

        try:
            return super().invoke(ctx)
        except (DataError, SpecError) as error:
            field, verb, rest = str(error).partition(" is ")
            flags = {
                o.name: o.opts[0] for o in self.get_params(ctx) if isinstance(o, SettingOption)
            }
            if field not in flags:
                raise
            raise type(error)(f"{flags[field]}{verb}{rest}") from error

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write common options first, then those of every model."""
        params = self.get_params(ctx)
        shared = [p for p in params if isinstance(p, SettingOption)]
        own = [p for p in params if isinstance(p, click.Option) and p not in shared]
        plain = [p.get_help_record(ctx) for p in own]
        common = [p.help_record_of(COMMON) for p in shared if COMMON in p.by_model]
        with formatter.section("Options"):
            formatter.write_dl([record for record in [*plain, *common] if record is not None])
        for model in dict.fromkeys(m for p in shared for m in p.by_model if m != COMMON):
            with formatter.section(f"Options of {model}"):
                formatter.write_dl([p.help_record_of(model) for p in shared if model in p.by_model])


class BatchCommand(ModelCommand):
    """A command that makes fits of many tables."""

    only_repeatable = True


class ModelName(ParamType):
    """The name of a model."""

    name = "model"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names that there are."""
        from motifmine.models.registry import model_names

        return f"[{'|'.join(model_names())}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or end with wrong usage."""
        from motifmine.models.registry import model_names

        if value not in model_names():
            self.fail(f"{value!r} is not one of {', '.join(model_names())}", param, ctx)
        return str(value)


def model_option(**more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Accept `--model`, which is processed first because the other options depend on it."""
    return click.option("--model", type=ModelName(), is_eager=True, **more)


def setting_options(only_repeatable: bool = False) -> list[SettingOption]:
    """Return the options of fits; options that several models share are listed once."""
    from motifmine.models.options import options_of
    from motifmine.models.registry import all_entries, settings_of
    from motifmine.models.request import FitRequest

    entries = all_entries()
    by_flag: dict[str, dict[str, Option]] = {}
    for option in options_of(FitRequest):
        if option.setting.repeats or not only_repeatable:
            needed = option.setting.capability
            models = [m for m, entry in entries.items() if needed and getattr(entry, needed)]
            shown = _with_default_of_models(option, entries)
            by_flag[option.flag] = dict.fromkeys(models if needed else [COMMON], shown)
    for model, entry in entries.items():
        for option in settings_of(entry):
            # models may have an option of one name with defaults of their own
            by_flag.setdefault(option.flag, {})[model] = option
    return [SettingOption(by_model) for by_model in by_flag.values() if by_model]


def _with_default_of_models(option: "Option", entries: Mapping[str, Any]) -> "Option":
    """Return the option with the default of each model in its help text."""
    from motifmine.models.registry import default_of

    if option.default is not None or option.setting.default_text or option.is_switch:
        return option
    found = {model: default_of(entry, option.field) for model, entry in entries.items()}
    by_value: dict[object, list[str]] = {}
    for model, value in found.items():
        if value is not None:
            by_value.setdefault(value, []).append(model)
    text = ", ".join(f"{value} for {' and '.join(models)}" for value, models in by_value.items())
    return replace(option, setting=replace(option.setting, default_text=text))


def request_of(ctx: click.Context, model: str) -> "FitRequest":
    """Return the request for a fit from the options of a command.

    Raises `click.UsageError` when options exclude each other.
    """
    from motifmine.errors import ConflictError
    from motifmine.models.request import FitRequest

    try:
        return FitRequest.of(model, **_given(ctx, model))
    except ConflictError as error:
        raise click.UsageError(str(error)) from error


def has_settings(ctx: click.Context) -> bool:
    """Return whether any option of a fit was given."""
    return bool(_given(ctx, COMMON))


def _given(ctx: click.Context, model: str) -> dict[str, Any]:
    """Return the values of the options that were given, by the names of their fields."""
    found = {}
    for param in ctx.command.get_params(ctx):
        value = ctx.params.get(str(param.name))
        # None is "not given": the model has its own default, which may depend on the data
        if not isinstance(param, SettingOption) or value is None:
            continue
        source = ctx.get_parameter_source(str(param.name))
        # a file with settings is for fits of all models, also of those that lack some
        if source is ParameterSource.COMMANDLINE or _takes(model, param):
            option = param.by_model.get(model) or next(iter(param.by_model.values()))
            found[option.field] = value
    return found


def _takes(model: str, param: SettingOption) -> bool:
    """Return whether a model has the setting."""
    from motifmine.models.registry import has_setting

    if model in param.by_model:
        return True
    is_number = param.name == "n_motifs"
    return COMMON in param.by_model and not (is_number and not has_setting(model, "n_motifs"))
