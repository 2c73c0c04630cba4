"""From a table to the arrays of a fit, and from a fit to the activations of new documents.

What touches torch and knows the specification stands here and in the other `tcae_` modules;
`autoencoder` keeps the records and imports this one when it is needed: importing torch takes two
seconds.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from motifmine.errors import DataError, SpecError
from motifmine.models.tcae.encoder import Encoder
from motifmine.models.tcae.network import (
    SPARE,
    Network,
    encode,
    energy_threshold,
    memory_bytes,
)
from motifmine.models.tcae.objective import Objective, document_constant, flat_error
from motifmine.models.tcae.pruning import (
    explained,
    explained_windows,
    refuse_dead,
    settle,
    surviving,
)
from motifmine.models.tcae.refit import Flat
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.models.tcae.training import Course, EpochRow, Plan, train
from motifmine.models.tcae.windows import Windows, cut_windows
from motifmine.records.fit import Background, MotifSet
from motifmine.records.start_layout import document_rows
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Vocabulary
from motifmine.seeding import generator
from motifmine.types import Floats32, Indices

LEAST_WINDOWS = 40
"""Of fewer windows none is held out."""


class Found(NamedTuple):
    """What a fit consists of, as arrays."""

    motifs: MotifSet
    background: Background
    encoder: Encoder
    activation: Floats32
    """(R, K) by start row of `motifmine.records.start_layout`."""
    course: Course
    log_likelihood: float


def fit_table(
    spec: TcaeSpec,
    table: ObservationTable,
    *,
    seed: int,
    checkpoint: Path | None,
    on_epoch: Callable[[EpochRow], None],
) -> Found:
    """Return what the auto-encoder finds in `table`."""
    device = choose_device(spec)
    compact, used = compact_table(table)
    refuse_too_large(spec, compact, device)
    rng = torch_generator(seed)
    with _deterministic():
        objective = build_objective(spec, compact, device, rng)
        training, held_out = _split(spec, len(objective.windows), rng)
        course = train(
            objective.network,
            loss_of=objective.loss,
            after_step=objective.network.project,
            evaluate=lambda: objective.evaluate(held_out),
            windows=training,
            plan=_plan(spec, table, seed, checkpoint),
            generator=rng,
            on_epoch=on_epoch,
        )
        return _found(spec, compact, used, table.n_words, objective, course)


def torch_generator(seed: int) -> torch.Generator:
    """Return a generator of the CPU; torch's global one is never touched."""
    return torch.Generator().manual_seed(int(generator(seed).integers(2**62)))


def choose_device(spec: TcaeSpec) -> torch.device:
    """Return the device that `spec` asks for; `auto` is a CUDA device if there is one.

    Raises
    ------
    SpecError
        When there is no such device, or it cannot do what is asked.
    """
    name = spec.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    has = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }[kind]
    if int(index or 0) >= has:
        raise SpecError(f"device is {spec.device!r} but this machine has {has} {kind} devices")
    if spec.dtype == "mixed" and kind != "cuda":
        raise SpecError(f"dtype mixed needs a CUDA device; on {kind} use float32")
    if spec.dtype == "float64" and kind == "mps":
        raise SpecError("mps devices have no float64; use float32")
    return torch.device(name)


def compact_table(table: ObservationTable) -> tuple[ObservationTable, Indices]:
    """Return the table over the words that occur in it, and which words these are."""
    used = np.unique(table.word).astype(np.int64)
    vocabulary = Vocabulary.of_labels([table.vocabulary.labels[word] for word in used])
    word = np.searchsorted(used, table.word).astype(np.int32)
    return replace(table, word=word, vocabulary=vocabulary), used


def refuse_too_large(spec: TcaeSpec, table: ObservationTable, device: torch.device) -> None:
    """Raise `DataError` when training would not fit into the device's memory."""
    needed = memory_bytes(
        n_filters=spec.n_motifs,
        n_words=table.n_words,
        motif_length=spec.motif_length,
        batch_windows=spec.batch_windows,
        core_bins=min(spec.window_bins, max(r.n_times for r in table.recordings)),
        n_observations=len(table.word),
        n_rows=int(document_rows(table.document_lengths, spec.motif_length)[-1]),
        item_bytes=8 if spec.dtype == "float64" else 4,
    )
    free = free_bytes(device)
    if needed > free:
        raise DataError(
            f"training {spec.n_motifs} filters of {spec.motif_length} bins x {table.n_words} words "
            f"in batches of {spec.batch_windows} windows needs about {needed / 2**30:.1f} GiB but "
            f"{device} has {free / 2**30:.1f} GiB free; lower batch_windows, window_bins or the "
            "number of words (larger cells, a higher least_bins)"
        )


