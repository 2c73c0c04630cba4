"""Section: motifs that follow each other more often, or less often, than by chance."""

from collections.abc import Sequence

from motifmine.analysis.cooccurrence import Cooccurrence, Relation
from motifmine.records.fit import FitRecord
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.times import format_length

MOST = 30  # most relations listed of each kind
MATRIX_MOTIFS = 30  # with more motifs there is no matrix


def section(context: ReportContext) -> str:
    """Return the significant relations, "" where fewer than two motifs can be compared."""
    record, found = context.record, context.statistics.cooccurrence
    if found.n_motifs < 2:
        return ""
    follows = [relation for relation in found.relations if relation.follows]
    apart = [relation for relation in found.relations if not relation.follows]
    body = f'<p class="note">{elements.text(_describe_test(record, found))}</p>'
    if not found.relations:
        body += "<p>No motif follows or avoids another more than expected by chance.</p>"
    body += _render_matrix(record, found.relations)
    body += _render_list(record, follows, "Follows", "follows")
    body += _render_list(record, apart, "Avoids", "apart")
    return elements.section("following", "Co-occurrence of motifs", body)


def _describe_test(record: FitRecord, found: Cooccurrence) -> str:
    reach = format_length(found.reach_bins * record.bin_s)
    which = f"The {found.n_motifs} motifs that occur most often"
    if found.n_motifs == len(record.motifs):
        which = f"All {found.n_motifs} motifs"
    some = ""
    if found.n_documents < len(record.recordings):
        some = f" in {found.n_documents:,} of {len(record.recordings):,} recordings"
    return (
        f"{which} were compared{some}, at lags of up to {reach}. The rate by chance is estimated "
        "by shifting the start times of each motif inside each recording, "
        f"{found.n_shuffles} times. p is the share of these shuffles with a deviation at least as "
        "large in any pair and at any lag; relations with p of 0.05 or below are listed."
    )


def _render_list(record: FitRecord, relations: Sequence[Relation], title: str, kind: str) -> str:
    if not relations:
        return ""
    rows = [
        (
            _describe_relation(record, relation),
            _draw_bars(relation),
            f"{relation.n_first:,}",
            f"{relation.p_value:.3f}",
        )
        for relation in relations[:MOST]
    ]
    left_out = len(relations) - len(rows)
    caption = f"The {len(rows)} strongest; {left_out:,} more are not shown." if left_out else ""
    head = (title, '<span class="found">found</span> and by chance', "cases", "p")
    table = elements.table(head, rows, label=title, numbers=2, caption=caption)
    return f'<div class="relations {kind}">{table}</div>'


def _describe_relation(record: FitRecord, relation: Relation) -> str:
    first, second = (_link_motif(record, motif) for motif in (relation.first, relation.second))
    low, high = (bins * record.bin_s for bins in (relation.from_bins, relation.to_bins))
    lag = f"{low:g}&ndash;{high:g}&nbsp;s after" if low else f"within {high:g}&nbsp;s after"
    share, chance = (f"{100 * value:.0f}&nbsp;%" for value in (relation.share, relation.chance))
    if relation.follows:
        return f"{second} starts {lag} {first} in {share} of cases; by chance {chance}."
    seldom = "never starts" if relation.share == 0 else "seldom starts"
    found = "" if relation.share == 0 else f": in {share} of cases"
    return f"{second} {seldom} {lag} {first}{found}; by chance {chance}."


def _link_motif(record: FitRecord, motif: int) -> str:
    return f'<a href="#motif-{motif + 1}">{elements.motif_name(record, motif)}</a>'


def _draw_bars(relation: Relation) -> str:
    """Return the share found over the share by chance, as two bars."""
    return (
        f'<span class="pair" aria-hidden="true"><i style="width:{100 * relation.share:.1f}%"></i>'
        f'<i style="width:{100 * relation.chance:.1f}%"></i></span>'
    )


def _render_matrix(record: FitRecord, relations: Sequence[Relation]) -> str:
    """Return the relations as a table, first by second motif, with a sign in each cell."""
    if not relations or len(record.motifs) > MATRIX_MOTIFS:
        return ""
    sign = {}
    # relations are sorted by strength, so that in reverse the strongest of a pair comes last
    for relation in reversed(relations):
        kind, mark = ("follows", "+") if relation.follows else ("apart", "&minus;")
        # the weakest relation must still be seen
        strength = min(1.0, abs(relation.share - relation.chance) + 0.25)
        sign[relation.first, relation.second] = (
            f'<td class="{kind}" style="--strength:{strength:.2f}">{mark}</td>'
        )
    # rows and columns without a sign would only make the table larger
    used = sorted({motif for pair in sign for motif in pair})
    head = "".join(f'<th scope="col">{motif + 1}</th>' for motif in used)
    rows = "".join(
        f'<tr><th scope="row">{elements.motif_name(record, first)}</th>'
        + "".join(sign.get((first, second), "<td></td>") for second in used)
        + "</tr>"
        for first in used
    )
    caption = "After the motif of the row, that of the column starts more often (+) or less often "
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Co-occurrence of motifs">'
        f'<table class="follow-matrix"><caption>{caption}(&minus;) than by chance.</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
