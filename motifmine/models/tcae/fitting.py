"""Fitting of the auto-encoder in torch, and locating its motifs in new documents."""

import math
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from motifmine.errors import FitError
from motifmine.models.checkpoints import fingerprint_of
from motifmine.models.checks import drop_unused_words, restore_words
from motifmine.models.devices import choose_device, use_deterministic_sums
from motifmine.models.fitted import remaining_background
from motifmine.models.moving_window import LEAST_EXPLAINED, MovingWindow
from motifmine.models.networks import Learned, Training
from motifmine.models.protocol import Located
from motifmine.models.tcae.alignment import crop_motifs, find_shifts, move_windows, widen_motifs
from motifmine.models.tcae.devices import check_memory, choose_dtype
from motifmine.models.tcae.encoder import SPARE, Encoder
from motifmine.models.tcae.network import (
    Network,
    encode,
    find_energy_threshold,
)
from motifmine.models.tcae.objective import (
    BEFORE_ATTACKS,
    Objective,
    compute_document_constant,
    compute_flat_error,
)
from motifmine.models.tcae.paths import NARROW_EPOCHS, PathMask
from motifmine.models.tcae.pruning import (
    PrunedMotifs,
    check_alive,
    cut_explanation_windows,
    explain_counts,
    find_alive,
    prune_filters,
)
from motifmine.models.tcae.refit import FlatBackground
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.models.tcae.training import Course, Plan, train
from motifmine.models.tcae.windows import Windows, cut_windows
from motifmine.records.fit import Background, MotifSet, Trace, make_sparse_activations
from motifmine.records.start_layout import start_layout
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.types import Floats32, Indices, Indices32

LEAST_WINDOWS = 40  # with fewer windows none is held out


class Pruned(NamedTuple):
    """Motifs with their part of the encoder."""

    filters: Tensor
    """(K, W, L)."""
    bias: Tensor
    """(K,)."""
    threshold: float
    """Lower activations are set to 0."""
    found: PrunedMotifs


def fit_table(training: Training) -> Learned:
    """Fit the auto-encoder."""
    spec: TcaeSpec = training.spec
    table = training.table
    # before any work, so that a missing GPU is reported at once
    device = choose_device(spec.device, spec.dtype)
    used, compact = drop_unused_words(table)
    check_memory(spec, compact, device)
    window = MovingWindow.of_words(table.vocabulary.layout, used, compact)

    def attempt(paths: PathMask | None, file: Path | None) -> Learned:
        rng = make_torch_generator(training.seed)
        with use_deterministic_sums():
            objective = build_objective(spec, compact, device, rng, paths)
            learned_from, held_out = _split_windows(spec, len(objective.windows), rng)
            course = train(
                objective.network,
                loss_of=objective.loss,
                before_epoch=objective.begin_epoch,
                after_step=objective.constrain,
                evaluate=lambda: objective.evaluate(held_out),
                windows=learned_from,
                plan=_make_plan(training, file, paths),
                generator=rng,
                on_epoch=lambda row: training.report(
                    row.epoch + 1, spec.epochs, row.log_likelihood
                ),
            )
            return _build_result(training, compact, used, objective, course)

    if window is not None:
        # no filter may survive where nothing moves along a path
        with suppress(FitError):
            moving = attempt(PathMask(window=window), training.checkpoint)
            if moving.motifs.weight.sum() >= LEAST_EXPLAINED or moving.stopped:
                return moving
        # the file is that of the first attempt
        return attempt(None, None)
    return attempt(None, training.checkpoint)


def make_torch_generator(seed: int) -> torch.Generator:
    """Return a generator on the CPU; torch's global generator is not used."""
    return torch.Generator().manual_seed(int(generator(seed).integers(2**62)))


def build_objective(
    spec: TcaeSpec,
    table: ObservationTable,
    device: torch.device,
    rng: torch.Generator,
    paths: PathMask | None = None,
) -> Objective:
    """Return the objective with a randomly initialised network.

    Parameters
    ----------
    table : ObservationTable
        Over the words that occur.
    paths : PathMask or None
        Of words that move.
    """
    scale = _measure_deviation(table)
    network = Network(
        n_filters=spec.n_motifs,
        n_words=table.n_words,
        motif_length=spec.motif_length,
        inhibition=spec.inhibition,
        energy_share=spec.energy_share,
        generator=rng,
        dtype=choose_dtype(spec),
    ).to(device)
    windows = cut_windows(
        table,
        motif_length=spec.motif_length,
        core_bins=spec.window_bins,
        spare=SPARE,
        scale=scale,
        device=device,
        dtype=choose_dtype(spec),
    )
    return Objective(
        spec=spec,
        network=network,
        windows=windows,
        flat_error=compute_flat_error(table, scale),
        # the error averages over the data while the penalty does not: estimation errors fall with
        # the root of their number
        group_weight=spec.group_lasso / math.sqrt(len(table.word)),
        constant=compute_document_constant(table),
        n_observations=table.total,
        paths=paths,
    )


