"""The settings of a fit, as rows and as the command that reproduces the fit."""

import shlex

from motifmine.models.request import command_line
from motifmine.records.fit import FitRecord
from motifmine.reporting.times import format_length

# what the curves of fits of earlier versions show
CHOICES = {
    "n_motifs_choice": "held-out log-likelihood, nats",
    "motif_length_choice": "bins used by motifs, by window length in bins",
}


def format_repeat_command(record: FitRecord) -> str:
    """Return the command that fits the same model with the same settings and seed.

    Settings without an option are assumed to have their defaults.
    """
    return shlex.join(command_line(record))


def list_settings(record: FitRecord) -> list[tuple[str, str]]:
    """Return settings, log-likelihood and duration of a fit as pairs of name and value."""
    motifs, origin = record.motifs, record.provenance
    settings = {
        key.removeprefix("n_").replace("_", " "): v for key, v in _flatten_settings(record).items()
    }
    length = format_length(motifs.motif_length * record.bin_s)
    settings["motif length"] = f"{motifs.motif_length} bins ({length})"
    return [
        ("model", origin.model),
        *((key, str(value)) for key, value in settings.items()),
        ("time bin", format_length(record.bin_s)),
        ("seed", str(origin.seed)),
        ("log-likelihood", f"{record.log_likelihood:,.1f} nats"),
        # 0 for fits of an archive, whose files do not depend on the machine's speed
        *([("time taken", format_length(origin.elapsed_s))] if origin.elapsed_s else []),
        ("motifmine", origin.motifmine_version),
    ]


def _flatten_settings(record: FitRecord) -> dict[str, object]:
    """Return all settings in one mapping; the values of a choice become one line of text."""
    settings: dict[str, object] = {}
    for key, value in record.provenance.spec.plain().items():
        if key.endswith("_choice") and isinstance(value, dict):
            # kept by earlier versions
            pairs = zip(value["candidates"], value["value"], strict=True)
            tried = ", ".join(f"{candidate}: {found:g}" for candidate, found in pairs)
            settings[key] = f"{value['chosen']} ({CHOICES[key]}: {tried})"
        elif isinstance(value, dict):
            settings.update(value)
        else:
            settings[key] = value
    return settings
