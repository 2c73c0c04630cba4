"""GRU and LSTM as models: they forecast, and have no motifs.

Cho et al.: Learning phrase representations using RNN encoder-decoder, EMNLP 2014. Hochreiter and
Schmidhuber: Long short-term memory, Neural Computation 9(8), 1997.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from motifmine.models.checks import check_size, locate_nothing
from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.protocol import Located
from motifmine.models.recurrent.cells import Weights
from motifmine.models.recurrent.spec import RecurrentSpec
from motifmine.progress import Progress
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Occurrences,
    Provenance,
    Trace,
)
from motifmine.records.table import ObservationTable
from motifmine.seeding import resolve_seed
from motifmine.types import Floats
from motifmine.validation import require_package


@dataclass(frozen=True, slots=True, kw_only=True)
class Gru(RecurrentSpec):
    """The specification of a network of gated recurrent units; needs torch to be fitted."""

    name: ClassVar[str] = "gru"

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> "RecurrentFit":
        """Return a network that predicts the words of `table`.

        Parameters
        ----------
        table : ObservationTable
        seed : int or None
            Of the first weights, and of the order of windows.
        on_progress : callable or None
            Called with a `Progress` after every epoch.

        Raises
        ------
        DataError
            When the table holds no observations.
        """
        began = time.perf_counter()
        check_size(table, n_motifs=1, motif_length=2)
        seed = resolve_seed(seed)
        require_package("torch", f"the model {self.name}", "motifmine[tcae]")
        from motifmine.models.recurrent.network import train  # noqa: PLC0415 (torch takes seconds)

        def report(epoch: int, value: float) -> None:
            if on_progress is not None:
                on_progress(Progress(epoch, self.epochs, value))

        weights, course = train(self.name, self, table, seed=seed, on_epoch=report)
        words = np.bincount(table.word, table.count, minlength=table.n_words)
        background = Background(probability=(words / words.sum()).astype(np.float32), weight=1.0)
        value, seconds = np.array(course).T
        return RecurrentFit(
            spec=self,
            motifs=MotifSet(
                probability=np.zeros((0, 1, table.n_words), np.float32), weight=np.zeros(0)
            ),
            background=background,
            activations=locate_nothing(background, table).activations,
            trace=Trace(
                iteration=np.arange(len(value)),
                log_likelihood=value * table.total,
                seconds=seconds,
            ),
            provenance=provenance_of(
                self.name, self, table, seed=seed, elapsed_s=time.perf_counter() - began
            ),
            model_state=weights,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm(Gru):
    """The specification of a long short-term memory; needs torch to be fitted."""

    name: ClassVar[str] = "lstm"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecurrentFit(FittedModel):
    """A network that forecasts; all observations are background."""

    spec: Any
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    """The log-likelihood is that of held-out windows, for as many observations as there are."""
    provenance: Provenance
    model_state: Weights

    def findings(self) -> dict[str, object]:
        """Return the decisions."""
        best = float(self.trace.log_likelihood.argmax())
        name = self.provenance.model
        return {
            "decisions": [
                f"{name} has no motifs: it predicts, see motifmine forecast; weights of epoch "
                f"{best:.0f}, the best on held-out windows"
            ]
        }

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return that all of `table` is background; `reckoned_total` is not used."""
        return locate_nothing(self.background, table)

    def occurrences_in(self, table: ObservationTable) -> Occurrences:
        """Return no occurrences."""
        return no_occurrences(table)


def locate_in_record(record: FitRecord, table: ObservationTable) -> Located:
    """Return that all of `table` is background."""
    return locate_nothing(record.background, table)


def no_occurrences(*_: object) -> Occurrences:
    """Return no occurrences: the model has no motifs."""
    whole, real = np.zeros(0, np.int32), np.zeros(0)
    return Occurrences(
        document=whole, start_bin=whole, start_s=real, motif=whole, weight=real, score=real
    )