def _measure_deviation(table: ObservationTable) -> float:
    """Return the standard deviation of all cells, including empty ones; the mean if it is 0."""
    cells = table.n_times * table.n_words
    mean = table.total / cells
    square = float(np.sum(table.count.astype(np.float64) ** 2)) / cells
    # counts that are all equal have no deviation
    return math.sqrt(max(square - mean**2, 0.0)) or mean


def _split_windows(spec: TcaeSpec, n_windows: int, rng: torch.Generator) -> tuple[Indices, Indices]:
    """Return the windows for training and the held-out windows; all for both if there are few."""
    order = torch.randperm(n_windows, generator=rng).numpy()
    n_held_out = round(spec.held_out * n_windows) if n_windows >= LEAST_WINDOWS else 0
    if n_held_out == 0:
        return np.arange(n_windows), np.arange(n_windows)
    # sorted: sums over them have the same order in every epoch
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def _make_plan(training: Training, checkpoint: Path | None, paths: PathMask | None) -> Plan:
    spec: TcaeSpec = training.spec
    return Plan(
        epochs=spec.epochs,
        patience=spec.patience,
        batch_windows=spec.batch_windows,
        learning_rate=spec.learning_rate,
        narrowing=max(
            0 if paths is None else NARROW_EPOCHS,
            BEFORE_ATTACKS if spec.adversarial_training else 0,
        ),
        fingerprint=fingerprint_of(spec, training.seed, training.table),
        checkpoint=checkpoint,
    )


def _build_result(
    training: Training,
    table: ObservationTable,
    used: Indices32,
    objective: Objective,
    course: Course,
) -> Learned:
    """Convert surviving filters to motifs, heaviest first, with re-estimated masses.

    `table` is that of the fit over the words that occur.
    """
    spec, whole = training.spec, training.table
    network, windows, n_vocabulary = objective.network, objective.windows, whole.n_words
    alive = find_alive(network.decoder.detach())
    check_alive(spec, alive)

    def prune(filters: Tensor, bias: Tensor, decoder: Tensor) -> Pruned:
        raw = encode_windows(windows, filters, bias, spec.inhibition, spec.batch_windows)
        # one threshold over all documents, stored with the fit: new recordings are located with it
        everywhere = torch.ones(1, raw.shape[1], dtype=torch.bool, device=raw.device)
        threshold = find_energy_threshold(raw[None], everywhere, spec.open_share)
        is_open = (raw > 0) & (raw >= threshold)
        found = prune_filters(spec, table, decoder, is_open, n_vocabulary, objective.paths)
        return Pruned(filters[found.kept], bias[found.kept], float(threshold), found)

    best = prune(
        network.encoder.detach()[alive],
        network.bias.detach()[alive],
        network.decoder.detach()[alive],
    )
    if objective.paths is None:
        # words that move have paths, which hold the filters from the start
        wide = widen_motifs(table, best.found, n_vocabulary)
        shift = find_shifts(wide, spec.motif_length)
        # a filter of which too little is left in its new window may open no start
        with suppress(FitError):
            if shift.any():
                decoder = crop_motifs(wide, shift, spec.motif_length)
                moved = prune(move_windows(best.filters, shift), best.bias, decoder)
                best = max(best, moved, key=lambda some: some.found.explanation.log_rates)
    motifs, result = best.found.motifs, best.found.explanation
    mass = result.activation.sum(dim=1).double()
    value = float(result.log_rates - _sum_log_totals(table))
    rows, layout = course.rows, start_layout(whole, spec.motif_length)
    return Learned(
        motifs=MotifSet(
            probability=_expand_words(motifs.transpose(1, 2), used, n_vocabulary),
            weight=(mass / table.total).cpu().numpy(),
        ),
        located=Located(
            activations=make_sparse_activations(layout, _to_rows(result.activation)),
            background=Background(
                probability=_expand_words(result.background.word_probability, used, n_vocabulary),
                weight=result.background.share,
            ),
            log_likelihood=value,
        ),
        state=Encoder(
            filters=_expand_words(best.filters.transpose(1, 2), used, n_vocabulary),
            bias=best.bias.float().cpu().numpy(),
            inhibition=spec.inhibition,
            threshold=best.threshold,
            scale=windows.scale,
        ),
        trace=Trace(
            iteration=np.arange(len(rows) + 1),
            log_likelihood=np.array([*(row.log_likelihood for row in rows), value]),
            seconds=np.array([*(row.seconds for row in rows), training.elapsed_s()]),
        ),
        stopped=f"epoch {len(rows)}; the best epoch is used" if course.interrupted else "",
    )


