"""Models by name: an entry for each says where it is and what it can do.

A package of its own adds a model by an entry point of the group `motifmine.models`, whose name is
that of the model and whose object is an `Entry`. Nothing outside `motifmine.models` asks for a
model's name or class; what commands need to know of a model is in its entry.
"""

import importlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, get_type_hints

from motifmine.errors import MotifmineWarning, SpecError
from motifmine.models.checks import locate_nothing

# `motifmine.api` makes classes of these settings, and type checkers cannot follow places in texts
from motifmine.models.hdlsm.spec import HdlsmSpec as HdlsmSpec  # noqa: PLC0414 (exported)
from motifmine.models.options import Option, options_of
from motifmine.models.plsm.spec import PlsmSpec as PlsmSpec  # noqa: PLC0414 (exported)
from motifmine.models.protocol import Located, OutOfCore, Verdicts
from motifmine.models.tcae.spec import TcaeSpec as TcaeSpec  # noqa: PLC0414 (exported)
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.table import ObservationTable
from motifmine.types import Floats
from motifmine.validation import check_types

GROUP = "motifmine.models"  # group of entry points that models of other packages are found by


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model, and what it can do.

    Places are written `module:name` and imported when they are needed.
    """

    specification: str
    """Dataclass of the settings, see `motifmine.models.options`; light to import."""
    model: str
    """Class with the same fields that fits, see `motifmine.models.protocol.Model`."""
    locate: str = "motifmine.models.plsm.model:locate_in_record"
    """Function (record, table) that returns where the motifs of a saved fit are in new documents,
    see `motifmine.models.protocol.Located`, or None where the fit lacks what the model needs for
    it. The default infers starts by maximum likelihood."""
    occurrences: str = ""
    """Function (record, table) that returns the occurrences of a saved fit, with their ends, where
    the model itself says what occurs when; "": peaks of activations are tested against decoys."""
    forecaster: str = ""
    """Function (record) that returns what follows documents bin by bin and predicts, see
    `motifmine.analysis.forecasting.Forecaster`; "": the filter over motifs."""
    response: str = ""
    """Function (record) that returns what an observation adds to a start in the network's eyes, an
    array (K, L + 2 * margin, W) that begins `margin` bins before the start; "": starts are those of
    the likelihood."""
    verdicts: str = ""
    """Function (record, table) that returns `motifmine.models.protocol.Verdicts` of every document,
    or none where the fit lacks what it needs; "": anomalies are those of the likelihood."""
    sampler: str = ""
    """Function (record, base, seed) that returns the rates of a document that is drawn (T, W), from
    what given occurrences and background add up to; "": these are the rates."""
    default_topics: Literal["off", "auto"] = "off"
    """Whether topics are put between words and motifs where nobody says."""
    settings_of_dense_words: Mapping[str, object] = field(default_factory=dict)
    """Settings that are taken where nobody says, of words that may occur in every time bin."""
    settings_of_parts: Mapping[str, object] = field(default_factory=dict)
    """Settings of fits of part of the data, which test motifs: cheaper, and without pruning."""
    settings_of_streams: Mapping[str, object] = field(default_factory=dict)
    """Settings that fits out of core must have."""
    settings_of_moving_words: Mapping[str, object] = field(default_factory=dict)
    """The same of words that move through a picture, where no length of motifs is given."""
    size_choice: str = ""
    """`motifmine.models.protocol.SizeChoice` that finds the number and length of the motifs; "":
    sizes are given."""
    out_of_core: str = ""
    """Class of `motifmine.models.protocol.OutOfCore` with a method `of` (specification, threads,
    observations): learns from documents that are never in memory together; "": they are fitted in
    memory."""
    can_update: bool = False
    """Whether new documents can be added to a saved fit."""
    writes_checkpoints: bool = False
    """Whether training resumes from a file."""
    groups_documents: bool = False
    """Whether documents can be fitted in groups, side by side."""
    has_codes: bool = False
    """Whether motifs are drawn from codes, which the report sweeps."""

    @property
    def streams(self) -> bool:
        """Whether the model learns from documents that stay in their files."""
        return bool(self.out_of_core)

    @property
    def chooses_sizes(self) -> bool:
        """Whether number and length of the motifs can be left to the data."""
        return bool(self.size_choice)

    @property
    def uses_context(self) -> bool:
        """Whether `fit` of the model takes a `motifmine.models.protocol.FitContext`."""
        return self.writes_checkpoints or self.groups_documents


STATES = Entry(
    specification="motifmine.models.states.spec:StatesSpec",
    model="motifmine.models.states.model:Hsmm",
    locate="motifmine.models.states.model:locate_in_record",
    occurrences="motifmine.models.states.model:occurrences_in_record",
    forecaster="motifmine.models.states.forecast:filter_of_record",
)
RECURRENT = Entry(
    specification="motifmine.models.recurrent.spec:RecurrentSpec",
    model="motifmine.models.recurrent.model:Gru",
    occurrences="motifmine.models.checks:no_occurrences",
    forecaster="motifmine.models.recurrent.cells:filter_of_record",
)
SAMPLER = Entry(
    specification="motifmine.models.adversarial.spec:WindowSpec",
    model="motifmine.models.adversarial.model:Dcgan",
    occurrences="motifmine.models.checks:no_occurrences",
    verdicts="motifmine.models.networks:judge_with_record",
    sampler="motifmine.models.networks:draw_with_record",
    writes_checkpoints=True,
    default_topics="auto",
)
# the models of this package
OWN = {
    "plsm": Entry(
        specification="motifmine.models.plsm.spec:PlsmSpec",
        model="motifmine.models.plsm.model:Plsm",
        # held-out observations take words that occur in every bin for dense motifs
        settings_of_dense_words={"activity": "sparse"},
        settings_of_parts={"drop_surplus": False, "restarts": 1, "rounds": 4, "inference": "em"},
        # statistics of several tempos are not added up over tables in files
        settings_of_streams={"tempo": "off"},
        # people take six to cross a picture, cars twelve round a roundabout
        settings_of_moving_words={"longest_s": 12.0},
        size_choice="motifmine.models.plsm.selection:PlsmSizeChoice",
        out_of_core="motifmine.models.plsm.out_of_core:PlsmOutOfCore",
        can_update=True,
    ),
    "hdlsm": Entry(
        specification="motifmine.models.hdlsm.spec:HdlsmSpec",
        model="motifmine.models.hdlsm.model:Hdlsm",
        locate="motifmine.models.hdlsm.model:locate_in_record",
        default_topics="auto",
        settings_of_parts={"chains": 1},
        groups_documents=True,
    ),
    "tcae": Entry(
        specification="motifmine.models.tcae.spec:TcaeSpec",
        model="motifmine.models.tcae.model:Tcae",
        locate="motifmine.models.networks:locate_in_record",
        response="motifmine.models.tcae.encoder:response_of_record",
        default_topics="auto",
        writes_checkpoints=True,
    ),
    "infogan": Entry(
        specification="motifmine.models.adversarial.spec:InfoganSpec",
        model="motifmine.models.adversarial.model:Infogan",
        has_codes=True,
        verdicts="motifmine.models.networks:judge_with_record",
        locate="motifmine.models.networks:locate_in_record",
        default_topics="auto",
    ),
    "dcgan": SAMPLER,
    "bigan": replace(SAMPLER, model="motifmine.models.adversarial.model:Bigan"),
    "alad": replace(SAMPLER, model="motifmine.models.adversarial.model:Alad"),
    "cgan": replace(
        SAMPLER,
        specification="motifmine.models.adversarial.spec:CganSpec",
        model="motifmine.models.adversarial.model:Cgan",
        occurrences="motifmine.models.adversarial.model:refuse_occurrences",
        verdicts="",
        # its tables must be those of the fit it corrects
        default_topics="off",
    ),
    "hmm": replace(STATES, model="motifmine.models.states.model:Hmm"),
    "hsmm": STATES,
    "gru": RECURRENT,
    "lstm": replace(RECURRENT, model="motifmine.models.recurrent.model:Lstm"),
}

# how motifs are located of fits whose model is not installed
FALLBACK = Entry(specification="", model="")


def model_names() -> tuple[str, ...]:
    """Return the names of all models, those of other packages last."""
    return (*OWN, *_of_others())


def entry_of(model: str) -> Entry:
    """Return the entry of a model.

    Raises `SpecError` when there is no such model, or its package is broken.
    """
    if model in OWN:
        return OWN[model]
    others = _of_others()
    if model not in others:
        raise SpecError(f"there is no model {model!r}; choose one of {', '.join(model_names())}")
    try:
        entry = others[model].load()
    except Exception as error:
        raise SpecError(
            f"the model {model} cannot be loaded from {others[model].value}: {error}"
        ) from error
    if not isinstance(entry, Entry):
        raise SpecError(f"{others[model].value} is no motifmine.models.registry.Entry")
    return entry


def all_entries() -> dict[str, Entry]:
    """Return the entries of all models; those that cannot be loaded are warned of."""
    found = {}
    for name in model_names():
        try:
            found[name] = entry_of(name)
        except SpecError as error:
            warnings.warn(str(error), MotifmineWarning, stacklevel=2)
    return found


def _of_others() -> dict[str, EntryPoint]:
    """Return the entry points of models of other packages, by name."""
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in OWN}


def locate_motifs(record: FitRecord, table: ObservationTable) -> Located:
    """Return where the motifs of a saved fit are active in `table`, whichever model made them.

    Motifs and the background's words are held fixed. Starts are inferred as the model does it, or
    by maximum likelihood where it cannot: its package is not installed, or the fit is too old.
    """
    if len(record.motifs) == 0:
        return locate_nothing(record.background, table)
    own = part_of(record.provenance.model, "locate")
    found: Located | None = own(record, table) if own is not None else None
    return load(FALLBACK.locate)(record, table) if found is None else found


def part_of(model: str, part: str) -> Callable[..., Any] | None:
    """Return what a model has for a field of its entry; None: nothing, or it is not installed."""
    place = getattr(entry_of(model), part) if model in model_names() else ""
    found: Callable[..., Any] | None = load(place) if place else None
    return found


def finds_occurrences(model: str) -> bool:
    """Return whether a model itself finds occurrences, and gives no activations."""
    return part_of(model, "occurrences") is not None


def own_occurrences(record: FitRecord, table: ObservationTable) -> Occurrences | None:
    """Return the occurrences that a saved fit's model itself finds; None: it gives activations."""
    find = part_of(record.provenance.model, "occurrences")
    return None if find is None else find(record, table)


