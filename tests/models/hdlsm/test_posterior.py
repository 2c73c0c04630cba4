"""What chains say together: stored, shown, exported."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from motifmine.errors import DataError
from motifmine.io.hdf5.nodes import list_datasets
from motifmine.io.hdf5.store import read_fit, write_fit
from motifmine.models.hdlsm.model import Hdlsm
from motifmine.models.hdlsm.summary import match_occurrence_probability
from motifmine.records.fit import Activations, FitRecord, Occurrences
from motifmine.records.posterior import Posterior
from motifmine.reporting.export.formats import encode_occurrences
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.page import write_report
from motifmine.reporting.html.sections import posterior as posterior_section
from motifmine.simulation import Simulation
from motifmine.workflows.mine import locate, mine
from tests.helpers.fit_records import lane_record

SENTENCE = "The chains agree on <both> motifs."


def sampled_record(**changes: object) -> FitRecord:
    """Return a fit of two motifs and four occurrences with a posterior."""
    record = lane_record()
    shape = record.motifs.probability.shape
    values = np.random.default_rng(0).normal(size=(2, 50, 2))
    fields = {
        "n_motifs": np.array([0.0, 0.25, 0.75]),
        "motif_mean": record.motifs.probability,
        "motif_spread": np.full(shape, 1e-3, dtype=np.float32),
        "motif_presence": np.array([[1.0, 0.5], [0.9, 0.0]]),
        "occurrence_probability": np.array([1.0, 0.5, 0.25, 0.0]),
        "statistics": ("n_motifs", "log_joint"),
        "trace": values,
        "burn_in": 20,
        "r_hat": np.array([1.01, np.nan]),
        "effective_sweeps": np.array([40.0, 12.5]),
        "chains_agree": True,
        "sentence": SENTENCE,
        **changes,
    }
    return replace(record, posterior=Posterior(**fields))  # type: ignore[arg-type]


def posterior_of(record: FitRecord) -> Posterior:
    assert record.posterior is not None
    return record.posterior


def test_a_posterior_comes_back_as_it_was_written(tmp_path: Path) -> None:
    written = sampled_record()
    write_fit(tmp_path / "fit.h5", written)
    ours, theirs = posterior_of(written), posterior_of(read_fit(tmp_path / "fit.h5"))
    for name in Posterior.__dataclass_fields__:
        value = getattr(ours, name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(theirs, name), value)
            assert getattr(theirs, name).dtype == value.dtype
        else:
            assert getattr(theirs, name) == value


def test_every_dataset_of_a_posterior_names_its_axes(tmp_path: Path) -> None:
    write_fit(tmp_path / "fit.h5", sampled_record())
    with h5py.File(tmp_path / "fit.h5") as file:
        nodes = [node for _, node in list_datasets(file["posterior"])]
        assert len(nodes) == 10
        assert all(node.attrs["axes"] for node in nodes)


def test_a_fit_without_a_posterior_is_read_as_before(tmp_path: Path) -> None:
    write_fit(tmp_path / "fit.h5", lane_record())
    assert read_fit(tmp_path / "fit.h5").posterior is None


def test_a_posterior_of_other_motifs_is_refused() -> None:
    with pytest.raises(DataError, match="presence"):
        sampled_record(motif_presence=np.ones((2, 3)))


def test_nine_in_ten_sweeps_lie_in_the_interval() -> None:
    shares = np.array([0.0, 0.04, 0.3, 0.3, 0.32, 0.04])
    assert posterior_of(sampled_record(n_motifs=shares)).number_interval() == (2, 4)


def test_the_report_describes_the_chains_and_escapes_their_text(tmp_path: Path) -> None:
    record = sampled_record()
    html = posterior_section.section(ReportContext(record))
    assert "The chains agree on &lt;both&gt; motifs." in html
    assert html.count("<polyline") == 4
    assert "90 % of the sweeps have 1 to 2 motifs" in html
    write_report(record, tmp_path / "report")
    assert 'id="chains"' in (tmp_path / "report/report.html").read_text()


def test_the_report_of_other_models_has_no_such_section() -> None:
    assert posterior_section.section(ReportContext(lane_record())) == ""


def test_exports_have_a_probability_where_it_is_known() -> None:
    record = sampled_record()
    head, *rows = encode_occurrences(record, "csv").decode().splitlines()
    assert head.endswith(",probability")
    assert [float(row.rsplit(",", 1)[1]) for row in rows] == [1.0, 0.5, 0.25, 0.0]
    assert [row["probability"] for row in json.loads(encode_occurrences(record, "json"))] == [
        1,
        0.5,
        0.25,
        0,
    ]
    assert "probability" not in encode_occurrences(lane_record(), "csv").decode()
    assert b"probability" not in encode_occurrences(lane_record(), "json")


def test_the_export_of_one_recording_has_its_own_probabilities() -> None:
    record = sampled_record()
    name = record.recordings[1].name
    rows = json.loads(encode_occurrences(record, "json", recording=name))
    assert [row["probability"] for row in rows] == [0.25, 0.0]


def test_an_occurrence_is_as_probable_as_the_best_activation_within_a_bin() -> None:
    activations = Activations(
        offsets=np.array([0, 3, 4]),
        start=np.array([-2, 4, 5, 5], dtype=np.int32),
        motif=np.array([0, 1, 0, 1], dtype=np.int32),
        mass=np.ones(4, dtype=np.float32),
    )
    occurrences = Occurrences(
        document=np.array([0, 0, 0, 1], dtype=np.int32),
        start_bin=np.array([-3, 5, 8, 5], dtype=np.int32),
        start_s=np.zeros(4),
        motif=np.array([0, 1, 0, 1], dtype=np.int32),
        weight=np.ones(4),
        score=np.ones(4),
    )
    found = match_occurrence_probability(activations, np.array([0.5, 0.6, 0.7, 0.8]), occurrences)
    np.testing.assert_array_equal(found, [0.5, 0.6, 0.0, 0.8])


def test_a_fit_keeps_its_posterior_and_new_recordings_have_none(small: Simulation) -> None:
    spec = Hdlsm(motif_length=8, chains=2, sweeps=60, burn_in=30, starts=1, kept=5)
    record = mine(small.table, spec)
    posterior = posterior_of(record)
    assert posterior.trace.shape == (2, 60, 5)
    assert posterior.n_motifs.sum() == pytest.approx(1.0)
    assert posterior.motif_mean.shape == record.motifs.probability.shape
    assert posterior.occurrence_probability.shape == record.occurrences.start_bin.shape
    assert np.median(posterior.occurrence_probability) > 0.9
    assert locate(record, small.table).posterior is None
