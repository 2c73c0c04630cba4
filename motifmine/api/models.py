"""The models as people use them from Python: `fit` does all that `motifmine fit` does, in memory.

The classes of the same names in `motifmine.models` learn motifs only. These decide the sizes that
are not given, test the motifs on data they were not learned from, and find their occurrences.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_type_hints

from motifmine.api.fit import Fit
from motifmine.api.tables import Data, as_table
from motifmine.durations import Duration
from motifmine.models.registry import HdlsmSpec, PlsmSpec, TcaeSpec
from motifmine.models.request import FitRequest
from motifmine.progress import Progress
from motifmine.time_limit import limited_to
from motifmine.validation import check_argument_types, check_types
from motifmine.workflows.fit import fit_table
from motifmine.workflows.run import FitRun

Length = int | str | None
"""Length of motifs: time bins, a text such as `3s` or `20bins`, `auto`, or None: decided."""
SIZES = ("n_motifs", "motif_length")


@check_argument_types
def fit_model(
    model: str,
    data: Data,
    *,
    n_motifs: int | Literal["auto"] | None = None,
    motif_length: Length = None,
    seed: int | None = 0,
    limit: str | None = None,
    on_message: Callable[[str], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Fit:
    """Return the motifs of data that recur, and their occurrences.

    Parameters
    ----------
    model : str
        Name of a model, also of one from another package.
    data : Data
        A table, counts (time, word), or a sequence of these, one a document.
    n_motifs : int, "auto" or None
        Number of motifs; None: decided as by `motifmine fit`.
    motif_length : int, str or None
        Time bins, a text with its unit such as `3s`, `auto`, or None: decided.
    seed : int or None
        None: a random one.
    limit : str or None
        Time, as `10min`: what is not done by then ends early, and the best so far is the result.
    on_message : callable or None
        Called with lines on data, settings and decisions.
    on_progress : callable or None
        Called with a `Progress` at irregular intervals.
    **settings
        Fields of the model's specification.

    Raises
    ------
    SpecError
        When there is no such model or setting, or a value is invalid.
    DataError
        When the data are too small, negative or not finite.
    """
    request = FitRequest(
        model=model,
        n_motifs=n_motifs,
        motif_length=_duration(motif_length),
        seed=seed,
        limit=None if limit is None else Duration.parse(limit),
        settings=settings,
    )
    table = as_table(data)
    # from here on, so that reading the data does not count
    with limited_to(request.limit_s):
        record = fit_table(table, request, FitRun(on_message=on_message, on_progress=on_progress))
    return Fit(record=record, table=table)


def _duration(length: Length) -> Duration | Literal["auto"] | None:
    if isinstance(length, str):
        return "auto" if length == "auto" else Duration.parse(length)
    return None if length is None else Duration(float(length), "bins")


class _Fitting:
    """The method `fit` of a specification."""

    __slots__ = ()

    @check_argument_types
    def fit(
        self,
        data: Data,
        *,
        seed: int | None = 0,
        on_message: Callable[[str], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Fit:
        """Return a new fit; the specification is untouched. Parameters are those of `fit_model`."""
        # fields that have their default are left to the data and the kind of words, as options are
        given = {
            item.name: getattr(self, item.name)
            for item in fields(self)  # type: ignore[arg-type]
            if item.name in SIZES or getattr(self, item.name) != item.default
        }
        return fit_model(
            # classes have the names of their models
            type(self).__name__.lower(),
            data,
            seed=seed,
            on_message=on_message,
            on_progress=on_progress,
            **given,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plsm(PlsmSpec, _Fitting):
    """PLSM, Probabilistic Latent Sequential Motifs, by EM; number and length may be left open.

    Examples
    --------
    >>> from motifmine import Plsm, simulate
    >>> fit = Plsm().fit(simulate(n_motifs=2, n_times=600, seed=2).table)
    >>> len(fit.motifs)
    2
    """

    n_motifs: int | Literal["auto"] | None = None  # type: ignore[assignment]
    """Number of motifs, > 0; None or `auto`: decided by the data."""
    motif_length: Length = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        _check(self, PlsmSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdlsm(HdlsmSpec, _Fitting):
    """HDLSM, the hierarchical Dirichlet latent semantic motif model, by Gibbs sampling.

    It finds the number of motifs itself.
    """

    motif_length: Length = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        _check(self, HdlsmSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcae(TcaeSpec, _Fitting):
    """The temporal convolutional auto-encoder; needs torch."""

    n_motifs: int | None = None  # type: ignore[assignment]
    """Number of filters, > 0; None: 40. Those that are not pruned are the motifs."""
    motif_length: Length = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        _check(self, TcaeSpec)


def _check(given: Any, specification: Any) -> None:
    """Raise `SpecError` when a value that is given is invalid for the specification."""
    every = {item.name: getattr(given, item.name) for item in fields(given)}
    check_types(every, get_type_hints(type(given)))
    # a wrong unit is reported now, not when there are data
    if isinstance(given.motif_length, str):
        _duration(given.motif_length)
    values = {item.name: every[item.name] for item in fields(specification)}
    # sizes that are left open, or are in seconds, become numbers when there are data
    is_open = {name for name in SIZES if not isinstance(values.get(name), int)}
    specification(**{name: value for name, value in values.items() if name not in is_open})
