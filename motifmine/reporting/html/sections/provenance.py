"""Section: provenance of the fit: trace, settings and versions."""

from dataclasses import replace

from motifmine.records.fit import FitRecord, Trace
from motifmine.reporting.figures.svg import draw_trace
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.reproduce import list_settings


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
