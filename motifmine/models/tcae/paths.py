"""The prior of moving things for filters: each is of one thing, as in `models.moving_window`.

The decoder of a filter is 0 outside windows around its own path. A window that is multiplied in
after every step, as in EM, would narrow without end, because gradients do not make the filters
again; so this is a mask, the same for all steps of an epoch.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motifmine.models.moving_paths import SAME_PATH, TOLERANCE, Path, own_run, shares_on_paths
from motifmine.models.moving_window import TURN, WIDEST, MovingWindow
from motifmine.types import Floats, Floats32

NARROW_EPOCHS = 20  # epochs in which windows narrow
EDGE = 0.1  # a filter ends where its window has this height: at two widths
STRAIGHT = 0.5  # fourth root of the stiffness of paths, in lengths of a filter
N_TRACK = 3  # steps of mean shift in which a path is found


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMask:
    """Masks of the filters of a network, by epoch."""

    window: MovingWindow

    def find(self, decoder: Tensor, epoch: int) -> Tensor:
        """Return which weights of filters (M, W, L) are on their path in an epoch, as 0 and 1.

        Parameters
        ----------
        decoder : Tensor
            Only what is above 0 counts.
        epoch : int
            From 0; windows narrow up to `NARROW_EPOCHS`.
        """
        filters = to_motifs(decoder)
        progress = min(1.0, epoch / NARROW_EPOCHS)
        scale, turn = WIDEST ** (1.0 - progress), TURN * progress
        centre = self.track(filters, scale=scale, turn=turn)
        inside, _ = self.window.multiply(np.ones_like(filters), centre, scale=scale, turn=turn)
        mask = np.ascontiguousarray(inside.transpose(0, 2, 1) > EDGE)
        return torch.from_numpy(mask).to(decoder)

    def track(self, filters: Floats32, *, scale: float, turn: float) -> Floats:
        """Return the paths of filters (M, L, W), float64 array (M, L, 4).

        From the filters alone, so that training that resumes goes on in the same way.

        Parameters
        ----------
        filters : float32 array (M, L, W)
        scale, turn
            See `MovingWindow.follow`.
        """
        stiffness = (STRAIGHT * filters.shape[1]) ** 4
        centre: Floats | None = None
        for _ in range(N_TRACK):
            centre = self.window.track(filters, centre, scale=scale, turn=turn, stiffness=stiffness)
        assert centre is not None
        return centre

    def hold(self, motifs: Tensor) -> Tensor:
        """Return motifs (K, W, L) as the windows around their paths leave them, summing to 1."""
        values = to_motifs(motifs)
        centre = self.track(values, scale=1.0, turn=TURN)
        inside, mass = self.window.multiply(values, centre, scale=1.0, turn=TURN)
        inside /= np.maximum(mass.sum(axis=1), 1e-30)[:, None, None].astype(np.float32)
        return torch.from_numpy(np.ascontiguousarray(inside.transpose(0, 2, 1))).to(motifs)

    def find_copies(self, motifs: Tensor) -> NDArray[np.bool_]:
        """Return which of motifs (K, W, L) lie on one path, whatever their time, bool (K, K)."""
        values = to_motifs(motifs)
        centre = self.track(values, scale=1.0, turn=TURN)
        runs = [own_run(mass) for mass in values.sum(axis=2, dtype=np.float64)]
        paths = [
            Path(points=points[first:last], first=first)
            for points, (first, last) in zip(centre, runs, strict=True)
        ]
        return shares_on_paths(paths, self.window, TOLERANCE) > SAME_PATH


def to_motifs(filters: Tensor) -> Floats32:
    """Return filters (K, W, L) as non-negative motifs, float32 array (K, L, W)."""
    values = filters.detach().clamp(min=0).float().cpu().numpy().transpose(0, 2, 1)
    return np.ascontiguousarray(values)
