"""Fitting of an InfoGAN in torch, and reading of its codes in documents."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motifmine.errors import DataError, FitError
from motifmine.kernels.likelihood import compute_rates
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.adversarial.coder import Coder
from motifmine.models.adversarial.infogan import InfoganGame
from motifmine.models.adversarial.networks import SCALE, UNITS, CriticWithCoder, leak
from motifmine.models.adversarial.spec import InfoganSpec
from motifmine.models.adversarial.training import Course, Game, Plan, train, use_seed
from motifmine.models.adversarial.windows import Recordings, judge_windows, make_dense
from motifmine.models.checkpoints import fingerprint_of
from motifmine.models.checks import FLOOR, drop_unused_words, restore_words
from motifmine.models.devices import choose_device, measure_free_bytes, use_deterministic_sums
from motifmine.models.fitted import remaining_background
from motifmine.models.networks import Learned, Training
from motifmine.models.protocol import Located, Verdicts
from motifmine.records.fit import (
    Background,
    MotifSet,
    make_dense_activation,
    make_sparse_activations,
)
from motifmine.records.start_layout import (
    compute_background_rates,
    document_rows,
    make_phi,
    start_layout,
)
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.types import Floats32

CRITIC_RATE = 1e-3
# motifs are few numbers with a direct gradient, and must keep pace with the critic; measured
GENERATOR_RATE = 0.1
# length of windows in motif lengths: an occurrence with what comes before or after
WINDOW_LENGTHS = 2
LEAST_STARTS = 3.0  # expected starts in the data below which a motif does not recur
# two motifs with a higher cosine at their best shift are one; the lighter is pruned
SAME_MOTIF = 0.8
LEAST_CHANCE = 0.01  # chances of a start below this are none
STRENGTH_RANGE = 2.0  # log strengths beyond this are artefacts of the coder


def fit_table(training: Training) -> Learned:
    """Fit generator, critic and coder."""
    spec: InfoganSpec = training.spec
    table = training.table
    # before any work, so that a missing GPU is reported at once
    device = choose_device(spec.device)
    used, compact = drop_unused_words(table)
    check_memory(compact, spec.motif_length, device)
    with use_deterministic_sums(), use_seed(torch_seed(training), device):
        recordings = Recordings.of(compact, WINDOW_LENGTHS * spec.motif_length, device)
        game = InfoganGame.begin(
            recordings, spec.n_motifs, spec.motif_length, spec.loss, spec.gradient_penalty
        )
        course = play(game, training, generator_rate=GENERATOR_RATE)
        game.learn_to_judge()
        with torch.no_grad():
            kept = prune_motifs(game)
            motifs = _make_motifs(game.generator.motifs[kept], used, table.n_words)
            background = _make_background(game.generator.background, used, table.n_words)
            coder = _make_coder(game, kept, used, table.n_words)
    located = locate(spec, coder, motifs, background, table)
    found = located.activations
    mass = np.bincount(found.motif, found.mass, minlength=len(motifs))
    return Learned(
        motifs=replace(motifs, weight=mass / table.total),
        located=located,
        state=coder,
        trace=course.make_trace(located.log_likelihood, training.elapsed_s()),
        stopped=course.stopped,
        findings=course.findings,
    )


def torch_seed(training: Training) -> int:
    """Return the seed of everything that torch draws in a training."""
    return int(generator(training.seed).integers(2**31))


def play(game: Game, training: Training, *, generator_rate: float, first_judged: int = 0) -> Course:
    """Train both networks as a fit has it, and leave the critic ready to judge.

    Parameters
    ----------
    game : Game
    training : Training
    generator_rate : float
        Learning rate.
    first_judged : int
        See `Plan`.
    """
    spec = training.spec
    plan = Plan(
        steps=spec.steps,
        critic_rate=CRITIC_RATE,
        generator_rate=generator_rate,
        seed=torch_seed(training),
        first_judged=first_judged,
        fingerprint=fingerprint_of(spec, training.seed, training.table),
        checkpoint=training.checkpoint,
    )
    course = train(game, plan, lambda row: training.report(row.step, spec.steps, row.value))
    game.critic.eval()
    return course


def check_memory(table: ObservationTable, motif_length: int, device: torch.device) -> None:
    """Raise `DataError` if training needs more than the free memory of the device.

    Parameters
    ----------
    table : ObservationTable
    motif_length : int
        Bins.
    device : torch.device
    """
    # dense counts, their levels, and the units of two layers over all of the recordings
    bins = table.n_times + 2 * motif_length
    needed = 4 * bins * (4 * table.n_words + 6 * UNITS)
    if needed > (free := measure_free_bytes(device)):
        raise DataError(
            f"training on {table.n_times} time bins of {table.n_words} words needs about "
            f"{needed / 2**30:.1f} GiB but {device} has {free / 2**30:.1f} GiB free; use fewer "
            "recordings or words, or the model plsm with --stream"
        )


def prune_motifs(game: InfoganGame) -> Tensor:
    """Return the motifs that the coder finds again and again, heaviest first, int64 (K,).

    Raises
    ------
    FitError
        If there is none.
    """
    counts, length = game.recordings.counts, game.generator.raw_motifs.shape[2]
    log_odds, _ = game.critic.read(game.critic.look(counts[None]))
    starts = torch.sigmoid(log_odds)[0].sum(dim=1)
    mass = starts * game.generator.motifs.sum(dim=(1, 2))
    probability = game.generator.motifs.transpose(1, 2).cpu().numpy().astype(np.float32)
    cosine, _ = max_shifted_cosine(probability, probability)
    kept: list[int] = []
    for motif in torch.argsort(mass, descending=True, stable=True).tolist():
        if starts[motif] >= LEAST_STARTS and not (cosine[motif, kept] > SAME_MOTIF).any():
            kept.append(motif)
    if not kept:
        raise FitError(
            f"the coder finds none of {len(mass)} motifs of {length} bins at least "
            f"{LEAST_STARTS:g} times; try more steps, shorter motifs, or the model plsm"
        )
    return torch.tensor(kept, device=counts.device)


def locate(
    spec: InfoganSpec,
    coder: Coder,
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
) -> Located:
    """Return where the coder finds motifs in documents, and the log-likelihood, nats.

    Parameters
    ----------
    spec : InfoganSpec
        For the device.
    coder : Coder
    motifs : MotifSet
    background : Background
        Its words are kept.
    table : ObservationTable
    """
    layout = start_layout(table, motifs.motif_length)
    with torch.no_grad(), use_deterministic_sums():
        activation = read_starts(coder, motifs.motif_length, table, choose_device(spec.device))
    # rates must add up to what there is, or they would be no distribution over observations
    explained = float(activation.sum(dtype=np.float64))
    activation *= min(1.0, table.total / max(explained, 1e-9))
    found = make_sparse_activations(layout, activation)
    activation = make_dense_activation(layout, found, len(motifs))
    flat = remaining_background(background, min(explained, table.total), table.total)
    even = np.full(table.n_words, 1 / table.n_words, dtype=np.float32)
    base = FLOOR * compute_background_rates(layout, 1.0, even)
    base += compute_background_rates(layout, flat.weight, flat.probability)
    phi = make_phi(motifs.probability)
    rates = compute_rates(layout.bin_row, layout.offsets, layout.word, base, activation, phi)
    total = table.document_totals()
    # empty documents add 0, not NaN
    normalisation = np.sum(total * np.log(np.maximum(total, 1e-300)))
    value = float(np.sum(table.count * np.log(rates)) - normalisation)
    return Located(activations=found, background=flat, log_likelihood=value)


def read_starts(
    coder: Coder, motif_length: int, table: ObservationTable, device: torch.device
) -> Floats32:
    """Return expected observations of motifs by start row, float32 array (R, K)."""
    n_motifs = len(coder.mass)
    rows = document_rows(table.document_lengths, motif_length)
    found: Floats32 = np.zeros((int(rows[-1]), n_motifs), np.float32)
    for document, (first, last) in enumerate(pairwise(rows.tolist())):
        counts = make_dense(table.document(document), device)
        log_odds, log_strength = read_codes(coder, functional.pad(counts, (motif_length,) * 2))
        chance = torch.sigmoid(log_odds)
        strength = log_strength.clamp(-STRENGTH_RANGE, STRENGTH_RANGE).exp()
        read = torch.where(chance >= LEAST_CHANCE, chance * strength, 0.0)
        # the place of an occurrence is the middle of its motif; the first start is 1 - L
        place = 1 + motif_length // 2
        found[first:last] = read[:, place : place + last - first].T.cpu().numpy() * coder.mass
    return found


def read_codes(coder: Coder, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return log-odds of starts and log strengths of counts (W, T), both (K, T)."""
    seen = _apply(coder, "third", SCALE * _look(coder, counts[None]))
    log_odds = _convolve(coder, "odds", seen)
    return log_odds[0], _convolve(coder, "strength", seen)[0]


