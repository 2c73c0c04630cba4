"""Windows of dense counts drawn from a table, and what recurs in them as a first guess."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from motifmine.models.devices import use_deterministic_sums
from motifmine.models.protocol import Verdicts
from motifmine.records.table import ObservationTable

CANDIDATES = 300  # windows that are compared with all others for a first guess
RECURRENCES = 8  # most similar windows that are averaged with a candidate

# length of a block in windows; one block in how many is held out
HELD_OUT_WINDOWS, HELD_OUT_BLOCKS = 10, 6

# windows that a bin is part of when all of a document is judged, and windows in a batch
WINDOWS_AT_A_BIN, JUDGED_TOGETHER = 4, 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recordings:
    """Counts of all documents one after the other, with the places where a window fits."""

    counts: Tensor
    """(W, T), float32."""
    window_bins: int
    """V."""
    first_bin: Tensor
    """Columns of `counts` where a window begins that stays in its document and has no time that is
    held out, int64."""

    @classmethod
    def of(
        cls,
        table: ObservationTable,
        window_bins: int,
        device: torch.device,
        more: Tensor | None = None,
    ) -> "Recordings":
        """Return the counts of a table.

        Parameters
        ----------
        table : ObservationTable
        window_bins : int
            Length of windows, at most that of the longest document.
        device : torch.device
        more : Tensor or None
            Rows below the counts, (.., T).
        """
        lengths = table.document_lengths
        window_bins = min(window_bins, int(lengths.max()))
        n_before = np.concatenate([[0], np.cumsum(hold_out(table, window_bins))])
        inside = [
            first + np.arange(n_times - window_bins + 1)
            for first, n_times in zip(table.document_offsets, lengths, strict=False)
            if n_times >= window_bins
        ]
        first = np.concatenate(inside)
        seen = first[n_before[first + window_bins] == n_before[first]]
        counts = make_dense(table, device)
        return cls(
            counts=counts if more is None else torch.cat([counts, more]),
            window_bins=window_bins,
            # of very short recordings everything is learned from
            first_bin=torch.from_numpy(seen if len(seen) else first).to(device),
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


def hold_out(table: ObservationTable, window_bins: int) -> NDArray[np.bool_]:
    """Return which bins of all documents are never learned from, bool (T,).

    Windows that a critic has learned seem more real to it than others: what is usual can only be
    known from others. Where there is too little time, none is held out.
    """
    block = np.arange(table.n_times) // (HELD_OUT_WINDOWS * window_bins)
    is_held_out: NDArray[np.bool_] = block % HELD_OUT_BLOCKS == HELD_OUT_BLOCKS // 2
    return is_held_out


def judge_windows(
    table: ObservationTable,
    window_bins: int,
    device: torch.device,
    decide: Callable[[Tensor], Tensor],
) -> list[Verdicts]:
    """Return verdicts on windows of every document, for each bin that of the nearest window.

    Windows are cut as those that were learned from: a critic also sees where they end.

    Parameters
    ----------
    table : ObservationTable
    window_bins : int
    device : torch.device
    decide : callable
        Verdicts (B,) on windows of counts (B, W, V).
    """
    unseen = np.split(hold_out(table, window_bins), table.document_offsets[1:-1])
    found = []
    with torch.no_grad(), use_deterministic_sums():
        for document, is_held_out in enumerate(unseen):
            counts = make_dense(table.document(document), device)
            n_times = counts.shape[1]
            counts = functional.pad(counts, (0, max(0, window_bins - n_times)))
            last = counts.shape[1] - window_bins
            step = max(1, window_bins // WINDOWS_AT_A_BIN)
            first = np.unique(np.append(np.arange(0, last, step), last))
            windows = counts.unfold(1, window_bins, 1)[:, torch.from_numpy(first).to(device)]
            batches = torch.split(windows.transpose(0, 1), JUDGED_TOGETHER)
            verdict = torch.cat([decide(batch) for batch in batches]).cpu().numpy()
            middle = first[:-1] + (window_bins + np.diff(first)) / 2
            nearest = np.searchsorted(middle, np.arange(n_times))
            found.append(Verdicts(verdict[nearest].astype(np.float64), is_held_out))
    return found


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
