"""Sound files as series: the strength of mel bands over time, read block by block."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import FormatError
from motifmine.io.series.column_names import distinct_names
from motifmine.io.series.options import BadRows, SeriesOptions
from motifmine.records.series import SampleChunk, SeriesHeader
from motifmine.types import Floats

WINDOW_HOPS = 4
"""Length of a spectrum's window in hops."""
BLOCK_SPECTRA = 1024
HIGHEST_HZ = 16_000.0
SHORTFALL_S = 0.1
"""A file may hold so much less sound than it promises: codecs round to their frames."""

Sound = NDArray[np.float32]


class AudioReader:
    """An open sound file; see `SeriesReader`.

    A sample is the spectrum of a Hann window of four hops around its time; a channel is a mel band,
    its value the root of the power in the band. The squares of a sine of full scale sum to 1 over
    all bands.
    """

    def __init__(self, path: Path, options: SeriesOptions) -> None:
        self.path = path
        self.hop_s = options.hop_s
        self.bad = BadRows(str(path), options.on_bad)
        try:
            with av.open(str(path)) as container:
                if not container.streams.audio:
                    raise FormatError(f"{path} holds no sound")
                stream = container.streams.audio[0]
                self.rate_hz = int(stream.rate)
                ticks, tick_s = stream.duration, stream.time_base
                self.promised_s = float(ticks * tick_s) if ticks and tick_s else 0.0
        except (av.FFmpegError, OSError) as error:
            raise FormatError(f"{path} is no sound file that can be read: {error}") from error
        if self.rate_hz < 1:
            raise FormatError(f"{path} is no sound file that can be read: it tells no rate")
        self.window = max(4, round(WINDOW_HOPS * self.hop_s * self.rate_hz))
        self.centres_hz, self.weight = mel_bands(options.n_bands, self.rate_hz, self.window)

    def __enter__(self) -> "AudioReader":
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing: the file is open only while chunks are read."""

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
        """Return the names of the bands: their centres."""
        return distinct_names([f"{hz:.0f} Hz" for hz in self.centres_hz])

    def chunks(self) -> Iterator[SampleChunk]:
        """Yield the strength of all bands, a block of spectra at a time."""
        # half a window of silence before the first sample centres spectrum 0 on second 0
        held: Sound = np.zeros(self.window // 2, np.float32)
        held_from = -len(held)
        n_done = 0
        for sound in self._sound():
            held = np.concatenate([held, sound])
            n_ready = self._first_beyond(held_from + len(held) - self.window // 2)
            for first in range(n_done, n_ready, BLOCK_SPECTRA):
                yield self._spectra(held, held_from, first, min(first + BLOCK_SPECTRA, n_ready))
            n_done = max(n_done, n_ready)
            spent = max(0, self._begin(n_done) - held_from)
            held, held_from = held[spent:], held_from + spent
        end = held_from + len(held)
        n_ready = self._first_beyond(end - 1)
        if n_ready > n_done:
            silence = np.zeros(self.window, np.float32)
            yield self._spectra(np.concatenate([held, silence]), held_from, n_done, n_ready)
        self.bad.tell()

    def _begin(self, spectrum: int) -> int:
        """Return the first sample of a spectrum's window."""
        return round(spectrum * self.hop_s * self.rate_hz) - self.window // 2

    def _first_beyond(self, sample: int) -> int:
        """Return the first spectrum whose centre lies beyond a sample, or at it if that is 0."""
        return max(0, int(np.floor(sample / (self.hop_s * self.rate_hz))) + (sample > 0))

    def _spectra(self, held: Sound, held_from: int, first: int, last: int) -> SampleChunk:
        begins = np.array([self._begin(k) - held_from for k in range(first, last)])
        pieces = held[begins[:, None] + np.arange(self.window)]
        return SampleChunk(
            time_s=np.arange(first, last, dtype=np.float64) * self.hop_s,
            value=band_strength(pieces, self.weight),
        )

    def _sound(self) -> Iterator[Sound]:
        """Yield the mean of all channels, about a second at a time."""
        n_samples, parts, n_held = 0, [], 0
        try:
            with av.open(str(self.path)) as container:
                resampler = av.AudioResampler(format="fltp")
                for frame in container.decode(audio=0):
                    for even in resampler.resample(frame):
                        parts.append(even.to_ndarray().mean(axis=0, dtype=np.float32))
                        n_held += len(parts[-1])
                    if n_held >= self.rate_hz:
                        yield np.concatenate(parts)
                        n_samples, parts, n_held = n_samples + n_held, [], 0
        except (av.FFmpegError, OSError) as error:
            place = f"second {(n_samples + n_held) / self.rate_hz:.3f}"
            self.bad.note(place, f"the sound cannot be decoded from here on: {error}")
        if parts:
            yield np.concatenate(parts)
        found_s = (n_samples + n_held) / self.rate_hz
        is_short = found_s < self.promised_s - SHORTFALL_S or missing_bytes(self.path) > 0
        if is_short and not self.bad.n_bad:
            self.bad.note(f"second {found_s:.3f}", "the sound breaks off; its file is not whole")


def missing_bytes(path: Path) -> int:
    """Return how many bytes a WAV file promises and does not hold; 0 of other files."""
    with path.open("rb") as file:
        head = file.read(12)
    promised = int.from_bytes(head[4:8], "little")
    # a recorder that never learned the length writes 0 or the largest number
    if head[:4] != b"RIFF" or head[8:] != b"WAVE" or promised in (0, 0xFFFFFFFF):
        return 0
    return max(0, promised + 8 - path.stat().st_size)


def mel_bands(n_bands: int, rate_hz: int, window: int) -> tuple[Floats, Floats]:
    """Return the centres of mel bands in Hz, (band,), and their weights, (band, frequency).

    Triangles that overlap by half, evenly spaced on the mel scale 2595 log10(1 + f / 700)
    (O'Shaughnessy, 1987) up to 16 kHz or half the rate. There are as many frequencies as the
    spectrum must have for every band to hold one.
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


def band_strength(pieces: Sound, weight: Floats) -> Floats:
    """Return the root of the power in every band of pieces of sound, float64 array (n, band).

    Parameters
    ----------
    pieces : float32 array (n, sample)
        Sound in -1..1.
    weight : float64 array (band, frequency)
    """
    n_points = 2 * (weight.shape[1] - 1)
    hann = np.hanning(pieces.shape[1] + 1)[:-1].astype(np.float32)
    spectrum: NDArray[Any] = np.fft.rfft(pieces * hann, n_points, axis=1)
    # Parseval: over all frequencies the power of a sine is the square of its amplitude
    scale = 4 / (n_points * float((hann**2).sum()))
    power = np.abs(spectrum).astype(np.float64) ** 2 * scale
    strength: Floats = np.sqrt(power @ weight.T)
    return strength