def judge(spec: InfoganSpec, coder: Coder, table: ObservationTable) -> list[Verdicts]:
    """Return the critic's verdicts on windows of every document, by their middle."""
    if coder.judge_weight is None or coder.verdict_weight is None:
        return []
    device = choose_device(spec.device)
    weight = torch.from_numpy(coder.verdict_weight).to(device)

    def decide(windows: Tensor) -> Tensor:
        seen = _apply(coder, "judge", _look(coder, windows))
        return torch.einsum("u,but->b", weight, seen) / math.sqrt(windows.shape[2])

    return judge_windows(table, WINDOW_LENGTHS * spec.motif_length, device, decide)


def _look(coder: Coder, windows: Tensor) -> Tensor:
    return _apply(coder, "second", _apply(coder, "first", torch.log1p(windows)))


def _apply(coder: Coder, name: str, values: Tensor) -> Tensor:
    return leak(_convolve(coder, name, values))


def _convolve(coder: Coder, name: str, values: Tensor) -> Tensor:
    """Return a layer of the record, without its rectification."""
    weight, bias = (
        torch.from_numpy(getattr(coder, f"{name}_{part}")).to(values.device)
        for part in ("weight", "bias")
    )
    return functional.conv1d(values, weight, bias, padding="same")


def _make_motifs(motifs: Tensor, used: np.ndarray, n_words: int) -> MotifSet:
    probability = (motifs / motifs.sum(dim=(1, 2), keepdim=True)).transpose(1, 2)
    return MotifSet(
        probability=restore_words(probability.cpu().numpy(), used, n_words),
        weight=np.zeros(len(motifs)),
    )


