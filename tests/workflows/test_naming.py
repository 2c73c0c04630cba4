"""Names of motifs: kept in the fit, shown wherever motifs are."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.errors import DataError
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.reporting.export.formats import encode_occurrences
from motifmine.reporting.tables.fit_tables import format_motifs_text
from motifmine.simulation import simulate
from motifmine.workflows.mine import locate, mine
from motifmine.workflows.names import with_names
from motifmine.workflows.workspace import Workspace
from tests.helpers.fit_records import lane_record

Run = Callable[..., Result]
FIT = Path("motifmine-work/fits/plsm-001.h5")


@pytest.fixture
def named(motifmine: Run) -> Run:
    """`motifmine` in a folder whose workspace holds one fit of two motifs."""
    store.write_fit(FIT, lane_record())
    return motifmine


def test_a_name_is_kept_in_the_fit_and_counts_from_1(named: Run) -> None:
    assert named("name", "plsm-001", "2", "left turn").exit_code == 0
    assert store.read_fit(FIT).names == ("", "left turn")


def test_several_motifs_are_named_at_once_and_the_others_keep_theirs(named: Run) -> None:
    named("name", "plsm-001", "1", "north", "2", "south")
    named("name", "plsm-001", "2", "left turn")
    assert store.read_fit(FIT).names == ("north", "left turn")


def test_an_empty_name_takes_the_name_away(named: Run) -> None:
    named("name", "plsm-001", "1", "north", "2", "south")
    named("name", "plsm-001", "1", "")
    assert store.read_fit(FIT).names == ("", "south")
    named("name", "plsm-001", "2", "")
    assert store.read_fit(FIT).names == ()


def test_all_else_in_the_fit_stays(named: Run) -> None:
    before = store.read_fit(FIT)
    named("name", "plsm-001", "1", "north")
    again = store.read_fit(FIT)
    assert again.provenance == before.provenance
    assert encode_occurrences(replace(again, names=()), "csv") == encode_occurrences(before, "csv")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("3", "x"), 1, "there is no motif 3: the fit has 2"),
        (("0", "x"), 1, "there is no motif 0"),
        (("1", "a\nb"), 1, "one line"),
        (("1", "x", "2"), 2, "motif '2' has no name"),
        (("one", "x"), 2, "not a valid integer"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_the_fit_stays(
    named: Run, words: tuple[str, ...], status: int, told: str
) -> None:
    before = FIT.read_bytes()
    result = named("name", "plsm-001", *words)
    assert (result.exit_code, told in result.stderr) == (status, True), result.stderr
    assert FIT.read_bytes() == before


def test_naming_an_old_fit_does_not_make_it_the_newest(named: Run) -> None:
    store.write_fit(FIT.with_name("plsm-002.h5"), lane_record())
    named("name", "plsm-001", "1", "north")
    assert Workspace(Path("motifmine-work")).find_fit().stem == "plsm-002"


def test_naming_rewrites_the_report(named: Run) -> None:
    assert named("show-motifs").exit_code == 0
    report = Path("motifmine-work/reports/plsm-001/report.html")
    before = report.stat().st_mtime_ns
    named("name", "plsm-001", "1", "north")
    assert named("show-motifs").exit_code == 0
    assert report.stat().st_mtime_ns > before


def test_names_are_in_tables_csv_and_json(named: Run) -> None:
    named("name", "plsm-001", "1", "<north> & 'x'")
    assert "<north> & 'x'" in named("show-motifs").stdout
    assert json.loads(named("show-motifs", "--json").stdout)[0]["name"] == "<north> & 'x'"
    assert "<north> & 'x'" in named("occurrences").stdout
    rows = csv.DictReader(io.StringIO(named("occurrences", "--format", "csv").stdout))
    assert [row["motif_name"] for row in rows if row["motif"] == "1"] == ["<north> & 'x'"] * 3
    rows = json.loads(named("occurrences", "--format", "json").stdout)
    assert {row["motif_name"] for row in rows} == {"<north> & 'x'", ""}


def test_tables_without_names_have_no_column_for_them() -> None:
    assert "name" not in format_motifs_text(lane_record()).splitlines()[0].split()


def test_names_survive_locate() -> None:
    truth = simulate(n_motifs=2, n_times=300, seed=4)
    record = mine(truth.table, Plsm(n_motifs=2, motif_length=10, restarts=1))
    found = locate(with_names(record, {1: "left turn"}), truth.table)
    assert found.names == ("", "left turn")


def test_as_many_names_as_motifs() -> None:
    with pytest.raises(DataError, match="1 names for 2 motifs"):
        replace(lane_record(), names=("one",))


def titles(record: FitRecord) -> list[str]:
    return [record.title_of(motif) for motif in range(len(record.motifs))]


def test_a_motif_without_a_name_is_called_by_its_number() -> None:
    assert titles(lane_record()) == ["motif 1", "motif 2"]
    assert titles(with_names(lane_record(), {0: "north"})) == ["north", "motif 2"]


def test_the_span_of_a_motif_is_the_stretch_of_90_percent() -> None:
    motifs = lane_record().motifs
    phi = motifs.probability.copy()
    phi[1] = 0
    phi[1, 3:5, 0] = 0.5
    first, end = replace(motifs, probability=phi).span_bins()
    assert (first.tolist(), end.tolist()) == ([0, 3], [8, 5])
