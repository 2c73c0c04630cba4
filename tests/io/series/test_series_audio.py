"""Sound: mel bands of known strength, the same by blocks, from files of every kind."""

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from motifmine.errors import FormatError, MotifmineWarning
from motifmine.io.series.audio import AudioReader, compute_mel_bands
from motifmine.io.series.options import SeriesOptions
from tests.helpers.series_files import read_all

RATE_HZ = 16_000


def tone(hz: float, seconds: float, first_s: float = 0.0) -> np.ndarray:
    """A sine of full scale that begins at `first_s`."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.where(t >= first_s, np.sin(2 * np.pi * hz * t), 0.0)


def write_wav(path: Path, sound: np.ndarray, n_channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((n_channels, 2, RATE_HZ, 0, "NONE", ""))
        both = np.repeat((sound * 32767).astype("<i2")[:, None], n_channels, axis=1)
        file.writeframes(both.tobytes())
    return path


def test_a_tone_is_strongest_in_its_band_and_has_about_its_amplitude(tmp_path: Path) -> None:
    read = read_all(write_wav(tmp_path / "x.wav", 0.5 * tone(1000, 1)))
    middle = read.value[50]
    centres = [float(name.split()[0]) for name in read.header.channels]
    assert abs(centres[int(middle.argmax())] - 1000) < 120
    assert np.sqrt((middle**2).sum()) == pytest.approx(0.5, rel=0.02)
    assert (read.value >= 0).all()


def test_spectra_stand_a_hop_apart_over_the_whole_sound(tmp_path: Path) -> None:
    read = read_all(write_wav(tmp_path / "x.wav", tone(440, 2)), hop_s=0.02)
    np.testing.assert_allclose(read.time_s, np.arange(100) * 0.02)


def test_a_sound_begins_where_it_begins(tmp_path: Path) -> None:
    read = read_all(write_wav(tmp_path / "x.wav", tone(2000, 2, first_s=1.0)))
    total = read.value.sum(axis=1)
    half = read.time_s[int(np.argmax(total > total.max() / 2))]
    assert half == pytest.approx(1.0, abs=0.011)


def test_two_channels_are_averaged(tmp_path: Path) -> None:
    one = read_all(write_wav(tmp_path / "one.wav", tone(500, 0.5)))
    two = read_all(write_wav(tmp_path / "two.wav", tone(500, 0.5), 2))
    np.testing.assert_allclose(one.value, two.value, atol=1e-6)


def test_flac_gives_what_wav_gives(tmp_path: Path) -> None:
    sound = 0.3 * np.random.default_rng(0).uniform(-1, 1, RATE_HZ)
    wav = read_all(write_wav(tmp_path / "x.wav", sound))
    with av.open(str(tmp_path / "x.flac"), "w") as container:
        stream = container.add_stream("flac", rate=RATE_HZ, layout="mono")
        pcm = (sound * 32767).astype("<i2")[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    flac = read_all(tmp_path / "x.flac")
    np.testing.assert_allclose(flac.value[: len(wav.value)], wav.value, atol=1e-6)


def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, 5 * RATE_HZ + 77)
    path = write_wav(tmp_path / "x.wav", sound)
    whole = read_all(path)
    monkeypatch.setattr("motifmine.io.series.audio.BLOCK_SPECTRA", 13)
    np.testing.assert_allclose(whole.value, read_all(path).value, rtol=1e-12)


@pytest.mark.parametrize(("n_bands", "rate_hz"), [(40, 44_100), (128, 8_000), (5, 48_000)])
def test_every_band_hears_something(n_bands: int, rate_hz: int) -> None:
    _, weight = compute_mel_bands(n_bands, rate_hz, rate_hz // 25)
    assert (weight.sum(axis=1) > 0).all()


def test_a_truncated_sound_is_reported(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav", tone(500, 2))
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.warns(MotifmineWarning, match=r"ends early, at second 1\.2"):
        assert len(read_all(path).time_s) == pytest.approx(125, abs=1)


def test_bands_have_distinct_names(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav", tone(500, 0.1))
    labels = AudioReader(path, SeriesOptions(n_bands=400)).labels()
    assert len(set(labels)) == 400


def test_a_form_of_sound_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(440.0, 1.0))
    content = bytearray(path.read_bytes())
    content[20:22] = b"\x77\x77"  # the code of the form, here of none
    path.write_bytes(content)
    with pytest.raises(FormatError, match="in a form that FFmpeg does not know"):
        AudioReader(path, SeriesOptions())
