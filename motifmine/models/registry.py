"""Models by name, and motifs of saved fits found elsewhere."""

import json
from dataclasses import fields, replace
from typing import Any

from motifmine.errors import SpecError
from motifmine.models.hdlsm.model import Hdlsm, locate_by_sampling
from motifmine.models.plsm.em import Priors
from motifmine.models.plsm.model import Plsm, fold_in
from motifmine.models.protocol import Located
from motifmine.models.tcae.encoder import Encoder
from motifmine.models.tcae.model import Tcae, locate_encoded
from motifmine.records.fit import FitRecord
from motifmine.records.model_state import restore_state
from motifmine.records.table import ObservationTable

MODELS: dict[str, Any] = {"plsm": Plsm, "hdlsm": Hdlsm, "tcae": Tcae}


def specify(model: str, settings: dict[str, Any]) -> Any:
    """Return the specification of a model by name.

    Raises
    ------
    SpecError
        When there is no such model, or it has no such setting.
    """
    if model not in MODELS:
        raise SpecError(f"there is no model {model!r}; choose one of {', '.join(MODELS)}")
    known = {item.name for item in fields(MODELS[model])}
    if unknown := sorted(set(settings) - known):
        options = ", ".join("--" + name.removeprefix("n_").replace("_", "-") for name in unknown)
        raise SpecError(f"the model {model} has no setting {options}; leave it out")
    if model == "hdlsm" and "background" in settings:
        settings = {**settings, "background": settings["background"] != 0}
    return MODELS[model](**settings)


def locate_motifs(record: FitRecord, table: ObservationTable) -> Located:
    """Return where the motifs of a saved fit are active in `table`, whichever model made them.

    Motifs and the background's words are held fixed. Starts of HDLSM's motifs are sampled, those of
    the auto-encoder left to its network, all others inferred as PLSM does it. Fits of the
    auto-encoder by older versions have no network; theirs are inferred without sparsity.
    """
    if record.model_state is not None:
        spec = Tcae(**_known(Tcae, record))
        # a fit made on a GPU is found again on machines that have none
        spec = replace(
            spec,
            device="cpu" if spec.device == "cpu" else "auto",
            dtype="float64" if spec.dtype == "float64" else "float32",
        )
        encoder = restore_state(Encoder, record.model_state)
        return locate_encoded(spec, record.motifs, record.background, encoder, table)
    if record.provenance.model == "hdlsm":
        scale = json.loads(record.provenance.spec).get("count_scale") or 1.0
        return locate_by_sampling(
            record.motifs,
            record.background,
            table,
            record.provenance.seed,
            count_scale=float(scale),
        )
    return fold_in(priors_of(record), record.motifs, record.background, table)


def priors_of(record: FitRecord) -> Priors:
    """Return the priors that starts of a saved fit's motifs have when they are inferred."""
    if record.provenance.model != "plsm":
        return Priors(sparsity=0.0)
    return Plsm(**_known(Plsm, record)).priors


def _known(specification: Any, record: FitRecord) -> dict[str, Any]:
    """Return what the record tells of the fields of a specification."""
    spec = json.loads(record.provenance.spec)
    return {f.name: spec[f.name] for f in fields(specification) if f.name in spec}
