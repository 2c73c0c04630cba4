"""Plain twins of `motifmine.kernels.alignment`."""

import numpy as np

from motifmine.types import Floats, Floats32


def sum_blocks_plainly(
    reference: Floats32, picture: Floats32, inside: Floats32, side: int
) -> Floats:
    """Sums of every block by array operations in double precision."""
    rows, columns = reference.shape[0] // side, reference.shape[1] // side
    down, right = np.gradient(reference.astype(float))
    edge = np.zeros(reference.shape, dtype=bool)
    edge[1:-1, 1:-1] = True
    found = np.zeros((rows * columns, 9))
    for block in range(rows * columns):
        top, left = block // columns * side, block % columns * side
        here = (slice(top, top + side), slice(left, left + side))
        use = edge[here] & (inside[here] > 0)
        if use.sum() < side * side // 2:
            continue
        r, c, x, y = (
            each[here][use].astype(float) - each[here][use].astype(float).mean()
            for each in (reference, picture, right, down)
        )
        scale = np.clip(np.sqrt((r @ r) / (c @ c)), 0.5, 2)
        e = r - scale * c
        sums = [x @ x, x @ y, y @ y, x @ e, y @ e, e @ e, r @ r, c @ c]
        found[block, :8] = np.array(sums) / use.sum()
        found[block, 8] = r @ c / np.sqrt((r @ r) * (c @ c))
    return found


def fit_similarity_plainly(
    sums: Floats, columns: int, side: int, centre: Floats, least: float
) -> Floats:
    """The fit by matrices of every block."""
    motion = np.zeros(4)
    known = np.flatnonzero(sums[:, 6] >= least)
    x = known % columns * side + (side - 1) / 2 - centre[0]
    y = known // columns * side + (side - 1) / 2 - centre[1]
    ones, zeros = np.ones(len(known)), np.zeros(len(known))
    along = np.stack([np.stack([ones, zeros, x, -y], 1), np.stack([zeros, ones, y, x], 1)], 1)
    squared = sums[known][:, [0, 1, 1, 2]].reshape(-1, 2, 2)
    towards = sums[known, 3:5]
    for _ in range(4):
        moved = along @ motion
        error = sums[known, 5] - 2 * (towards * moved).sum(1)
        error += np.einsum("bi,bij,bj->b", moved, squared, moved)
        error = np.maximum(error, 0) / sums[known, 6]
        weight = 1 / (1 + (error / max(np.median(error), 1e-4)) ** 2) / sums[known, 6]
        matrix = np.einsum("b,bji,bjk,bkl->il", weight, along, squared, along)
        right = np.einsum("b,bji,bj->i", weight, along, towards)
        stiff = 1e-3 * (matrix[0, 0] + matrix[1, 1]) + 1e-12
        matrix += np.diag([stiff, stiff, stiff * centre[0] ** 2, stiff * centre[0] ** 2])
        motion = np.linalg.solve(matrix, right)
    return motion
