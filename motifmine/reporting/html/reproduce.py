"""The settings of a fit: as rows for people, and as the command that makes the fit again."""

import shlex

from motifmine.records.fit import FitRecord
from motifmine.reporting.times import format_length

CHOICES = {
    "n_motifs_choice": "log-likelihood of hidden observations, nats",
    "motif_length_choice": "bins that motifs fill of a window of so many bins",
}
"""What the curves of `--motifs auto` and `--motif-length auto` show."""

OPTIONS = (
    *("n_motifs", "motif_length", "iterations", "restarts", "activity", "start", "rounds"),
    *("sparsity", "background", "motif_prior", "drop_surplus"),
    *("chains", "sweeps", "burn_in", "fix_hyperparameters", "count_scale", "groups"),
    *("epochs", "device"),
)
"""Settings that `motifmine fit` has an option for; the others only Python can change."""

SWITCHES = {
    ("drop_surplus", True): "--drop-surplus",
    ("drop_surplus", False): "--keep-surplus",
    ("fix_hyperparameters", True): "--fix-hyperparameters",
    ("background", False): "--background off",
}
"""How a setting that is on or off is written; one that is not here needs no option."""


def repeat_command(record: FitRecord) -> str:
    """Return the command that fits the same model with the same settings and seed.

    Settings that only Python can change are taken to be as they come.
    """
    spec = record.provenance.spec
    words = ["motifmine", "fit", "--model", record.provenance.model]
    for field in OPTIONS:
        value = spec.settings.get(field)
        if isinstance(value, bool):
            words += SWITCHES.get((field, value), "").split()
        elif value is not None:
            option = "--" + field.removeprefix("n_").replace("_", "-")
            words += [option, f"{value}bins" if field == "motif_length" else str(value)]
    words += ["--counts", spec.preparation.counts]
    if rate := spec.detection.false_alarms_per_hour:
        words += ["--false-alarms", str(rate)]
    return shlex.join([*words, "--seed", str(record.provenance.seed)])


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
