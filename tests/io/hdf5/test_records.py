"""Records to disk and back field by field, the states of models among them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from motifmine.errors import FormatError
from motifmine.io.hdf5.reader import Reader
from motifmine.io.hdf5.records import read_record, write_record
from motifmine.io.hdf5.store import read_fit, write_fit
from motifmine.records.fields import axes
from motifmine.records.model_state import StoredState, restore_state
from motifmine.types import Floats, Floats32, Indices
from tests.helpers.fit_records import lane_record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inner:
    """A record inside another."""

    gain: Floats = field(metadata=axes("channel", "dB"))
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outer:
    """A record with a field of every sort."""

    number: int
    share: float
    text: str
    channels: tuple[str, ...] = field(metadata=axes("channel", name="channel"))
    value: Floats = field(
        metadata=axes("time, channel", split="channels", units={"a": "m"}, stored=np.float32)
    )
    place: Indices = field(metadata=axes("time"))
    inner: Inner
    more: Floats32 | None = field(default=None, metadata=axes("time"))


RECORD = Outer(
    number=3,
    share=0.25,
    text="zwölf",
    channels=("a", "b"),
    value=np.arange(6.0).reshape(3, 2),
    place=np.arange(3),
    inner=Inner(gain=np.array([1.0, 2.0]), is_on=True),
)


def write(path: Path, record: object) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "test/1"
        write_record(file, "deep/record", record)
    return path


def read(path: Path, **sizes: int) -> Outer:
    with Reader(path, "test/1") as reader:
        return read_record(reader, "deep/record", Outer, sizes)


@pytest.mark.parametrize("more", [None, np.ones(3, dtype=np.float32)], ids=["without", "with"])
def test_a_record_comes_back_as_it_was(more: Floats32 | None, tmp_path: Path) -> None:
    again = read(write(tmp_path / "r.h5", replace(RECORD, more=more)), time=3, channel=2)
    assert (again.number, again.share, again.text) == (3, 0.25, "zwölf")
    assert again.channels == ("a", "b") and again.inner.is_on is True
    np.testing.assert_array_equal(again.value, RECORD.value)
    assert again.value.dtype == np.float64 and again.place.dtype == np.int64
    np.testing.assert_array_equal(again.inner.gain, RECORD.inner.gain)
    assert (again.more is None) == (more is None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    at: Floats = field(metadata=axes("point"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    one: Points = field(metadata={"name": "one"})
    other: Points = field(metadata={"name": "other"})


def test_records_in_groups_of_their_own_have_axes_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "pair.h5"
    pair = Pair(one=Points(at=np.arange(3.0)), other=Points(at=np.arange(5.0)))
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "pair"
        write_record(file, "pair", pair)
    with Reader(path, "pair") as reader:
        back = read_record(reader, "pair", Pair)
    np.testing.assert_array_equal(back.one.at, pair.one.at)
    np.testing.assert_array_equal(back.other.at, pair.other.at)


def test_datasets_name_axes_units_and_types(tmp_path: Path) -> None:
    with h5py.File(write(tmp_path / "r.h5", RECORD)) as file:
        group = file["deep/record"]
        assert dict(group["value/a"].attrs) == {"axes": "time", "unit": "m"}
        assert dict(group["value/b"].attrs) == {"axes": "time"}
        assert group["value/a"].dtype == np.float32
        assert dict(group["gain"].attrs) == {"axes": "channel", "unit": "dB"}


@pytest.mark.parametrize("sizes", [{"time": 4}, {"channel": 3}])
def test_an_axis_of_another_length_is_refused(sizes: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"r\.h5"):
        read(write(tmp_path / "r.h5", RECORD), **sizes)


def test_arrays_that_disagree_on_an_axis_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "r.h5", replace(RECORD, place=np.arange(5)))
    with pytest.raises(FormatError, match="place"):
        read(path)


@pytest.mark.parametrize("name", ["place", "value/b", "channel", "number", "is_on"])
def test_a_record_that_lacks_a_field_is_refused(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "r.h5", RECORD)
    with h5py.File(path, "a") as file:
        group = file["deep/record"]
        if name in group:
            del group[name]
        else:
            del group.attrs[name]
    with pytest.raises(FormatError, match=r"r\.h5"):
        read(path)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """What some model keeps."""

    filters: Floats32 = field(metadata=axes("motif, relative_time, word"))
    layers: tuple[str, ...] = field(metadata=axes("layer"))
    threshold: float
    steps: int
    is_deep: bool


NETWORK = Network(
    filters=lane_record().motifs.probability,
    layers=("first", "second"),
    threshold=0.5,
    steps=4,
    is_deep=True,
)


def test_a_state_comes_back_for_its_model(tmp_path: Path) -> None:
    write_fit(tmp_path / "f.h5", replace(lane_record(), model_state=NETWORK))
    found = restore_state(Network, read_fit(tmp_path / "f.h5").model_state)
    np.testing.assert_array_equal(found.filters, NETWORK.filters)
    assert (found.layers, found.threshold) == (NETWORK.layers, NETWORK.threshold)
    assert found.steps == 4 and found.is_deep is True
    assert restore_state(Network, NETWORK) is NETWORK


def test_a_state_is_kept_where_its_model_is_not_installed(tmp_path: Path) -> None:
    write_fit(tmp_path / "f.h5", replace(lane_record(), model_state=NETWORK))
    kept = read_fit(tmp_path / "f.h5")
    assert isinstance(kept.model_state, StoredState)
    write_fit(tmp_path / "g.h5", kept)
    found = restore_state(Network, read_fit(tmp_path / "g.h5").model_state)
    np.testing.assert_array_equal(found.filters, NETWORK.filters)
    assert found.layers == NETWORK.layers
    with h5py.File(tmp_path / "g.h5") as file:
        assert file["model_state/filters"].attrs["axes"] == "motif, relative_time, word"


def test_a_state_of_another_model_is_refused(tmp_path: Path) -> None:
    write_fit(tmp_path / "f.h5", replace(lane_record(), model_state=RECORD.inner))
    with pytest.raises(FormatError, match="not a Network"):
        restore_state(Network, read_fit(tmp_path / "f.h5").model_state)


def test_a_state_of_other_motifs_is_refused(tmp_path: Path) -> None:
    other = replace(NETWORK, filters=NETWORK.filters[:1])
    write_fit(tmp_path / "f.h5", replace(lane_record(), model_state=other))
    with pytest.raises(FormatError, match=r"f\.h5"):
        read_fit(tmp_path / "f.h5")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """A record of any length."""

    score: Floats = field(metadata=axes("threshold"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Two records of one kind."""

    here: Step = field(metadata={"name": "here"})
    elsewhere: Step = field(metadata={"name": "elsewhere"})


def test_records_side_by_side_have_axes_of_their_own(tmp_path: Path) -> None:
    steps = Steps(here=Step(score=np.arange(3.0)), elsewhere=Step(score=np.arange(5.0)))
    path = write(tmp_path / "x.h5", steps)
    with Reader(path, "test/1") as reader:
        found = read_record(reader, "deep/record", Steps)
    assert (len(found.here.score), len(found.elsewhere.score)) == (3, 5)
