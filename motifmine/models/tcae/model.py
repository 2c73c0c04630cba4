"""The temporal convolutional auto-encoder as a model.

Bascol, Emonet, Fromont, Odobez: Unsupervised Interpretable Pattern Discovery in Time Series Using
Autoencoders, S+SSPR 2016.
"""

from dataclasses import dataclass
from typing import ClassVar

from motifmine.models.networks import NetworkModel
from motifmine.models.tcae.encoder import Encoder
from motifmine.models.tcae.spec import TcaeSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcae(TcaeSpec, NetworkModel):
    """The specification of a fit of the auto-encoder.

    `n_motifs` is the number of filters; surplus filters are pruned. The trace has one row per epoch
    with the log-likelihood of all observations (nats), extrapolated from the reconstruction of the
    held-out windows, and a last row with the log-likelihood of the motifs, activations and
    background of the fit.

    Notes
    -----
    Deviations from the paper and its code, each measured in `docs/tcae-ablation.md`: no term for
    equal use of filters, which had no effect; the threshold of AdaReLU is by energy over a batch
    instead of the peak of each filter; decoder and background are non-negative; the reconstruction
    error is relative to a flat model; of two similar surviving filters the lighter is removed; and
    motifs and activations are refined by EM at the start times that the network selects
    (`motifmine.models.tcae.refit`), which undoes the shrinkage by the penalties; a filter that
    lacks an end of its motif is moved (`motifmine.models.tcae.alignment`). The weight of the group
    lasso is proportional to 1 / sqrt(observations).

    On a CPU, training uses one thread, so that the same seed gives the same bytes on any machine.
    """

    name: ClassVar[str] = "tcae"
    fitting: ClassVar[str] = "motifmine.models.tcae.fitting"
    state: ClassVar[type] = Encoder
