"""From the request for a fit to the specification of its model."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from motifmine.durations import Duration
from motifmine.models.protocol import SizeChoice
from motifmine.models.registry import entry_of, has_sampler, has_setting, load, specify
from motifmine.models.request import FitRequest
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable
from motifmine.records.topics import find_innermost
from motifmine.records.vocabulary import Vocabulary

OnMessage = Callable[[str], None]
USUAL_NUMBER = 10  # most motifs of a video where no number is given
# a usual length that is too long becomes the longest document divided by this, so that motifs can
# recur in each half of it
SHORTENED = 4


def specify_model(request: FitRequest, vocabulary: Vocabulary, bin_s: float) -> Any:
    """Return the specification of the model, with the defaults of the kind of words.

    Sizes that the data decide keep their defaults here, see `choose_sizes`.

    Raises `SpecError` when the model has no such setting.
    """
    # topics have no place and no time scale of their own: those of their words count
    words = find_innermost(vocabulary)
    length = words.layout.usual_motif_length
    open_settings: Mapping[str, object] = {}
    if isinstance(request.motif_length, Duration):
        length = request.motif_length
    elif vocabulary.layout.movements() is not None:
        open_settings = entry_of(request.model).settings_of_moving_words
    is_picture = words.layout.positions() is not None
    # what is requested takes precedence over defaults of the kind of words
    given = {**open_settings, **request.settings}
    if isinstance(request.motif_length, Duration) or has_setting(request.model, "motif_length"):
        given["motif_length"] = length.bins(bin_s)
    if request.is_streamed:
        given |= entry_of(request.model).settings_of_streams
    if isinstance(request.n_motifs, int):
        given["n_motifs"] = request.n_motifs
    elif request.n_motifs is None and entry_of(request.model).chooses_sizes and is_picture:
        given["n_motifs"] = USUAL_NUMBER
    return specify(request.model, given, is_dense=words.layout.is_dense)


def choose_sizes(
    request: FitRequest, spec: Any, table: ObservationTable, on_message: OnMessage
) -> tuple[Any, dict[str, object]]:
    """Return the specification with the motif length that the data decide, and how they did.

    The length is left to the data with `auto`, and of words without places where it is not given,
    if the model can choose. The usual length of other words is shortened for short recordings.
    """
    is_open = request.motif_length is None and decides_sizes(request, table.vocabulary)
    if request.motif_length == "auto" or is_open:
        chosen, line = size_choice(request.model).choose_length(table, spec, seed=request.seed or 0)
    elif request.motif_length is None and _usual_is_long(spec, table):
        length = max(1, int(table.document_lengths.max()) // SHORTENED)
        chosen = replace(spec, motif_length=length)
        line = f"motif length {length * table.bin_s:g} s: the longest document is short"
        if getattr(spec, "longest_s", None) is not None:
            # motifs of things that move are as long as their paths; it is that of others
            return chosen, {}
    else:
        return spec, {}
    on_message(line)
    return chosen, {"motif_length_choice": line}


def _usual_is_long(spec: Any, table: ObservationTable) -> bool:
    """Return whether no half of a document holds a motif of the usual length."""
    return bool(2 * getattr(spec, "motif_length", 0) > table.document_lengths.max())


def decides_sizes(request: FitRequest, vocabulary: Vocabulary) -> bool:
    """Return whether sizes that are not given are left to the data."""
    has_places = find_innermost(vocabulary).layout.positions() is not None
    return entry_of(request.model).chooses_sizes and not has_places


def size_choice(model: str) -> SizeChoice:
    """Return what chooses the sizes of a model."""
    choice: SizeChoice = load(entry_of(model).size_choice)()
    return choice


def describe_fit(request: FitRequest, spec: Any, table: ObservationTable) -> str:
    """Return a line: which documents, how much, which settings."""
    names = [recording.name for recording in table.recordings]
    documents = names[0] if len(names) == 1 else f"{len(names)} documents {names[0]}..{names[-1]}"
    return (
        f"fit {request.model}: {documents}, {table.n_times * table.bin_s:.6g} s, "
        f"{len(table.word):,} "
        f"observations; {_describe_sizes(request, spec, table.bin_s)}, seed {request.seed}"
    )


def _describe_sizes(request: FitRequest, spec: Any, bin_s: float) -> str:
    """Return number and length of the motifs; "at most" where the data decide within limits."""
    number, longest_s = getattr(spec, "n_motifs", None), getattr(spec, "longest_s", None)
    # surplus motifs are pruned, and of moving things no more are sought than there are
    limit = "at most " if number and request.n_motifs is None else ""
    motifs = f"{limit}{number or 'any number of'} motif{'s' * (number != 1)}"
    if has_sampler(request.model):
        return "no motifs of its own"
    if not hasattr(spec, "motif_length"):
        if not hasattr(spec, "n_states"):
            return "no motifs, a forecast only"
        return f"{spec.n_states or 'any number of'} states"
    if longest_s is not None:
        return f"{motifs}, each as long as its path takes (at most {longest_s:g} s)"
    return f"{motifs} of {spec.motif_length * bin_s:g} s ({spec.motif_length} bins)"


def describe_agreement(record: FitRecord) -> str:
    """Return how chains or groups agree, as a sentence; "" where there were none."""
    if record.posterior is not None:
        return record.posterior.sentence
    return record.provenance.spec.notes.agreement
