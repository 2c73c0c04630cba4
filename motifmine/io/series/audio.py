"""Sound files as series: the amplitude of mel bands over time, decoded in blocks."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import FormatError, MotifmineWarning
from motifmine.io.series.column_names import make_distinct
from motifmine.io.series.options import BadRows, SeriesOptions
from motifmine.io.video.container import SOUND_FORMATS, open_container
from motifmine.records.series import SampleChunk, SeriesHeader, SeriesReader
from motifmine.types import Floats

WINDOW_HOPS = 4  # length of the window of a spectrum, in hops
BLOCK_SPECTRA = 1024
HIGHEST_HZ = 16_000.0
# largest sample rate. A second of sound is in memory, so a false rate must not pass; recorders of
# ultrasound have up to 1 MHz.
MAX_RATE_HZ = 10_000_000
SHORTFALL_S = 0.1  # tolerance of the duration, seconds: codecs round it to their frames

Sound = NDArray[np.float32]


class AudioReader(SeriesReader):
    """An open sound file; see `SeriesReader`.

    A sample is the spectrum of a Hann window of four hops centred at its time. A channel is a mel
    band; its value is the square root of the power in the band, scaled so that the squares of a
    full-scale sine sum to 1 over all bands.
    """

    def __init__(self, path: Path, options: SeriesOptions) -> None:
        self.path = path
        self.hop_s = options.hop_s
        self.bad = BadRows(str(path), options.on_bad)
        try:
            with open_container(path, SOUND_FORMATS) as container:
                if not container.streams.audio:
                    raise FormatError(f"{path} has no audio stream")
                stream = container.streams.audio[0]
                if stream.codec_context is None:
                    raise FormatError(f"{path} holds sound in a form that FFmpeg does not know")
                self.rate_hz = int(stream.rate)
                ticks, tick_s = stream.duration, stream.time_base
                self.promised_s = float(ticks * tick_s) if ticks and tick_s else 0.0
        except (av.FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FormatError(f"{path} cannot be read as a sound file: {reason}") from error
        # of a damaged header windows would have no samples, or millions
        if not 1 <= self.rate_hz <= MAX_RATE_HZ:
            raise FormatError(
                f"{path} cannot be read as a sound file: its header gives {self.rate_hz} samples "
                f"per second; expected 1 to {MAX_RATE_HZ}"
            )
        self.window = max(4, round(WINDOW_HOPS * self.hop_s * self.rate_hz))
        self.centres_hz, self.weight = compute_mel_bands(options.n_bands, self.rate_hz, self.window)

    @property
    def header(self) -> SeriesHeader:
        """What is known of the series."""
        bands = f"{len(self.centres_hz)} mel bands up to {self.centres_hz[-1]:.0f} Hz"
        return SeriesHeader(
            channels=self.labels(),
            units=("",) * len(self.centres_hz),
            centres_hz=tuple(self.centres_hz.tolist()),
            notes=(f"sound of {self.rate_hz} Hz, {bands}, every {self.hop_s * 1000:g} ms",),
        )

    def labels(self) -> tuple[str, ...]:
        """Return the names of the bands: their centre frequencies."""
        return make_distinct([f"{hz:.0f} Hz" for hz in self.centres_hz])

    def chunks(self) -> Iterator[SampleChunk]:
        """Yield the amplitudes of all bands, in blocks of spectra."""
        # half a window of zeros before the first sample centres spectrum 0 at second 0
        buffer: Sound = np.zeros(self.window // 2, np.float32)
        buffer_start = -len(buffer)
        n_done = 0
        for sound in self._decode():
            buffer = np.concatenate([buffer, sound])
            n_ready = self._find_first_after(buffer_start + len(buffer) - self.window // 2)
            for first in range(n_done, n_ready, BLOCK_SPECTRA):
                yield self._compute_spectra(
                    buffer, buffer_start, first, min(first + BLOCK_SPECTRA, n_ready)
                )
            n_done = max(n_done, n_ready)
            # samples before the next window are never read again: memory stays constant
            spent = max(0, self._window_start(n_done) - buffer_start)
            buffer, buffer_start = buffer[spent:], buffer_start + spent
        end = buffer_start + len(buffer)
        n_ready = self._find_first_after(end - 1)
        if n_ready > n_done:
            # the last windows reach beyond the end
            silence = np.zeros(self.window, np.float32)
            yield self._compute_spectra(
                np.concatenate([buffer, silence]), buffer_start, n_done, n_ready
            )
        self.bad.warn()

    def _window_start(self, spectrum: int) -> int:
        """Return the first sample of the window of a spectrum."""
        return round(spectrum * self.hop_s * self.rate_hz) - self.window // 2

    def _find_first_after(self, sample: int) -> int:
        """Return the first spectrum whose centre is after `sample`, or at it if `sample` is 0."""
        return max(0, int(np.floor(sample / (self.hop_s * self.rate_hz))) + (sample > 0))

    def _compute_spectra(
        self, buffer: Sound, buffer_start: int, first: int, last: int
    ) -> SampleChunk:
        begins = np.array([self._window_start(k) - buffer_start for k in range(first, last)])
        pieces = buffer[begins[:, None] + np.arange(self.window)]
        return SampleChunk(
            time_s=np.arange(first, last, dtype=np.float64) * self.hop_s,
            value=compute_band_strength(pieces, self.weight),
        )

    def _decode(self) -> Iterator[Sound]:
        """Yield the mean of all audio channels, about one second at a time."""
        n_samples, parts, n_buffered = 0, [], 0
        try:
            with open_container(self.path, SOUND_FORMATS) as container:
                resampler = av.AudioResampler(format="fltp")
                for frame in container.decode(audio=0):
                    for even in resampler.resample(frame):
                        parts.append(even.to_ndarray().mean(axis=0, dtype=np.float32))
                        n_buffered += len(parts[-1])
                    if n_buffered >= self.rate_hz:
                        yield np.concatenate(parts)
                        n_samples, parts, n_buffered = n_samples + n_buffered, [], 0
        except (av.FFmpegError, OSError) as error:
            place = f"second {(n_samples + n_buffered) / self.rate_hz:.3f}"
            self.bad.note(place, f"the sound cannot be decoded from here on: {error}")
        if parts:
            yield np.concatenate(parts)
        found_s = (n_samples + n_buffered) / self.rate_hz
        is_short = found_s < self.promised_s - SHORTFALL_S or count_missing_bytes(self.path) > 0
        if is_short and not self.bad.n_bad:
            # as with a truncated video, the samples before the end are used
            warnings.warn(
                f"{self.path} ends early, at second {found_s:.3f}; the file is truncated",
                MotifmineWarning,
                stacklevel=2,
            )


def count_missing_bytes(path: Path) -> int:
    """Return the number of bytes by which a WAV file is too short; 0 for other files."""
    with path.open("rb") as file:
        head = file.read(12)
    promised = int.from_bytes(head[4:8], "little")
    # streaming recorders do not know the length and write 0 or the largest number
    if head[:4] != b"RIFF" or head[8:] != b"WAVE" or promised in (0, 0xFFFFFFFF):
        return 0
    return max(0, promised + 8 - path.stat().st_size)


def compute_mel_bands(n_bands: int, rate_hz: int, window: int) -> tuple[Floats, Floats]:
    """Return the centres of mel bands in Hz, (band,), and their weights, (band, frequency).

    Triangles that overlap by half, evenly spaced on the mel scale 2595 log10(1 + f / 700)
    (O'Shaughnessy, 1987) up to 16 kHz or half the sample rate.

    Parameters
    ----------
    rate_hz : int
        Samples per second.
    window : int
        Length of the window, samples. Spectra are zero-padded if necessary, so that every band
        contains at least one frequency.
    """
    top_mel = 2595 * np.log10(1 + min(HIGHEST_HZ, rate_hz / 2) / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, top_mel, n_bands + 2) / 2595) - 1)
    n_points = 1 << int(window - 1).bit_length()
    while rate_hz / n_points > edges_hz[1]:
        n_points *= 2
    hz = np.arange(n_points // 2 + 1) * rate_hz / n_points
    below, centre, above = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising, falling = (hz - below) / (centre - below), (above - hz) / (above - centre)
    return edges_hz[1:-1], np.clip(np.minimum(rising, falling), 0.0, None)


def compute_band_strength(pieces: Sound, weight: Floats) -> Floats:
    """Return the square root of the power in every band, float64 array (n, band)."""
    n_points = 2 * (weight.shape[1] - 1)
    hann = np.hanning(pieces.shape[1] + 1)[:-1].astype(np.float32)
    spectrum: NDArray[Any] = np.fft.rfft(pieces * hann, n_points, axis=1)
    # Parseval: over all frequencies the power of a sine is the square of its amplitude
    scale = 4 / (n_points * float((hann**2).sum()))
    power = np.abs(spectrum).astype(np.float64) ** 2 * scale
    strength: Floats = np.sqrt(power @ weight.T)
    return strength
