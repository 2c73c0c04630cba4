"""Section: provenance of the fit: trace, settings and versions."""

import shlex
from dataclasses import replace

from motifmine.models.request import command_line
from motifmine.records.fit import FitRecord, Trace
from motifmine.reporting.figures.svg import draw_trace
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.times import format_length

# what the curves of fits of earlier versions show
CHOICES = {
    "n_motifs_choice": "held-out log-likelihood, nats",
    "motif_length_choice": "bins used by motifs, by window length in bins",
}


def section(context: ReportContext) -> str:
    """Return the trace and the settings of a fit."""
    record = context.record
    body = f'<div class="fit">\n{_render_trace(record)}\n{_render_settings(record)}\n</div>'
    body += _render_losses(record.trace)
    return elements.section("fit", "How the fit was made", body)


def _render_trace(record: FitRecord) -> str:
    curve = draw_trace(record.trace)
    if curve is None:
        return "<div></div>"
    return (
        f'<figure><div class="ends"><span>{curve.highest_y:,.0f} nats</span></div>{curve.svg}'
        f'<div class="ends"><span>{curve.lowest_y:,.0f} nats</span>'
        f"<span>iteration {curve.first_x:g} to {curve.last_x:g}</span></div>"
        f"<figcaption>Log-likelihood of all observations over the iterations</figcaption></figure>"
    )


def _render_losses(trace: Trace) -> str:
    """Return a curve for every loss of networks that learned against each other."""
    if trace.losses is None:
        return ""
    drawn = ""
    for name, values in zip(trace.loss_names or (), trace.losses.T, strict=True):
        curve = draw_trace(replace(trace, log_likelihood=values))
        if curve is not None:
            drawn += (
                f'<figure><div class="ends"><span>{curve.highest_y:.3g}</span></div>{curve.svg}'
                f'<div class="ends"><span>{curve.lowest_y:.3g}</span></div>'
                f"<figcaption>{elements.text(name)}</figcaption></figure>"
            )
    return f'<div class="traces">{drawn}</div>' if drawn else ""


def _render_settings(record: FitRecord) -> str:
    body = "".join(
        f'<tr><th scope="row">{elements.text(k)}</th><td>{elements.text(v)}</td></tr>'
        for k, v in list_settings(record)
    )
    return f"<table><tbody>{body}</tbody></table>"


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