def judges(model: str) -> bool:
    """Return whether a model has a critic."""
    return part_of(model, "verdicts") is not None


def judge_documents(record: FitRecord, table: ObservationTable) -> list[Verdicts]:
    """Return the verdicts of a saved fit's model on documents, [] of models without a critic."""
    judge = part_of(record.provenance.model, "verdicts")
    return [] if judge is None else judge(record, table)


def has_sampler(model: str) -> bool:
    """Return whether a model draws documents with a network of its own."""
    return part_of(model, "sampler") is not None


def draw_rates(record: FitRecord, base: Floats, seed: int) -> Floats:
    """Return the rates of a document that is drawn from a saved fit, float64 (T, W).

    Parameters
    ----------
    record : FitRecord
    base : float64 array (T, W)
        What occurrences and background add up to.
    seed : int
    """
    draw = part_of(record.provenance.model, "sampler")
    return base if draw is None else draw(record, base, seed)


def out_of_core(model: str, spec: Any, n_threads: int, total: float) -> OutOfCore:
    """Return what learns a model from documents that stay in their files.

    Parameters
    ----------
    model : str
    spec : specification
    n_threads : int
    total : float
        Observations of all documents, also of those that a fit has learned from before.

    Raises
    ------
    SpecError
        When the model does not.
    """
    entry = entry_of(model)
    if not entry.streams:
        raise SpecError(f"{model} does not learn from tables that stay in their files")
    learner: OutOfCore = load(entry.out_of_core).of(spec, n_threads, total)
    return learner