def _make_background(background: Tensor, used: np.ndarray, n_words: int) -> Background:
    share = background / background.sum()
    return Background(probability=restore_words(share.cpu().numpy(), used, n_words), weight=0.0)


def _make_coder(game: InfoganGame, kept: Tensor, used: np.ndarray, n_words: int) -> Coder:
    """Return the coder of the motifs that are kept, over all words."""
    network: CriticWithCoder = game.critic
    weight, bias = network.output.weight, network.output.get_parameter("bias")
    n_motifs = len(game.generator.raw_motifs)
    arrays = {
        f"{name}_{part}": getattr(getattr(network, name), part).cpu().numpy()
        for name in ("first", "second", "third", "judge")
        for part in ("weight", "bias")
    }
    first = arrays["first_weight"].transpose(0, 2, 1)
    arrays["first_weight"] = np.ascontiguousarray(
        restore_words(first, used, n_words).transpose(0, 2, 1)
    )
    return Coder(
        **arrays,
        odds_weight=weight[kept].cpu().numpy(),
        odds_bias=bias[kept].cpu().numpy(),
        strength_weight=weight[n_motifs + kept].cpu().numpy(),
        strength_bias=bias[n_motifs + kept].cpu().numpy(),
        mass=game.generator.motifs[kept].sum(dim=(1, 2)).cpu().numpy(),
        verdict_weight=torch.as_tensor(network.verdict.weight)[0, :, 0].cpu().numpy(),
    )
