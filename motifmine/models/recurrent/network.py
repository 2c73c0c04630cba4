"""Training of a recurrent network in torch: the counts of each bin from those before it."""

from itertools import pairwise

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from motifmine.errors import FitError
from motifmine.models.checks import background_of, locate_nothing, no_motifs
from motifmine.models.devices import choose_device, use_deterministic_sums
from motifmine.models.networks import Learned, Training
from motifmine.models.recurrent.cells import MOST_LOG, Weights
from motifmine.models.recurrent.model import Gru
from motifmine.records.fit import Trace
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32, Indices

WINDOW_BINS, STEP_BINS, BATCH_WINDOWS = 64, 16, 16
HELD_OUT = 8  # one window in how many is held out
LEARNING_RATE, WEIGHT_DECAY = 3e-3, 1e-3
PATIENCE = 15  # epochs without a gain on held-out windows after which training stops
LEAST_STEPS = 10  # of an epoch: short documents are gone through several times


class Network(nn.Module):
    """Memory of a GRU or LSTM, and log rates of all words relative to their means."""

    def __init__(self, kind: str, n_words: int, units: int) -> None:
        super().__init__()
        self.memory = {"gru": nn.GRU, "lstm": nn.LSTM}[kind](n_words, units, batch_first=True)
        self.rates = nn.Linear(units, n_words)

    def forward(self, counts: Tensor, log_mean: Tensor) -> Tensor:
        """Return log rates of the bins after each of `counts` (window, bin, W)."""
        hidden: Tensor = self.memory(torch.log1p(counts))[0]
        return log_mean + torch.clamp(self.rates(hidden), -MOST_LOG, MOST_LOG)


def fit_table(training: Training) -> Learned:
    """Return the weights of the best epoch; the trace is of held-out windows."""
    table, name = training.table, training.spec.name
    weights, course = train(training)
    value, seconds = np.array(course).T
    return Learned(
        motifs=no_motifs(table.n_words),
        located=locate_nothing(background_of(table), table),
        state=weights,
        trace=Trace(
            iteration=np.arange(len(value)), log_likelihood=value * table.total, seconds=seconds
        ),
        findings={
            "decisions": [
                f"{name} has no motifs: it predicts, see motifmine forecast; weights of epoch "
                f"{value.argmax()}, the best on held-out windows"
            ]
        },
    )


def train(training: Training) -> tuple[Weights, list[tuple[float, float]]]:
    """Return the weights of the best epoch, and of every epoch its held-out value and its time."""
    spec: Gru = training.spec
    kind, table = spec.name, training.table
    device = choose_device(spec.device)
    shape = (table.n_times, table.n_words)
    counts = csr_matrix((table.count.astype(np.float32), table.word, table.offsets), shape)
    mean = (np.asarray(counts.sum(axis=0)).ravel() + 0.1) / table.n_times
    log_mean = torch.from_numpy(np.log(mean).astype(np.float32)).to(device)
    used, held_out = split_windows(table)
    rng = generator(training.seed)

    def loss_of(batch: Indices) -> Tensor:
        n_bins = min(WINDOW_BINS, table.n_times)
        rows = [counts[first : first + n_bins].toarray() for first in batch]
        seen = torch.from_numpy(np.stack(rows)).to(device)
        log_rate = network(seen[:, :-1], log_mean)
        missed: Tensor = log_rate.exp().sum() - (seen[:, 1:] * log_rate).sum()
        return missed / seen[:, 1:].sum().clamp(min=1.0)

    course: list[tuple[float, float]] = []
    best_epoch = 0
    with use_deterministic_sums():
        network = Network(kind, table.n_words, spec.units).to(device)
        draws, width = torch.Generator().manual_seed(int(rng.integers(2**31))), spec.units**-0.5
        with torch.no_grad():
            # as torch does it, but not from its global generator
            for values in network.parameters():
                values.copy_(2 * width * torch.rand(values.shape, generator=draws) - width)
        best = network.state_dict()
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )
        n_steps = max(LEAST_STEPS, len(used) // BATCH_WINDOWS)
        for epoch in range(spec.epochs):
            for _ in range(n_steps):
                if is_time_up():
                    break
                optimiser.zero_grad(set_to_none=True)
                loss_of(rng.choice(used, BATCH_WINDOWS)).backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
            with torch.no_grad():
                batches = np.array_split(held_out, -(-len(held_out) // BATCH_WINDOWS))
                value = -float(np.mean([float(loss_of(batch)) for batch in batches]))
            if not np.isfinite(value):
                raise FitError(f"the loss of {kind} is {value} at epoch {epoch}; lower the counts")
            course.append((value, training.elapsed_s()))
            training.report(epoch, spec.epochs, value)
            if value >= max(found for found, _ in course):
                best_epoch = epoch
                best = {name: each.detach().clone() for name, each in network.state_dict().items()}
            if epoch - best_epoch >= PATIENCE or is_time_up():
                break
    arrays = {name: each.cpu().numpy().astype(np.float32) for name, each in best.items()}
    return _weights(kind, arrays, np.log(mean)), course


def split_windows(table: ObservationTable) -> tuple[Indices, Indices]:
    """Return the first bins of windows to learn from, and of those that are held out.

    Windows that are learnt from overlap, but none of them a held-out one.
    """
    found = []
    for begin, end in pairwise(table.document_offsets.tolist()):
        # of a document that is shorter than a window the next one is seen too
        last = max(min(end, table.n_times) - WINDOW_BINS, begin)
        found.append(np.append(np.arange(begin, last, STEP_BINS), last))
    starts = np.unique(np.clip(np.concatenate(found), 0, max(table.n_times - WINDOW_BINS, 0)))
    held_out = starts[:: HELD_OUT * WINDOW_BINS // STEP_BINS]
    gap = np.abs(starts[:, None] - held_out).min(axis=1)
    used = starts[gap >= WINDOW_BINS]
    # what is too short to be split is learnt as it is
    return (used, held_out) if len(used) else (starts, starts)


def _weights(kind: str, arrays: dict[str, Floats32], log_mean: Floats) -> Weights:
    return Weights(
        kind=kind,
        input=arrays["memory.weight_ih_l0"],
        input_bias=arrays["memory.bias_ih_l0"],
        memory=arrays["memory.weight_hh_l0"],
        memory_bias=arrays["memory.bias_hh_l0"],
        output=arrays["rates.weight"],
        output_bias=arrays["rates.bias"],
        log_mean=log_mean.astype(np.float32),
    )
