"""Occurrences as Neurodata Without Borders: a `TimeIntervals` table of one recording."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from motifmine.records.fit import FitRecord
from motifmine.reporting.rows import OccurrenceRow
from motifmine.validation import require_package
from motifmine.version import __version__

# start of a recording whose wall clock is unknown; the format needs one
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode_nwb(record: FitRecord, document: int, rows: list[OccurrenceRow]) -> bytes:
    """Return the occurrences of one recording as an NWB file.

    Times are seconds of the recording. The table `motif_occurrences` is under `intervals`, with the
    number and title of the motif, weight and score.

    Raises `MissingExtraError` when pynwb is not installed.
    """
    pynwb = require_package("pynwb", "the format nwb", "motifmine[nwb]")
    recording = record.recordings[document]
    begin = datetime.fromisoformat(recording.start_utc) if recording.start_utc else EPOCH
    file = pynwb.NWBFile(
        session_description=f"occurrences of {len(record.motifs)} motifs in {recording.name}",
        identifier=f"{record.provenance.model} {recording.name} {recording.source_digest}",
        session_start_time=begin if begin.tzinfo else begin.replace(tzinfo=UTC),
        source_script=f"motifmine {__version__}",
        source_script_file_name="motifmine",
    )
    table = pynwb.epoch.TimeIntervals(
        name="motif_occurrences", description="Occurrences of temporal motifs, one row each"
    )
    table.add_column(name="motif", description="Number of the motif, counts from 1")
    table.add_column(name="title", description="Name of the motif, or 'motif N' from 1")
    table.add_column(name="weight", description="Observations that the occurrence explains")
    table.add_column(name="score", description="Log-likelihood ratio with and without it, nats")
    for row in rows:
        # the format has no times before the start of a session
        table.add_interval(
            start_time=max(0.0, row.start_s),
            stop_time=max(0.0, row.end_s),
            motif=row.motif,
            title=record.title_of(row.motif - 1),
            weight=row.weight,
            score=row.score,
        )
    file.add_time_intervals(table)
    with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
        path = Path(folder) / "occurrences.nwb"
        with pynwb.NWBHDF5IO(str(path), "w") as writer:
            writer.write(file)
        return path.read_bytes()
