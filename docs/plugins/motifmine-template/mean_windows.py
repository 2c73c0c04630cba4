"""Motifs as weighted means of the windows most like those in which most happens."""

import time
from dataclasses import dataclass

import numpy as np

from motifmine.models.inferred import InferredFit, fit_by_inference
from motifmine.models.options import setting
from motifmine.models.registry import Entry
from motifmine.records.fit import MotifSet


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanWindows:
    """The specification and the model in one: fields made by `setting` become options."""

    n_motifs: int = 2
    motif_length: int = 20
    windows: int = setting(30, help="Windows that are averaged for a motif.")

    def fit(self, table, *, seed=0, on_progress=None) -> InferredFit:
        """Return the motifs of `table`; where they are active is inferred from them."""
        began = time.perf_counter()
        counts = np.zeros((table.n_times + self.motif_length, table.n_words))
        np.add.at(counts, (table.row_of_observation(), table.word), table.count)
        view = np.lib.stride_tricks.sliding_window_view(counts, self.motif_length, axis=0)
        excess = (view.transpose(0, 2, 1) - counts.mean(axis=0)).reshape(len(view), -1)
        unit = excess / (np.linalg.norm(excess, axis=1, keepdims=True) + 1e-9)
        left, means = excess.sum(axis=1), []
        for _ in range(self.n_motifs):
            centre = unit[np.argmax(left)]
            for _ in range(4):
                likeness = unit @ centre
                nearest = np.argsort(-likeness, kind="stable")[: self.windows]
                alike = np.maximum(likeness[nearest], 0) + 1e-9
                mean = np.maximum(np.average(excess[nearest], axis=0, weights=alike), 0) + 1e-9
                centre = mean / np.linalg.norm(mean)
            means.append(mean.reshape(self.motif_length, -1))
            near = np.convolve(likeness > 0.4, np.ones(2 * self.motif_length + 1))
            left = np.where(near[self.motif_length : -self.motif_length] > 0, 0, left)
        means = np.stack(means) / np.sum(means, axis=(1, 2), keepdims=True)
        motifs = MotifSet(
            probability=means.astype(np.float32), weight=np.full(len(means), 0.5 / len(means))
        )
        return fit_by_inference("mean-windows", self, table, motifs, seed=seed, began=began)


PLACE = "mean_windows:MeanWindows"
ENTRY = Entry(specification=PLACE, model=PLACE)
