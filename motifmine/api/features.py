"""Motif activations as features of recordings, an estimator of scikit-learn."""

from typing import Any, Self, get_type_hints

import numpy as np
from numpy.typing import ArrayLike

from motifmine.api.tables import Table
from motifmine.errors import DataError
from motifmine.models import DEFAULT_MODEL
from motifmine.models.registry import specify
from motifmine.records.table import join_tables
from motifmine.types import Floats
from motifmine.validation import check_at_least, check_types, require_package

require_package("sklearn", "MotifFeatures", "motifmine[notebook]")

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402


class MotifFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """How much of each case every motif explains.

    A case is one recording, flattened: `n_words` counts of the first time bin, then those of the
    second, and so on, as `X.reshape(n_cases, -1)` of an array (case, time, word) gives them.
    Motifs are learned from all cases by PLSM; of other cases they are held fixed. They are not
    tested: use `Plsm().fit` to find out which motifs recur.

    Parameters
    ----------
    n_motifs : int
        Number of motifs, and of features, > 0.
    motif_length : int
        Length of the motifs in time bins, > 0; at most that of a case is used.
    n_words : int
        Words of a time bin, > 0.
    random_state : int
        Seed.
    """

    def __init__(
        self,
        n_motifs: int = 4,
        *,
        motif_length: int = 10,
        n_words: int = 1,
        random_state: int = 0,
    ) -> None:
        self.n_motifs = n_motifs
        self.motif_length = motif_length
        self.n_words = n_words
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn motifs from cases, float array (n_cases, n_times * n_words), >= 0.

        Raises
        ------
        DataError
            When a case has no whole number of time bins, or there is no observation.
        SpecError
            When a parameter is invalid.
        """
        # scikit-learn wants parameters to be checked here, not when they are given
        check_types(self.get_params(), get_type_hints(MotifFeatures.__init__))
        check_at_least(self, 1, "n_motifs", "motif_length", "n_words")
        cases: Floats = validate_data(self, X, dtype=np.float64, ensure_non_negative=True)
        # scikit-learn knows two axes only, so time and word come flattened
        if cases.shape[1] % self.n_words:
            raise DataError(
                f"{cases.shape[1]} columns are no whole number of time bins of {self.n_words} words"
            )
        length = min(self.motif_length, cases.shape[1] // self.n_words)
        # a transformer has as many columns as were asked for, whatever the data
        settings = {
            "n_motifs": self.n_motifs,
            "motif_length": length,
            "start": "random",
            "activity": "sparse",
            "drop_surplus": False,
        }
        model = specify(DEFAULT_MODEL, settings)
        self.fit_ = model.fit(self._table(cases), seed=self.random_state)
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Return the observations that each motif explains, float array (n_cases, n_motifs)."""
        check_is_fitted(self)
        cases: Floats = validate_data(
            self, X, dtype=np.float64, ensure_non_negative=True, reset=False
        )
        features = np.zeros((len(cases), self.n_motifs))
        seen = np.flatnonzero(cases.sum(axis=1) > 0)
        # a case without observations has no likelihood; its features are 0
        if len(seen):
            found = self.fit_.transform(self._table(cases[seen]))
            case = np.repeat(seen, np.diff(found.offsets))
            np.add.at(features, (case, found.motif), found.mass)
        return features

    @property
    def _n_features_out(self) -> int:
        return len(self.fit_.motifs)

    def _table(self, cases: Floats) -> Any:
        return join_tables(
            [
                Table.from_array(case.reshape(-1, self.n_words), name=f"case-{number}")
                for number, case in enumerate(cases)
            ]
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # the checks of scikit-learn then try no negative values
        tags.input_tags.positive_only = True
        return tags
