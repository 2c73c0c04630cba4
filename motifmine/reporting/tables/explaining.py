"""What explains an occurrence, as sentences and as JSON."""

import numpy as np

from motifmine.analysis.explained import Explained
from motifmine.records.fit import FitRecord
from motifmine.reporting.rows import list_occurrences
from motifmine.reporting.tables.encoding import encode_json

MOST_WORDS = 20
MOST_RIVALS = 3


def format_explained(record: FitRecord, number: int, explained: Explained) -> str:
    """Return what explains an occurrence as JSON, see `docs/schemas/occurrences-explain.json`."""
    row = list_occurrences(record, np.array([number - 1]))[0]
    strongest = np.argsort(-explained.mass, kind="stable")[:MOST_WORDS]
    content = {
        "occurrence": number,
        "recording": row.recording,
        "motif": row.motif,
        "motif_name": row.motif_name,
        "start_s": row.start_s,
        "end_s": row.end_s,
        "seen": round(explained.seen, 3),
        "explained": round(float(explained.mass.sum()), 3),
        "background": round(explained.background, 3),
        "score": round(explained.score, 3),
        "score_alone": round(explained.score_alone, 3),
        "others": [
            {
                "motif": rival.motif + 1,
                "motif_name": record.name_of(rival.motif),
                "explained": round(rival.mass, 3),
                "score_with": round(rival.score_with, 3),
                "score_without": round(rival.score_without, 3),
            }
            for rival in explained.rivals
        ],
        "words": [
            {
                "word": record.vocabulary.labels[int(explained.word[i])],
                "relative_s": round(float(explained.time[i] * record.bin_s), 6),
                "explained": round(float(explained.mass[i]), 3),
            }
            for i in strongest.tolist()
        ],
        "lines": explaining_sentences(record, row.motif - 1, explained),
    }
    return encode_json(content)


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
