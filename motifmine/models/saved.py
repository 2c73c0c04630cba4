"""Models by name, and fits back from what was saved of them."""

import json
from dataclasses import fields
from typing import Any

from motifmine.errors import FormatError
from motifmine.models.plsm import Plsm, PlsmFit
from motifmine.models.protocol import Fit
from motifmine.motifs import FitRecord

MODELS: dict[str, Any] = {"plsm": Plsm}
FITS: dict[str, Any] = {"plsm": PlsmFit}


def restored_fit(record: FitRecord) -> Fit:
    """Return the fit that a record was made from, ready to `locate` its motifs elsewhere.

    Raises
    ------
    FormatError
        When its model is unknown.
    """
    name = record.provenance.model
    if name not in MODELS:
        raise FormatError(f"the fit was made by the model {name!r}; known are {', '.join(MODELS)}")
    known = {item.name for item in fields(MODELS[name])}
    spec = {k: v for k, v in json.loads(record.provenance.spec).items() if k in known}
    fit: Fit = FITS[name](
        spec=MODELS[name](**spec),
        motifs=record.motifs,
        background=record.background,
        activations=record.activations,
        trace=record.trace,
        provenance=record.provenance,
    )
    return fit
