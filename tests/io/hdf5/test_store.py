"""Tables and fits to disk and back."""

import os
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifmine.errors import DataError, FormatError, WorkspaceError
from motifmine.io.hdf5.store import (
    read_fit,
    read_table,
    read_table_size,
    write_fit,
    write_table,
)
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable, Recording, table_from_rows
from motifmine.records.vocabulary import Channels, FlowGrid, Topics, Vocabulary
from motifmine.simulation import Simulation
from motifmine.workflows.mine import mine


def assert_same_table(one: ObservationTable, two: ObservationTable) -> None:
    for name in ("offsets", "word", "count"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert one.vocabulary == two.vocabulary
    assert (one.bin_s, one.spec) == (two.bin_s, two.spec)
    for ours, theirs in zip(one.recordings, two.recordings, strict=True):
        np.testing.assert_array_equal(ours.bin_start_s, theirs.bin_start_s)
        assert (ours.name, ours.source, ours.start_utc) == (
            theirs.name,
            theirs.source,
            theirs.start_utc,
        )


@st.composite
def tables(draw: st.DrawFn) -> ObservationTable:
    n_times = draw(st.integers(1, 12))
    grid = FlowGrid(
        rows=2, columns=2, directions=4, cell_px=8, frame_width=16, frame_height=16, static=True
    )
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, n_times - 1), st.integers(0, 19), st.floats(0.125, 8, width=32)
            ),
            max_size=30,
        )
    )
    time, word, count = np.array(rows, dtype=float).reshape(-1, 3).T
    return table_from_rows(
        time=time.astype(int),
        word=word.astype(int),
        count=count,
        n_times=n_times,
        vocabulary=Vocabulary.of_grid(grid),
        bin_s=draw(st.sampled_from([0.25, 1.0])),
        name=draw(st.sampled_from(["a", "cam 3.v2", "<script>", "søster"])),
    )


@given(table=tables())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_comes_back_as_it_was_written(table: ObservationTable, tmp_path: Path) -> None:
    write_table(tmp_path / "t.h5", table, force=True)
    assert_same_table(read_table(tmp_path / "t.h5"), table)


