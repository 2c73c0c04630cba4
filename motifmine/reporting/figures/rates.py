"""Rates of occurrence as bars."""

import numpy as np

from motifmine.types import Floats


def draw_bars(per_hour: Floats) -> str:
    """Return rates as a bar chart in stretchable SVG; a thin line where nothing was recorded."""
    # relative to the highest of this motif: rates of motifs differ by orders of magnitude
    highest = float(np.nanmax(per_hour, initial=0.0)) or 1.0
    width = 1000 / len(per_hour)
    gap = 0.15 * width
    bars, empty = [], []
    for index, rate in enumerate(per_hour.tolist()):
        left, right = index * width + gap, (index + 1) * width - gap
        if np.isnan(rate):
            empty.append(f"M{left:.1f} 99H{right:.1f}")
        elif rate > 0:
            # the lowest bar is seen, however small its rate
            top = 100 - max(96 * rate / highest, 3)
            bars.append(f"M{left:.1f} 100V{top:.1f}H{right:.1f}V100Z")
    return (
        '<svg class="bars" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true" '
        f'focusable="false"><path d="{"".join(bars)}"/>'
        f'<path class="nothing" d="{"".join(empty)}"/></svg>'
    )
