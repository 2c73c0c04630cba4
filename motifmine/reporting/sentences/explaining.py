"""What explains an occurrence, as sentences."""

from motifmine.analysis.explained import Explained
from motifmine.records.fit import FitRecord

MOST_RIVALS = 3


def explaining_sentences(record: FitRecord, motif: int, explained: Explained) -> list[str]:
    """Return what was seen and what explains it, and the score with and without others.

    Examples
    --------
    "52 observations in its time: motif 2 explains 38, motif 5 9, the background 5", and "motif 2
    explains it alone: 41 nats; with motif 5 there: 6".
    """
    title = record.title_of(motif)
    rivals = explained.rivals[:MOST_RIVALS]
    names = [
        f"another {title}" if rival.motif == motif else record.title_of(rival.motif)
        for rival in rivals
    ]
    parts = [f"{name} {rival.mass:.0f}" for name, rival in zip(names, rivals, strict=True)]
    seen = (
        f"{explained.seen:.0f} observations in its time: {title} explains "
        f"{explained.mass.sum():.0f}, "
        + "".join(f"{part}, " for part in parts)
        + f"the background {explained.background:.0f}"
    )
    line = f"{title} explains it alone: {explained.score_alone:.0f} nats"
    for name, rival in zip(names, rivals, strict=True):
        line += f"; with {name} there: {rival.score_with:.0f}"
    if len(explained.rivals) > 1:
        line += f"; with all there: {explained.score:.0f}"
    return [seen, line]
