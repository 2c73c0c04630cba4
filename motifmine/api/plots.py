"""Figures of a fit, drawn with matplotlib."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from motifmine.errors import DataError, SpecError
from motifmine.records.fit import FitRecord
from motifmine.records.table import Recording
from motifmine.validation import check_argument_types, require_package

MOST_WORDS = 40
"""Words that the figure of a motif shows, those with most of its mass."""


@dataclass(frozen=True, slots=True)
class Plots:
    """Figures of a fit; each method returns axes and shows nothing by itself."""

    record: FitRecord

    @check_argument_types
    def motifs(self, *, columns: int = 4) -> Any:
        """Return axes with the matrix of each motif: relative time across, words down.

        Parameters
        ----------
        columns : int
            Panels in a row, > 0.

        Raises
        ------
        MissingExtraError
            When matplotlib is not installed.
        SpecError
            When there are no columns.
        """
        pyplot, record = _pyplot(), self.record
        n_motifs = len(record.motifs)
        if columns < 1:
            raise SpecError(f"columns is {columns}; it must be 1 or more")
        n_rows = max(1, -(-n_motifs // columns))
        figure, axes = pyplot.subplots(
            n_rows,
            min(columns, max(n_motifs, 1)),
            squeeze=False,
            layout="constrained",
            figsize=(3.2 * min(columns, max(n_motifs, 1)), 2.8 * n_rows),
        )
        # the grid may have more panels than there are motifs
        for panel in axes.flat[n_motifs:]:
            panel.set_axis_off()
        for motif, panel in zip(range(n_motifs), axes.flat, strict=False):
            self._draw_motif(motif, panel)
        figure.supxlabel("relative time (s)")
        return axes

    def _draw_motif(self, motif: int, panel: Any) -> None:
        record = self.record
        matrix = record.motifs.probability[motif]
        mass = matrix.sum(axis=0)
        # in the order of the vocabulary, where neighbours belong together
        words = np.sort(np.argsort(-mass)[:MOST_WORDS])
        words = words[mass[words] > 0]
        panel.imshow(
            matrix[:, words].T,
            aspect="auto",
            origin="lower",
            interpolation="nearest",
            cmap="magma",
            extent=(0, record.motifs.motif_length * record.bin_s, -0.5, len(words) - 0.5),
        )
        panel.set_title(f"{record.title_of(motif)} ({100 * record.motifs.weight[motif]:.0f} %)")
        # more labels would lie on one another at this size
        if len(words) <= MOST_WORDS // 2:
            panel.set_yticks(range(len(words)), [record.vocabulary.labels[word] for word in words])

    @check_argument_types
    def occurrences(self, document: int = 0) -> Any:
        """Return axes with a mark at each start: time across, motifs down.

        Parameters
        ----------
        document : int
            Index of the recording.
        """
        record, found = self.record, self.record.occurrences
        recording = find_recording(record, document)
        _, axes = _pyplot().subplots(layout="constrained", figsize=(9, 2.5))
        mine = found.document == document
        axes.scatter(found.start_s[mine], found.motif[mine], marker="|", s=80)
        axes.set_yticks(
            range(len(record.motifs)), [record.title_of(k) for k in range(len(record.motifs))]
        )
        axes.set_xlabel(f"time in {recording.name} (s)")
        # the first motif on top, as in tables
        axes.invert_yaxis()
        return axes


def find_recording(record: FitRecord, document: int) -> Recording:
    """Return a recording of a fit.

    Raises `DataError` when there are fewer.
    """
    if not 0 <= document < len(record.recordings):
        raise DataError(
            f"document is {document}; the fit has {len(record.recordings)}, counted from 0"
        )
    return record.recordings[document]


def _pyplot() -> Any:
    # an extra: fits on servers need no figures
    return require_package("matplotlib.pyplot", "a figure", "motifmine[notebook]")
