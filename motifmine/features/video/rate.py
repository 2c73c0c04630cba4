"""Frame rates: too low ones are refused, and the length of time bins follows from them."""

from collections.abc import Iterator

from motifmine.errors import SpecError
from motifmine.features.video.spec import DEFAULT_BIN_S, LEAST_RATE_HZ, FlowSpec
from motifmine.records.frames import FrameReader


def measure_rate(reader: FrameReader) -> float:
    """Return the frames per second of a video: the usual rate, or the mean if it is far above."""
    usual = float(1 / reader.mean_gap_s)
    mean = reader.frames_expected / reader.duration_s if reader.duration_s > 0 else 0.0
    # a camera that records more frames while something moves may begin with few
    return mean if mean > 1.5 * usual else usual


def refuse_low_rate(reader: FrameReader, spec: FlowSpec) -> None:
    """Raise `SpecError` where optical flow would compare frames that are too far apart."""
    rate = measure_rate(reader)
    if spec.words == "flow" and min(rate, spec.rate_hz) < LEAST_RATE_HZ * 0.99:
        if rate > spec.rate_hz:
            raise SpecError(
                f"--rate {spec.rate_hz:g} is too low for optical flow, which needs at least "
                f"{LEAST_RATE_HZ} frames a second; leave it out, or use --words changes"
            )
        raise SpecError(
            f"{reader.path} has {describe_rate(rate)}, too few for optical flow, which needs about "
            f"{LEAST_RATE_HZ} a second; use words that need none with --words changes"
        )


def describe_rate(rate_hz: float) -> str:
    """Return a frame rate as text: `1 frame a second`, `1 frame in 30 s`."""
    if rate_hz < 0.95:
        return f"1 frame in {1 / rate_hz:.3g} s"
    return f"{rate_hz:.3g} frame{'' if f'{rate_hz:.3g}' == '1' else 's'} a second"


def describe_bin(reader: FrameReader, spec: FlowSpec, bin_s: float) -> Iterator[str]:
    """Yield a note where the frame rate has decided the length of a time bin."""
    if spec.bin_s is None and bin_s != DEFAULT_BIN_S:
        n_frames = round(bin_s / spec.compared_gap_s(reader.mean_gap_s))
        yield f"time bins of {bin_s:g} s, {n_frames} frames each"
