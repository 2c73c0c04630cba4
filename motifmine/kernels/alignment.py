"""Motion of a whole picture against a reference: sums over blocks, and a robust fit to them.

Lucas and Kanade, IJCAI 1981, per block, with brightness and contrast of each block left free. The
blocks are joined to one similarity (shift, rotation, scale) by reweighted least squares.
"""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import fast_kernel, inner_kernel, kernel
from motifmine.kernels.selection import find_median

Picture = NDArray[np.float32]
Sums = NDArray[np.float64]

N_SUMS = 9  # columns of `sum_blocks`
# contrasts of a block and its reference differ by this factor at most, else one is empty
MOST_CONTRAST = 2.0
ROUNDS = 4  # rounds of reweighting; more do not change the motion by a hundredth of a pixel


@fast_kernel
def sum_blocks(reference: Picture, picture: Picture, inside: Picture, side: int) -> Sums:
    """Sum what a fit of motion needs, per block.

    Parameters
    ----------
    reference, picture : float32 arrays (h, w)
    inside : float32 array (h, w)
        0 where the picture is not known, else 1; unknown pixels are excluded.
    side : int
        Side of a block, pixels; an incomplete last row or column of blocks is excluded.

    Returns
    -------
    float64 array (blocks, 9)
        Means over the block: squared gradient of the reference (xx, xy, yy), its product with the
        difference (x, y), squared difference, variance of reference and of picture; last, the
        correlation of both. All of values less the block's mean, with the picture brought to the
        contrast of the reference. Zeros for a block of which less than half is known.
    """
    rows, columns = reference.shape[0] // side, reference.shape[1] // side
    height, width = reference.shape
    found = np.zeros((rows * columns, N_SUMS))
    zero = np.float32(0)
    for block in range(rows * columns):
        top, left = block // columns * side, block % columns * side
        # differences from one value: single precision would lose small contrasts at great height
        base = reference[top, left]
        n, r1, c1, x1, y1 = zero, zero, zero, zero, zero
        rr, cc, rc, xx, xy, yy = zero, zero, zero, zero, zero, zero
        xr, xc, yr, yc = zero, zero, zero, zero
        for y in range(max(top, 1), min(top + side, height - 1)):
            for x in range(max(left, 1), min(left + side, width - 1)):
                w = inside[y, x]
                r, c = w * (reference[y, x] - base), w * (picture[y, x] - base)
                gx = w * np.float32(0.5) * (reference[y, x + 1] - reference[y, x - 1])
                gy = w * np.float32(0.5) * (reference[y + 1, x] - reference[y - 1, x])
                n += w
                r1 += r
                c1 += c
                x1 += gx
                y1 += gy
                rr += r * r
                cc += c * c
                rc += r * c
                xx += gx * gx
                xy += gx * gy
                yy += gy * gy
                xr += gx * r
                xc += gx * c
                yr += gy * r
                yc += gy * c
        if n < side * side // 2:
            continue
        rr -= r1 * r1 / n
        cc -= c1 * c1 / n
        rc -= r1 * c1 / n
        scale = np.float32(MOST_CONTRAST)
        if rr < cc * MOST_CONTRAST**2:
            scale = np.sqrt(rr / cc)
        if scale < 1 / MOST_CONTRAST:
            scale = np.float32(1 / MOST_CONTRAST)
        found[block, 0] = (xx - x1 * x1 / n) / n
        found[block, 1] = (xy - x1 * y1 / n) / n
        found[block, 2] = (yy - y1 * y1 / n) / n
        found[block, 3] = (xr - x1 * r1 / n - scale * (xc - x1 * c1 / n)) / n
        found[block, 4] = (yr - y1 * r1 / n - scale * (yc - y1 * c1 / n)) / n
        found[block, 5] = (rr - 2 * scale * rc + scale * scale * cc) / n
        found[block, 6] = rr / n
        found[block, 7] = cc / n
        if rr > 0 and cc > 0:
            found[block, 8] = rc / np.sqrt(rr * cc)
    return found


