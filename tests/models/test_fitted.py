"""What the fits of all models share: scores, where they come from, what the background keeps."""

from dataclasses import dataclass

import numpy as np
import pytest

from motifmine.models.fitted import FittedModel, provenance_of, remaining_background
from motifmine.models.protocol import Located
from motifmine.records.fit import Activations, Background
from motifmine.records.table import ObservationTable
from motifmine.simulation import Simulation
from motifmine.types import Floats
from motifmine.version import __version__

EVEN = Background(probability=np.full(18, 1 / 18, dtype=np.float32), weight=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform(FittedModel):
    """No motifs: every word is as probable as any other."""

    n_words: int

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        return Located(
            activations=Activations.none(table.n_documents),
            background=EVEN,
            log_likelihood=-table.total * np.log(self.n_words),
        )


def test_scores_follow_from_the_log_likelihood(small: Simulation) -> None:
    fit = Uniform(n_words=18)
    assert fit.score(small.table) == pytest.approx(-np.log(18))
    assert fit.perplexity(small.table) == pytest.approx(18)
    assert fit.transform(small.table).offsets.tolist() == [0, 0, 0]
    assert fit.findings() == {}
    assert fit.model_state is None


def test_a_fit_knows_what_it_was_made_of(small: Simulation) -> None:
    @dataclass(frozen=True)
    class Spec:
        n_motifs: int = 4

    found = provenance_of("uniform", Spec(), small.table, seed=3, elapsed_s=0.5, more={"passes": 2})
    assert found.spec.settings == {"n_motifs": 4, "passes": 2}
    assert (found.model, found.seed, found.motifmine_version) == ("uniform", 3, __version__)
    assert [name for name, _ in found.inputs] == [r.name for r in small.table.recordings]


def test_the_background_keeps_what_no_motif_explains() -> None:
    assert remaining_background(EVEN, 30, 40).weight == pytest.approx(0.25)
    assert remaining_background(EVEN, 41, 40).weight == 0
    assert remaining_background(EVEN, 0, 0).weight == 1
