"""Adversarial networks as models."""

from dataclasses import dataclass
from typing import ClassVar

from motifmine.models.adversarial.coder import Coder
from motifmine.models.adversarial.spec import InfoganSpec
from motifmine.models.networks import NetworkModel


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