def free_bytes(device: torch.device) -> float:
    """Return the memory of a device that is free, bytes; infinity where nothing tells."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    report = Path("/proc/meminfo")
    if report.exists():
        lines = dict(line.split(":", 1) for line in report.read_text().splitlines())
        return float(lines["MemAvailable"].split()[0]) * 1024
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    return math.inf


@contextmanager
def _deterministic() -> Iterator[None]:
    """Let sums be added up in the same order every time, on any number of cores.

    Notes
    -----
    On the CPU convolutions are split among threads, which changes the last digits with their
    number. One thread is the number that every machine has, and on networks of this size two were
    slower (benchmarks/tcae.py --rate). cuDNN chooses only algorithms that repeat themselves.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            yield
    finally:
        torch.set_num_threads(threads)


def _dtype(spec: TcaeSpec) -> torch.dtype:
    return torch.float64 if spec.dtype == "float64" else torch.float32


def build_objective(
    spec: TcaeSpec, table: ObservationTable, device: torch.device, rng: torch.Generator
) -> Objective:
    """Return the objective with a network at its random start."""
    scale = _standard_deviation(table)
    network = Network(
        n_filters=spec.n_motifs,
        n_words=table.n_words,
        motif_length=spec.motif_length,
        inhibition=spec.inhibition,
        energy_share=spec.energy_share,
        non_negative=spec.non_negative,
        generator=rng,
        dtype=_dtype(spec),
    ).to(device)
    windows = cut_windows(
        table,
        motif_length=spec.motif_length,
        core_bins=spec.window_bins,
        spare=SPARE,
        scale=scale,
        device=device,
        dtype=_dtype(spec),
    )
    return Objective(
        spec=spec,
        network=network,
        windows=windows,
        flat_error=flat_error(table, spec.loss, scale),
        group_weight=spec.group_lasso / math.sqrt(len(table.word)),
        constant=document_constant(table),
        n_observations=table.total,
    )


def _standard_deviation(table: ObservationTable) -> float:
    """Return the standard deviation of all cells, empty ones too; the mean where that is 0."""
    cells = table.n_times * table.n_words
    mean = table.total / cells
    square = float(np.sum(table.count.astype(np.float64) ** 2)) / cells
    return math.sqrt(max(square - mean**2, 0.0)) or mean


def _split(spec: TcaeSpec, n_windows: int, rng: torch.Generator) -> tuple[Indices, Indices]:
    """Return the windows to train on and those held out, the same when there are few."""
    order = torch.randperm(n_windows, generator=rng).numpy()
    n_held_out = round(spec.held_out * n_windows) if n_windows >= LEAST_WINDOWS else 0
    if n_held_out == 0:
        return np.arange(n_windows), np.arange(n_windows)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def _plan(spec: TcaeSpec, table: ObservationTable, seed: int, checkpoint: Path | None) -> Plan:
    digest = hashlib.sha256(f"{json.dumps(asdict(spec))} {seed} {table.n_times}".encode())
    for array in (table.offsets, table.word, table.count):
        digest.update(np.ascontiguousarray(array).tobytes())
    return Plan(
        epochs=spec.epochs,
        patience=spec.patience,
        batch_windows=spec.batch_windows,
        learning_rate=spec.learning_rate,
        fingerprint=digest.hexdigest(),
        checkpoint=checkpoint,
    )


