"""The settings of a fit: as rows for people, and as the command that makes the fit again."""

import shlex

from motifmine.models.request import command_line
from motifmine.records.fit import FitRecord
from motifmine.reporting.times import format_length

CHOICES = {
    "n_motifs_choice": "log-likelihood of hidden observations, nats",
    "motif_length_choice": "bins that motifs fill of a window of so many bins",
}
"""What the curves of `--motifs auto` and `--motif-length auto` show."""


def repeat_command(record: FitRecord) -> str:
    """Return the command that fits the same model with the same settings and seed.

    Settings that only Python can change are taken to be as they come.
    """
    return shlex.join(command_line(record))


def setting_rows(record: FitRecord) -> list[tuple[str, str]]:
    """Return what a fit was made with, and how it went, as pairs of name and value."""
    motifs, origin = record.motifs, record.provenance
    settings = {key.removeprefix("n_").replace("_", " "): v for key, v in _settings(record).items()}
    length = format_length(motifs.motif_length * record.bin_s)
    settings["motif length"] = f"{motifs.motif_length} bins ({length})"
    return [
        ("model", origin.model),
        *((key, str(value)) for key, value in settings.items()),
        ("time bin", format_length(record.bin_s)),
        ("seed", str(origin.seed)),
        ("log-likelihood", f"{record.log_likelihood:,.1f} nats"),
        # fits of an archive do not tell: the same data give the same bytes
        *([("time taken", format_length(origin.elapsed_s))] if origin.elapsed_s else []),
        ("motifmine", origin.motifmine_version),
    ]


def _settings(record: FitRecord) -> dict[str, object]:
    """Return all settings under one another; the curve of a choice becomes a line of text."""
    settings: dict[str, object] = {}
    for key, value in record.provenance.spec.plain().items():
        if key.endswith("_choice") and isinstance(value, dict):
            pairs = zip(value["candidates"], value["value"], strict=True)
            tried = ", ".join(f"{candidate}: {found:g}" for candidate, found in pairs)
            settings[key] = f"{value['chosen']} ({CHOICES[key]}: {tried})"
        elif isinstance(value, dict):
            settings.update(value)
        else:
            settings[key] = value
    return settings