@kernel
def fit_similarity(sums: Sums, columns: int, side: int, centre: Sums, least: float) -> Sums:
    """Fit one shift, rotation and scale to the sums of blocks; blocks that move otherwise yield.

    Parameters
    ----------
    sums : float64 array (blocks, 9)
        From `sum_blocks`.
    columns : int
        Blocks in a row.
    side : int
        Side of a block, pixels.
    centre : float64 array (2,)
        Point (x, y) that rotation and scale keep, pixels.
    least : float
        Least variance of the reference in a block that takes part, squared grey levels.

    Returns
    -------
    float64 array (4,)
        Shift (right, down) in pixels, growth and clockwise turn: a point at (x, y) from the centre
        moves by `(right + growth * x - turn * y, down + turn * x + growth * y)`.
    """
    motion = np.zeros(4)
    error, ordered = np.zeros(len(sums)), np.zeros(len(sums))
    for _ in range(ROUNDS):
        known = 0
        for block in range(len(sums)):
            if sums[block, 6] < least:
                error[block] = -1.0
                continue
            x = block % columns * side + 0.5 * (side - 1) - centre[0]
            y = block // columns * side + 0.5 * (side - 1) - centre[1]
            dx = motion[0] + motion[2] * x - motion[3] * y
            dy = motion[1] + motion[3] * x + motion[2] * y
            xx, xy, yy = sums[block, 0], sums[block, 1], sums[block, 2]
            bx, by = sums[block, 3], sums[block, 4]
            left = sums[block, 5] - 2 * (bx * dx + by * dy)
            left += xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy
            # relative to the contrast, so that strong edges do not count as misfits
            error[block] = ordered[known] = max(left, 0.0) / sums[block, 6]
            known += 1
        if known < 3:
            return np.zeros(4)
        usual = max(find_median(ordered, known), 1e-4)
        matrix, right = np.zeros((4, 4)), np.zeros(4)
        for block in range(len(sums)):
            if error[block] < 0:
                continue
            weight = 1.0 / (1.0 + (error[block] / usual) ** 2) / sums[block, 6]
            x = block % columns * side + 0.5 * (side - 1) - centre[0]
            y = block // columns * side + 0.5 * (side - 1) - centre[1]
            xx, xy, yy = sums[block, 0], sums[block, 1], sums[block, 2]
            bx, by = sums[block, 3], sums[block, 4]
            p, q = xx * x + xy * y, xy * x + yy * y
            u, v = xy * x - xx * y, yy * x - xy * y
            matrix[0, 0] += weight * xx
            matrix[0, 1] += weight * xy
            matrix[0, 2] += weight * p
            matrix[0, 3] += weight * u
            matrix[1, 1] += weight * yy
            matrix[1, 2] += weight * q
            matrix[1, 3] += weight * v
            matrix[2, 2] += weight * (x * p + y * q)
            matrix[2, 3] += weight * (x * u + y * v)
            matrix[3, 3] += weight * (x * v - y * u)
            right[0] += weight * bx
            right[1] += weight * by
            right[2] += weight * (x * bx + y * by)
            right[3] += weight * (x * by - y * bx)
        for row in range(4):
            for column in range(row):
                matrix[row, column] = matrix[column, row]
        # a little stiffness: with edges of one direction only the fit would be singular
        stiff = 1e-3 * (matrix[0, 0] + matrix[1, 1]) + 1e-12
        for axis in range(4):
            matrix[axis, axis] += stiff if axis < 2 else stiff * centre[0] ** 2
        _solve(matrix, right)
        motion = right
    return motion


@inner_kernel
def _solve(matrix: Sums, right: Sums) -> None:
    """Replace `right` by the solution of a positive definite system; `matrix` is overwritten."""
    # numba's `linalg.solve` takes seconds to compile, for an equation of four unknowns
    n = len(right)
    for pivot in range(n):
        for row in range(pivot + 1, n):
            factor = matrix[row, pivot] / matrix[pivot, pivot]
            right[row] -= factor * right[pivot]
            for column in range(pivot, n):
                matrix[row, column] -= factor * matrix[pivot, column]
    for row in range(n - 1, -1, -1):
        for column in range(row + 1, n):
            right[row] -= matrix[row, column] * right[column]
        right[row] /= matrix[row, row]


@kernel
def compare_structure(
    sums: Sums, columns: int, least: float, correlation: float
) -> NDArray[np.float64]:
    """Count the blocks with structure in both pictures, and those with the same one.

    Parameters
    ----------
    sums : float64 array (blocks, 9)
        From `sum_blocks`.
    columns : int
        Blocks in a row.
    least : float
        Least variance of a block with structure, squared grey levels.
    correlation : float
        Blocks that correlate by more have the same structure.

    Returns
    -------
    float64 array (2, 2)
        For blocks with structure, and for those with the same one: their number, and the standard
        deviation of their positions relative to the side of the picture along which it is smaller.
    """
    found = np.zeros((2, 2))
    rows = len(sums) // max(columns, 1)
    for kind in range(2):
        n = 0
        x1 = xx = y1 = yy = 0.0
        for block in range(len(sums)):
            if sums[block, 6] < least or sums[block, 7] < least:
                continue
            if kind == 1 and sums[block, 8] <= correlation:
                continue
            x, y = block % columns / columns, block // columns / rows
            n += 1
            x1 += x
            y1 += y
            xx += x * x
            yy += y * y
        if n > 0:
            spread = min(xx / n - (x1 / n) ** 2, yy / n - (y1 / n) ** 2)
            found[kind, 0], found[kind, 1] = n, np.sqrt(max(spread, 0.0))
    return found
