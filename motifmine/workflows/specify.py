"""From what is asked of a fit to the specification of its model."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from motifmine.durations import Duration
from motifmine.models.protocol import SizeChoice
from motifmine.models.registry import entry_of, load, specify
from motifmine.models.request import FitRequest
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable
from motifmine.records.topics import find_innermost
from motifmine.records.vocabulary import Vocabulary

OnMessage = Callable[[str], None]


def specify_model(request: FitRequest, vocabulary: Vocabulary, bin_s: float) -> Any:
    """Return the specification of the model, with the defaults of the kind of words.

    Sizes that are left to the data are as they come.

    Raises
    ------
    SpecError
        When the model has no such setting.
    """
    words = find_innermost(vocabulary)
    length = words.layout.usual_motif_length
    if isinstance(request.motif_length, Duration):
        length = request.motif_length
    given = {**request.settings, "motif_length": length.bins(bin_s)}
    if isinstance(request.n_motifs, int):
        given["n_motifs"] = request.n_motifs
    return specify(request.model, given, is_dense=words.layout.is_dense)


def choose_sizes(
    request: FitRequest, spec: Any, table: ObservationTable, on_message: OnMessage
) -> tuple[Any, dict[str, object]]:
    """Return the specification with the sizes that the data decide, and how they decided.

    Parameters
    ----------
    request : FitRequest
    spec : specification
    table : ObservationTable
        Prepared.
    on_message : callable
        Called with a line before every fit that this takes.
    """
    if not request.has_open_sizes:
        return spec, {}
    sizes: Sequence[Literal["motif_length", "n_motifs"]] = (
        *(("motif_length",) if request.motif_length == "auto" else ()),
        *(("n_motifs",) if request.n_motifs == "auto" else ()),
    )
    return size_choice(request.model).choose(
        table, spec, sizes, seed=request.seed or 0, on_message=on_message
    )


def size_choice(model: str) -> SizeChoice:
    """Return what chooses the sizes of a model."""
    choice: SizeChoice = load(entry_of(model).size_choice)()
    return choice


def describe_fit(request: FitRequest, spec: Any, table: ObservationTable) -> str:
    """Return a line: which documents, how much, which settings."""
    names = [recording.name for recording in table.recordings]
    documents = names[0] if len(names) == 1 else f"{len(names)} documents {names[0]}..{names[-1]}"
    return (
        f"fit {request.model}: {documents}, {table.n_times * table.bin_s:.6g} s, {len(table.word)} "
        f"observations; {getattr(spec, 'n_motifs', 'any number of')} motifs of "
        f"{spec.motif_length * table.bin_s:g} s ({spec.motif_length} bins), seed {request.seed}"
    )


def describe_agreement(record: FitRecord) -> str:
    """Return what chains or groups say together, "" where there were none."""
    if record.posterior is not None:
        return record.posterior.sentence
    return str(record.provenance.spec.notes.get("agreement", ""))
