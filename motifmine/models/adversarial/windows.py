"""Windows of dense counts drawn from a table, and what recurs in them as a first guess."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motifmine.records.table import ObservationTable

CANDIDATES = 300
"""Windows that are compared with all others for a first guess."""
RECURRENCES = 8
"""Most similar windows that are averaged with a candidate."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recordings:
    """Counts of all documents one after the other, with the places where a window fits."""

    counts: Tensor
    """(W, T), float32."""
    window_bins: int
    """V."""
    first_bin: Tensor
    """Columns of `counts` where a window begins that stays in its document, int64."""

    @classmethod
    def of(cls, table: ObservationTable, window_bins: int, device: torch.device) -> "Recordings":
        """Return the counts of a table.

        Parameters
        ----------
        table : ObservationTable
        window_bins : int
            Length of windows, at most that of the longest document.
        device : torch.device
        """
        lengths = table.document_lengths
        window_bins = min(window_bins, int(lengths.max()))
        inside = [
            first + np.arange(n_times - window_bins + 1)
            for first, n_times in zip(table.document_offsets, lengths, strict=False)
            if n_times >= window_bins
        ]
        return cls(
            counts=make_dense(table, device),
            window_bins=window_bins,
            first_bin=torch.from_numpy(np.concatenate(inside)).to(device),
        )

    def draw(self, n_windows: int) -> Tensor:
        """Return windows at random, (B, W, V)."""
        chosen = torch.randint(len(self.first_bin), (n_windows,), device=self.first_bin.device)
        return self.cut(self.first_bin[chosen], self.window_bins)

    def cut(self, first_bin: Tensor, n_bins: int) -> Tensor:
        """Return windows of `n_bins` at given columns, zeros beyond the recordings, (B, W, n)."""
        column = first_bin[:, None] + torch.arange(n_bins, device=first_bin.device)
        padded = functional.pad(self.counts, (n_bins, n_bins))
        return padded[:, (column + n_bins).clamp(0, padded.shape[1] - 1)].transpose(0, 1)


def make_dense(table: ObservationTable, device: torch.device) -> Tensor:
    """Return the counts of all documents one after the other, float32 (W, T)."""
    counts = torch.zeros(table.n_words, table.n_times)
    row = torch.from_numpy(table.row_of_observation())
    counts[torch.from_numpy(table.word.astype(np.int64)), row] = torch.from_numpy(table.count)
    return counts.to(device)


def find_recurring(recordings: Recordings, n_motifs: int, length: int) -> Tensor:
    """Return averages of windows that recur, farthest first, (K, W, L), > 0.

    Single windows hold whatever else happened at their time, and an arbitrary part of a motif;
    averaged with the windows most similar to them, and moved to where these agree, they are close
    to one motif each. The choice among them is that of k-means++ without its randomness.

    Parameters
    ----------
    recordings : Recordings
    n_motifs : int
        K.
    length : int
        L, time bins.
    """
    levels = torch.log1p(recordings.counts)
    similarity = _compare_candidates(recordings, levels, length)
    mean_level = recordings.counts.mean(dim=1, keepdim=True)
    best, at = _take_peaks(similarity, RECURRENCES + 1, length)
    score = best.mean(dim=1)
    # averages are three times as long: what recurs may begin before or end after the candidate
    wide = torch.stack([recordings.cut(row - length, 3 * length).mean(dim=0) for row in at])
    mass = (wide - mean_level).clamp(min=0).sum(dim=1)
    held = functional.avg_pool1d(mass[:, None], length, stride=1)[:, 0]
    first = held.argmax(dim=1)
    column = first[:, None] + torch.arange(length, device=first.device)
    averages = torch.stack([w[:, c] for w, c in zip(wide, column, strict=True)])
    averages = (averages - mean_level).clamp(min=0) + 1e-6
    return averages[_choose_apart(averages, score, n_motifs)]


def _compare_candidates(recordings: Recordings, levels: Tensor, length: int) -> Tensor:
    """Return the cosines of busy windows with every window, (C, T - L + 1)."""
    busy = functional.avg_pool1d(recordings.counts.sum(dim=0)[None], length, stride=1)[0]
    n_candidates = min(CANDIDATES, int((busy > 0).sum()))
    place = torch.multinomial(busy.square(), n_candidates)
    column = place[:, None] + torch.arange(length, device=place.device)
    candidates = levels[:, column].transpose(0, 1)
    norm = candidates.square().sum(dim=(1, 2)).sqrt()
    squares = functional.avg_pool1d(levels.square().sum(dim=0)[None], length, stride=1)[0] * length
    products = functional.conv1d(levels[None], candidates)[0]
    return products / (norm[:, None] * squares.sqrt() + 1e-3)


def _take_peaks(similarity: Tensor, n_peaks: int, apart: int) -> tuple[Tensor, Tensor]:
    """Return the highest values of rows that are `apart` columns from one another, and columns."""
    remaining = similarity.clone()
    columns = torch.arange(similarity.shape[1], device=similarity.device)
    values, places = [], []
    for _ in range(n_peaks):
        value, place = remaining.max(dim=1)
        values.append(value)
        places.append(place)
        near = (columns - place[:, None]).abs() < apart
        remaining.masked_fill_(near, -1.0)
    return torch.stack(values, dim=1), torch.stack(places, dim=1)


def _choose_apart(averages: Tensor, score: Tensor, n_chosen: int) -> Tensor:
    """Return windows that recur and are unlike those chosen before, at any shift, int64 (K,)."""
    length = averages.shape[2]
    root = averages.sqrt()
    unit = root / root.square().sum(dim=(1, 2), keepdim=True).sqrt()
    padded = functional.pad(unit, (length // 2, length // 2))
    chosen = [int(score.argmax())]
    like = torch.zeros_like(score)
    while len(chosen) < n_chosen:
        newest = functional.conv1d(padded, unit[chosen[-1]][None])[:, 0].amax(dim=1)
        like = torch.maximum(like, newest)
        chosen.append(int((score * (1 - like)).argmax()))
    return torch.tensor(chosen, device=averages.device)
