"""Adversarial networks as models."""

from dataclasses import dataclass
from typing import ClassVar

from motifmine.errors import DataError
from motifmine.models.adversarial.coder import Coder, Networks
from motifmine.models.adversarial.spec import CganSpec, InfoganSpec, WindowSpec
from motifmine.models.networks import NetworkModel
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.table import ObservationTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Infogan(InfoganSpec, NetworkModel):
    """The specification of a fit.

    A generator adds up motifs that are switched on at random starts, a critic learns to distinguish
    its windows from those of the data, and a coder reads starts and strengths off windows: the
    feed-forward way from data to occurrences. Densities of starts follow what the coder finds in
    the data, and motifs that it finds nowhere are pruned. The trace has the losses at every check
    of the training, and the log-likelihood of all observations at what the coder reads; its last
    row is that of the fit.

    On a CPU, training uses one thread; the same seed gives the same bytes on the same device.
    """

    name: ClassVar[str] = "infogan"
    fitting: ClassVar[str] = "motifmine.models.adversarial.fitting"
    state: ClassVar[type] = Coder


@dataclass(frozen=True, slots=True, kw_only=True)
class Dcgan(WindowSpec, NetworkModel):
    """The specification of a sampler of windows by transposed convolutions; it has no motifs."""

    name: ClassVar[str] = "dcgan"
    fitting: ClassVar[str] = "motifmine.models.adversarial.pair_fitting"
    state: ClassVar[type] = Networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Bigan(Dcgan):
    """The specification of the same with an encoder, whose critic judges windows and codes."""

    name: ClassVar[str] = "bigan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alad(Dcgan):
    """The specification of a BiGAN with a second critic, of windows and what codes restore."""

    name: ClassVar[str] = "alad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cgan(CganSpec, NetworkModel):
    """The specification of a sampler of windows whose motifs and starts are given.

    Motifs, activations and occurrences are those of the fit that it corrects.
    """

    name: ClassVar[str] = "cgan"
    fitting: ClassVar[str] = "motifmine.models.adversarial.pair_fitting"
    state: ClassVar[type] = Networks


def refuse_occurrences(record: FitRecord, table: ObservationTable) -> Occurrences:
    """Refuse to locate the motifs of a sampler: its base does that, with tested scores."""
    base = record.provenance.spec.settings.get("base")
    raise DataError(f"cgan draws windows; occurrences are found by the fit it corrects, {base}")
