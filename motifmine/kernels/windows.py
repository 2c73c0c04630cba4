"""Windows in space and direction around the centres of motifs of moving things."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import fast_kernel

Single = NDArray[np.float32]
Double = NDArray[np.float64]


@fast_kernel
def sweep_windows(
    motifs: Single,
    place: Single,
    width: Single,
    centre: Single,
    scale: float,
    turn: float,
    moments: Double,
    out: Single,
) -> None:
    """Multiply motifs by their windows, and add up what lies inside.

    A window is (1 + d / 16)^-16, where the distance d is that of a Gaussian in space and of a von
    Mises density in direction: almost exp(-d), without an exponential for every word.

    Parameters
    ----------
    motifs : float32 array (K, L, W)
    place : float32 array (4, W)
        Row, column, and the unit vector (down, right) of every word.
    width : float32 array (2, W)
        Standard deviation of a window along the movement and across it, cells.
    centre : float32 array (K, L, 4)
        Row, column and unit vector of the movement.
    scale : float
        The widths are multiplied by it.
    turn : float
        Concentration of directions around that of the movement.
    moments : float64 array (K, L, 5)
        Mass inside and its sums of row, column, down and right; changed in place.
    out : float32 array (K, L, W), or empty (0, 0, 0)
        Motifs times windows; changed in place.
    """
    n_motifs, length, n_words = motifs.shape
    row, column, down, right = place[0], place[1], place[2], place[3]
    along, across = 1 / (width[0] * np.float32(scale)), 1 / (width[1] * np.float32(scale))
    moving = down * down + right * right  # 1, or 0 of a word without movement
    half, sixteenth, one = np.float32(0.5), np.float32(1 / 16), np.float32(1)
    zero, far, faint = np.float32(0), np.float32(1e-15), np.float32(1e-22)
    strength = np.float32(turn)
    inside = np.empty(n_words, np.float32)
    for k in range(n_motifs):
        for r in range(length):
            y0, x0, dy, dx = centre[k, r, 0], centre[k, r, 1], centre[k, r, 2], centre[k, r, 3]
            values = motifs[k, r]
            for w in range(n_words):
                y, x = row[w] - y0, column[w] - x0
                a, b = (y * dy + x * dx) * along[w], (y * dx - x * dy) * across[w]
                bend = strength * (moving[w] - down[w] * dy - right[w] * dx)
                near = one / (one + (half * (a * a + b * b) + bend) * sixteenth)
                near *= near
                near *= near
                near *= near
                # as good as nothing is nothing: denormal numbers take a hundred times as long
                near = near if near > far else zero
                value = values[w] * near
                inside[w] = (value if value > faint else zero) * near
            # single variables: sums in an array are not vectorised
            total = rows = columns = downward = rightward = zero
            for w in range(n_words):
                value = inside[w]
                total += value
                rows += value * row[w]
                columns += value * column[w]
                downward += value * down[w]
                rightward += value * right[w]
            moments[k, r, 0] = total
            moments[k, r, 1] = rows
            moments[k, r, 2] = columns
            moments[k, r, 3] = downward
            moments[k, r, 4] = rightward
            if out.size > 0:
                # to assign a row brings the message of its error, which takes seconds to compile
                for w in range(n_words):
                    out[k, r, w] = inside[w]