def _found(
    spec: TcaeSpec,
    table: ObservationTable,
    used: Indices,
    n_vocabulary: int,
    objective: Objective,
    course: Course,
) -> Found:
    """Return surviving filters as motifs, heaviest first, with their masses re-estimated."""
    network, windows = objective.network, objective.windows
    alive = surviving(network.decoder.detach())
    refuse_dead(spec, alive)
    filters, bias = network.encoder.detach()[alive], network.bias.detach()[alive]
    raw = encoded_rows(windows, filters, bias, spec.inhibition, spec.batch_windows)
    everywhere = torch.ones(1, raw.shape[1], dtype=torch.bool, device=raw.device)
    threshold = energy_threshold(raw[None], everywhere, spec.open_share)
    is_open = (raw > 0) & (raw >= threshold)
    kept, motifs, result = settle(
        spec, table, network.decoder.detach()[alive], is_open, n_vocabulary
    )
    mass = result.activation.sum(dim=1).double()
    return Found(
        motifs=MotifSet(
            probability=_spread(motifs.transpose(1, 2), used, n_vocabulary),
            weight=(mass / table.total).cpu().numpy(),
        ),
        background=Background(
            probability=_spread(result.background.word_probability, used, n_vocabulary),
            weight=result.background.share,
        ),
        encoder=Encoder(
            filters=_spread(filters[kept].transpose(1, 2), used, n_vocabulary),
            bias=bias[kept].float().cpu().numpy(),
            inhibition=spec.inhibition,
            threshold=float(threshold),
            scale=windows.scale,
        ),
        activation=result.activation.T.float().cpu().numpy(),
        course=course,
        log_likelihood=float(result.log_rates - _log_totals(table)),
    )


def encoded_rows(
    windows: Windows, filters: Tensor, bias: Tensor, inhibition: float, batch_windows: int
) -> Tensor:
    """Return the encoder's activations by start row, before AdaReLU, (K, R)."""
    rows = torch.zeros(len(filters), windows.n_rows + 1, dtype=filters.dtype, device=filters.device)
    for first in range(0, len(windows), batch_windows):
        batch = windows.batch(np.arange(first, min(first + batch_windows, len(windows))))
        value = encode(batch.counts, batch.is_start, filters, bias, inhibition)
        rows[:, batch.start_row[batch.is_owned]] = value.transpose(0, 1)[:, batch.is_owned]
    return rows[:, :-1]


def locate(
    spec: TcaeSpec,
    motifs: MotifSet,
    background: Background,
    encoder: Encoder,
    table: ObservationTable,
) -> tuple[Floats32, float]:
    """Return the activations of new documents by start row (R, K), and their log-likelihood.

    Motifs, encoder, its threshold and the background are held fixed. The log-likelihood is in
    nats, over all observations.
    """
    device, dtype = choose_device(spec), _dtype(spec)
    compact, used = compact_table(table)
    windows = cut_windows(
        compact,
        motif_length=motifs.motif_length,
        core_bins=spec.window_bins,
        spare=SPARE,
        scale=encoder.scale,
        device=device,
        dtype=dtype,
    )
    with torch.no_grad(), _deterministic():
        filters = _filters(encoder.filters, used, device, dtype)
        bias = torch.from_numpy(encoder.bias).to(device=device, dtype=dtype)
        raw = encoded_rows(windows, filters, bias, encoder.inhibition, spec.batch_windows)
        flat = Flat(
            share=background.weight,
            word_probability=torch.from_numpy(background.probability[used]).to(
                device=device, dtype=dtype
            ),
        )
        probability = _filters(motifs.probability, used, device, dtype)
        result = explained(
            explained_windows(compact, motifs.motif_length, probability),
            probability,
            (raw > 0) & (raw >= encoder.threshold),
            table.n_words,
            flat,
        )
    return result.activation.T.float().cpu().numpy(), result.log_rates - _log_totals(compact)


def _filters(array: Floats32, used: Indices, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return filters (K, L, W) of a record as a tensor (K, words used, L)."""
    return torch.from_numpy(np.ascontiguousarray(array[:, :, used].transpose(0, 2, 1))).to(
        device=device, dtype=dtype
    )


def _spread(values: Tensor, used: Indices, n_vocabulary: int) -> Floats32:
    """Return `values` (.., words used) over the whole vocabulary, float32 array."""
    whole = np.zeros((*values.shape[:-1], n_vocabulary), dtype=np.float32)
    whole[..., used] = values.float().cpu().numpy()
    return whole


def _log_totals(table: ObservationTable) -> float:
    """Return sum over documents of N_d log N_d: what turns rates into probabilities."""
    total = table.document_totals()
    return float(np.sum(total * np.log(np.maximum(total, 1e-300))))