def encode_windows(
    windows: Windows,
    filters: Tensor,
    bias: Tensor,
    inhibition: float,
    batch_windows: int,
) -> Tensor:
    """Return the activations of the encoder by start row, before AdaReLU, (K, R).

    Parameters
    ----------
    filters : (K, W, L)
    bias : (K,)
    inhibition : float
    batch_windows : int
        Windows per batch, to limit memory.
    """
    rows = torch.zeros(len(filters), windows.n_rows + 1, dtype=filters.dtype, device=filters.device)
    for first in range(0, len(windows), batch_windows):
        batch = windows.batch(np.arange(first, min(first + batch_windows, len(windows))))
        value = encode(batch.counts, batch.is_start, filters, bias, inhibition)
        # each start time is owned by one window, so margins are not written twice
        rows[:, batch.start_row[batch.is_owned]] = value.transpose(0, 1)[:, batch.is_owned]
    # the last row collects start times that do not exist
    return rows[:, :-1]


def locate(
    spec: TcaeSpec,
    encoder: Encoder,
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
) -> Located:
    """Locate motifs in new documents, at start times that the encoder selects.

    Motifs, encoder, threshold and the background's words are held fixed.

    Parameters
    ----------
    spec : TcaeSpec
        For device, dtype, and sizes of windows and batches.
    encoder : Encoder
    motifs : MotifSet
    background : Background
    table : ObservationTable
    """
    # the numbers of mixed precision are those of float32 outside of training
    device, dtype = choose_device(spec.device), choose_dtype(spec)
    used, compact = drop_unused_words(table)
    windows = cut_windows(
        compact,
        motif_length=motifs.motif_length,
        core_bins=spec.window_bins,
        spare=SPARE,
        scale=encoder.scale,
        device=device,
        dtype=dtype,
    )
    with torch.no_grad(), use_deterministic_sums():
        filters = _to_filters(encoder.filters, used, device, dtype)
        bias = torch.from_numpy(encoder.bias).to(device=device, dtype=dtype)
        raw = encode_windows(windows, filters, bias, encoder.inhibition, spec.batch_windows)
        flat = FlatBackground(
            share=background.weight,
            word_probability=torch.from_numpy(background.probability[used]).to(
                device=device, dtype=dtype
            ),
        )
        probability = _to_filters(motifs.probability, used, device, dtype)
        result = explain_counts(
            cut_explanation_windows(compact, motifs.motif_length, probability),
            probability,
            (raw > 0) & (raw >= encoder.threshold),
            table.n_words,
            flat,
        )
    activation = _to_rows(result.activation)
    explained = float(activation.sum(dtype=np.float64))
    return Located(
        activations=make_sparse_activations(start_layout(table, motifs.motif_length), activation),
        background=remaining_background(background, explained, table.total),
        log_likelihood=float(result.log_rates - _sum_log_totals(compact)),
    )


def _to_rows(activation: Tensor) -> Floats32:
    """Convert activations (K, R) to a float32 array by start row (R, K)."""
    rows: Floats32 = activation.T.float().cpu().numpy()
    return rows


def _to_filters(
    array: Floats32, used: Indices32, device: torch.device, dtype: torch.dtype
) -> Tensor:
    """Convert filters (K, L, W) of a record to a tensor (K, words that occur, L)."""
    return torch.from_numpy(np.ascontiguousarray(array[:, :, used].transpose(0, 2, 1))).to(
        device=device, dtype=dtype
    )


def _expand_words(values: Tensor, used: Indices32, n_vocabulary: int) -> Floats32:
    """Expand `values` (.., words that occur) to the whole vocabulary, float32 array."""
    return restore_words(values.float().cpu().numpy(), used, n_vocabulary)


def _sum_log_totals(table: ObservationTable) -> float:
    """Return the sum over documents of N_d log N_d, the normalisation of rates."""
    total = table.document_totals()
    # empty documents add 0, not NaN
    return float(np.sum(total * np.log(np.maximum(total, 1e-300))))