@cache
def load(place: str) -> Any:
    """Return the object at `module:name`."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def settings_of(entry: Entry) -> tuple[Option, ...]:
    """Return the options of a model's own settings."""
    return options_of(load(entry.specification))


def default_of(entry: Entry, name: str) -> object:
    """Return what a model takes for a common setting where nothing is given, None if nothing."""
    if name == "n_topics":
        return entry.default_topics
    found = {item.name: item.default for item in fields(load(entry.specification))}
    return found.get(name)


def has_setting(model: str, name: str) -> bool:
    """Return whether the specification of a model has a field."""
    return name in {item.name for item in fields(load(entry_of(model).specification))}


def specify(model: str, settings: Mapping[str, Any], *, is_dense: bool = False) -> Any:
    """Return the specification of a model.

    Whether words may occur in every time bin decides some defaults.

    Raises `SpecError` when there is no such model, it has no such setting, or one is invalid.
    """
    entry = entry_of(model)
    specification = load(entry.specification)
    known = {item.name for item in fields(specification)}
    if unknown := sorted(set(settings) - known):
        options = ", ".join("--" + name.removeprefix("n_").replace("_", "-") for name in unknown)
        raise SpecError(f"the model {model} has no setting {options}; leave it out")
    check_types(settings, get_type_hints(specification))
    defaults = entry.settings_of_dense_words if is_dense else {}
    return load(entry.model)(**{**defaults, **settings})


def specification_of(model: str, settings: Mapping[str, Any]) -> Any:
    """Return the specification that a saved fit was made with.

    What is no setting of the model is ignored.
    """
    entry = entry_of(model)
    specification = load(entry.specification)
    known = {f.name: settings[f.name] for f in fields(specification) if f.name in settings}
    check_types(known, get_type_hints(specification))
    return load(entry.model)(**known)


def model_of_parts(model: str, settings: Mapping[str, Any]) -> Any:
    """Return the specification for fits of parts of the data, decided as for the whole."""
    return specification_of(model, {**settings, **entry_of(model).settings_of_parts})