def test_writing_a_table_twice_gives_the_same_bytes(small: Simulation, tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        write_table(tmp_path / name, small.table.document(0))
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_every_dataset_names_its_axes(small: Simulation, tmp_path: Path) -> None:
    write_table(tmp_path / "t.h5", small.table.document(0))
    missing: list[str] = []

    def look(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset) and "axes" not in node.attrs:
            missing.append(name)

    with h5py.File(tmp_path / "t.h5") as file:
        file.visititems(look)
    assert not missing


def test_nothing_is_overwritten_without_force(small: Simulation, tmp_path: Path) -> None:
    write_table(tmp_path / "t.h5", small.table.document(0))
    with pytest.raises(WorkspaceError, match="--force"):
        write_table(tmp_path / "t.h5", small.table.document(1))


def test_a_table_file_holds_one_document(small: Simulation, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one document"):
        write_table(tmp_path / "t.h5", small.table)


def test_a_write_that_fails_leaves_nothing(
    small: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        write_table(tmp_path / "t.h5", small.table.document(0))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def record(small: Simulation) -> FitRecord:
    return mine(small.table, Plsm(n_motifs=3, motif_length=8))


def test_a_fit_comes_back_as_it_was_written(record: FitRecord, tmp_path: Path) -> None:
    write_fit(tmp_path / "f.h5", record)
    again = read_fit(tmp_path / "f.h5")
    np.testing.assert_array_equal(again.motifs.probability, record.motifs.probability)
    np.testing.assert_array_equal(again.activations.mass, record.activations.mass)
    np.testing.assert_array_equal(again.activations.offsets, record.activations.offsets)
    np.testing.assert_array_equal(again.occurrences.start_s, record.occurrences.start_s)
    np.testing.assert_array_equal(again.trace.log_likelihood, record.trace.log_likelihood)
    assert again.provenance == record.provenance
    assert [r.name for r in again.recordings] == [r.name for r in record.recordings]


def damage_text(path: Path) -> None:
    path.write_text("not HDF5")


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def damage_format(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file.attrs["format"] = "somebody.else/7"


def damage_missing(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["observations/word"]


def damage_type(path: Path) -> None:
    with h5py.File(path, "a") as file:
        word = file["observations/word"][:]
        del file["observations/word"]
        file["observations/word"] = word.astype(np.float64)


def damage_range(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file["observations/word"][0] = 1_000_000


def damage_count(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file["observations/count"][0] = -1


def damage_size(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["observations/word"]
        file.create_dataset("observations/word", shape=(1 << 40,), dtype="i4", chunks=(1 << 16,))


@pytest.mark.parametrize(
    "damage",
    [
        damage_text,
        damage_cut,
        damage_format,
        damage_missing,
        damage_type,
        damage_range,
        damage_count,
        damage_size,
    ],
)
def test_a_damaged_table_is_refused_with_its_path(
    damage: object, small: Simulation, tmp_path: Path
) -> None:
    path = tmp_path / "t.h5"
    write_table(path, small.table.document(0))
    damage(path)  # type: ignore[operator]
    with pytest.raises(FormatError, match=r"t\.h5"):
        read_table(path)


def test_a_table_of_a_later_version_asks_for_an_update(small: Simulation, tmp_path: Path) -> None:
    write_table(tmp_path / "t.h5", small.table.document(0))
    with h5py.File(tmp_path / "t.h5", "a") as file:
        file.attrs["format"] = "motifmine.table/9"
    with pytest.raises(FormatError, match="update motifmine"):
        read_table(tmp_path / "t.h5")


def test_a_missing_table_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"nowhere\.h5 does not exist"):
        read_table(tmp_path / "nowhere.h5")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../../x"])
def test_a_name_that_could_leave_the_folder_cannot_name_a_recording(name: str) -> None:
    with pytest.raises(DataError, match="cannot name a recording"):
        Recording(name=name, bin_start_s=np.zeros(1))


def with_layout(layout: Channels | Topics, labels: tuple[str, ...]) -> ObservationTable:
    rng = np.random.default_rng(0)
    table = table_from_rows(
        time=rng.integers(0, 9, 20),
        word=rng.integers(0, layout.n_words, 20),
        count=rng.random(20) + 0.5,
        n_times=9,
        vocabulary=Vocabulary(labels=labels, layout=layout),
    )
    series = rng.normal(size=(9, 2)).astype(np.float32)
    series[3, 1] = np.nan
    return replace(table, series=series)


CHANNELS = Channels(
    channels=("flow <in>", "température"),
    units=("m3/h", ""),
    words="levels",
    per_channel=3,
    coding=np.array([[1.0, 2.5], [0.5, np.inf]]),
)
TOPICS = Topics(
    model="plsa",
    loadings=np.full((4, 6), 1 / 6, dtype=np.float32),
    inner=Vocabulary(labels=tuple("abcdef"), layout=CHANNELS),
)


@pytest.mark.parametrize("layout", [CHANNELS, TOPICS], ids=["channels", "topics"])
def test_a_table_of_a_series_comes_back_as_it_was(
    layout: Channels | Topics, tmp_path: Path
) -> None:
    labels = tuple(f"word {n}" for n in range(layout.n_words))
    table = with_layout(layout, labels)
    write_table(tmp_path / "t.h5", table)
    again = read_table(tmp_path / "t.h5")
    assert_same_table(again, table)
    assert again.vocabulary.layout == layout
    np.testing.assert_array_equal(again.series, table.series)


@pytest.mark.parametrize("odd", ["", "zwölf ⟶", "x" * 5000])
def test_labels_come_back_whatever_their_letters_and_lengths(odd: str, tmp_path: Path) -> None:
    labels = ("a", odd, "b", "c", "d", "e")
    write_table(tmp_path / "t.h5", with_layout(CHANNELS, labels))
    assert read_table(tmp_path / "t.h5").vocabulary.labels == labels


def test_the_size_of_a_table_is_known_without_reading_it(tmp_path: Path) -> None:
    table = with_layout(CHANNELS, tuple("abcdef"))
    write_table(tmp_path / "t.h5", table)
    assert read_table_size(tmp_path / "t.h5") == len(table.word)


def test_a_fit_of_a_series_keeps_its_raw_segments(tmp_path: Path) -> None:
    table = with_layout(CHANNELS, tuple("abcdef"))
    record = mine(table, Plsm(n_motifs=1, motif_length=2, iterations=5, activity="dense"))
    assert record.segments is not None
    write_fit(tmp_path / "f.h5", record)
    again = read_fit(tmp_path / "f.h5").segments
    assert again is not None
    for name in ("mean", "spread", "n_occurrences"):
        np.testing.assert_array_equal(getattr(again, name), getattr(record.segments, name))


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"preparation": {"counts": "cubed"}}', '{"detection": {"volume": 11}}']
)
def test_settings_that_cannot_be_are_refused_with_the_path(
    text: str, record: FitRecord, tmp_path: Path
) -> None:
    write_fit(tmp_path / "f.h5", record)
    with h5py.File(tmp_path / "f.h5", "a") as file:
        file.attrs["spec"] = text
    with pytest.raises(FormatError, match=r"f\.h5"):
        read_fit(tmp_path / "f.h5")
