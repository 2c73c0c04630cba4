"""Fitting of DCGAN, BiGAN, ALAD and CGAN; what trained networks do: they draw, and judge."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from motifmine.errors import DataError, FormatError
from motifmine.io.hdf5.store import read_fit
from motifmine.models.adversarial.coder import Networks
from motifmine.models.adversarial.fitting import WINDOW_LENGTHS, check_memory, play, torch_seed
from motifmine.models.adversarial.model import Cgan, Dcgan
from motifmine.models.adversarial.networks import Critic, CriticOfPairs
from motifmine.models.adversarial.pairs import (
    N_CODES,
    Bigan,
    Conditional,
    PairGame,
    Sampler,
    share_of_deviance,
)
from motifmine.models.adversarial.training import use_seed
from motifmine.models.adversarial.windows import Recordings, judge_windows, make_dense
from motifmine.models.checks import background_of, drop_unused_words, locate_nothing, no_motifs
from motifmine.models.devices import choose_device, use_deterministic_sums
from motifmine.models.networks import Learned, Training
from motifmine.models.protocol import Located, Verdicts
from motifmine.records.expected import add_occurrences
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices32

GENERATOR_RATE = 1e-3
FIRST_JUDGED = 400  # step from which a generator must vary as the data do
SAMPLERS: dict[str, type[Sampler]] = {
    "dcgan": Sampler,
    "bigan": Bigan,
    "alad": Bigan,
    "cgan": Conditional,
}


def fit_table(training: Training) -> Learned:
    """Fit a generator and its critic."""
    spec: Dcgan | Cgan = training.spec
    table = training.table
    device = choose_device(spec.device)
    used, compact = drop_unused_words(table)
    base = None
    if isinstance(spec, Cgan):
        base = read_base(spec.base, table)
        length = base.motifs.motif_length
    else:
        length = spec.motif_length
    check_memory(compact, length, device)
    with use_deterministic_sums(), use_seed(torch_seed(training), device):
        game = _begin_game(spec, compact, length, device, _add_up(base, table, used))
        course = play(game, training, generator_rate=GENERATOR_RATE, first_judged=FIRST_JUDGED)
        game.generator.match_total(game.recordings)
        found = {**course.findings, "decisions": _describe(game)}
        value = game.evaluate()
    state = _make_state(game, used, table.n_words, length)
    if base is None:
        motifs, located = (
            no_motifs(table.n_words, length),
            locate_nothing(background_of(table), table),
        )
    else:
        motifs = base.motifs
        located = Located(
            activations=base.activations,
            background=base.background,
            log_likelihood=base.log_likelihood,
        )
    return Learned(
        motifs=motifs,
        located=located,
        state=state,
        trace=course.make_trace(value, training.elapsed_s()),
        stopped=course.stopped,
        findings=found,
        occurrences=None if base is None else base.occurrences,
    )


def read_base(place: str, table: ObservationTable) -> FitRecord:
    """Return the fit whose occurrences windows are conditioned on.

    Parameters
    ----------
    place : str
        Its file.
    table : ObservationTable
        What it must be a fit of.

    Raises
    ------
    DataError
        When it is a fit of other tables, or its occurrences have no fixed shape.
    """
    if not place:
        raise DataError("cgan draws what motifs of another fit look like; give its file by --base")
    record = read_fit(Path(place))
    ours, theirs = ([(r.name, r.n_times) for r in x.recordings] for x in (table, record))
    if ours != theirs or record.vocabulary.labels != table.vocabulary.labels:
        raise DataError(f"{place} is a fit of other tables; fit it to these first")
    if record.occurrences.end_s is not None or not len(record.occurrences):
        raise DataError(
            f"{place} has no occurrences of one length each; use a fit of plsm with --tempo off, "
            "or of another model of motifs"
        )
    return record


def draw_rates(spec: Dcgan | Cgan, state: Networks, base: Floats, seed: int) -> Floats:
    """Return the rates of a document that is drawn, float64 (T, W).

    Parameters
    ----------
    spec : Dcgan or Cgan
    state : Networks
    base : float64 array (T, W)
        What occurrences and background add up to; of a model with motifs.
    seed : int
    """
    device = choose_device(spec.device)
    sampler, _ = _load(spec, state, device)
    known = torch.from_numpy(base[:, state.is_used].T.astype(np.float32)).to(device)
    rates = np.zeros(base.shape)
    with torch.no_grad(), use_deterministic_sums(), use_seed(seed, device):
        drawn = sampler.rates_of(torch.zeros_like(known), known)
    rates[:, state.is_used] = drawn.T.cpu().numpy()
    return rates


def judge(spec: Dcgan | Cgan, state: Networks, table: ObservationTable) -> list[Verdicts]:
    """Return the critic's verdicts on windows of every document, with the codes read off them.

    That of ALAD is less for windows the less alike its second critic sees them and what their
    codes restore.
    """
    device = choose_device(spec.device)
    sampler, critic = _load(spec, state, device)
    used = torch.from_numpy(state.is_used).to(device)

    def decide(windows: Tensor) -> Tensor:
        known = windows[:, used]
        if isinstance(critic, CriticOfPairs):
            assert isinstance(sampler, Bigan)
            own, restored = (critic.compare(known, r) for r in (known, sampler.redraw(known)))
            return -(own - restored).abs().sum(dim=(1, 2))
        return critic.decide(critic.look(known, sampler.encode(known)))

    return judge_windows(table, _choose_window(sampler, state.motif_length, table), device, decide)


def _begin_game(
    spec: Dcgan | Cgan,
    table: ObservationTable,
    length: int,
    device: torch.device,
    base: Floats32 | None,
) -> PairGame:
    dense = make_dense(table, device)
    generator = SAMPLERS[spec.name](dense.mean(dim=1), length).to(device)
    rows = None if base is None else torch.from_numpy(base.T).to(device)
    return PairGame(
        generator=generator,
        critic=_make_critic(spec.name, table.n_words, generator).to(device),
        recordings=Recordings.of(table, _choose_window(generator, length, table), device, rows),
        n_words=table.n_words,
        loss=spec.loss,
        gradient_penalty=spec.gradient_penalty,
    )


def _make_critic(model: str, n_words: int, generator: Sampler) -> Critic:
    if model == "alad":
        return CriticOfPairs(n_words, generator.n_shown)
    return Critic(n_words + generator.n_shown)


def _choose_window(sampler: Sampler, length: int, table: ObservationTable) -> int:
    """Return the bins of windows: a multiple of those of a code."""
    wanted = -(-WINDOW_LENGTHS * length // sampler.step)
    longest = int(table.document_lengths.max()) // sampler.step
    n_codes: int = max(1, min(wanted, longest))
    return n_codes * sampler.step


def _add_up(base: FitRecord | None, table: ObservationTable, used: Indices32) -> Floats32 | None:
    """Return what occurrences of a fit add up to, and background, float32 (T, words that occur)."""
    if base is None:
        return None
    found, edges = base.occurrences, table.document_offsets
    documents = []
    for document, length in enumerate(table.document_lengths):
        mine = found.document == document
        columns = (found.motif[mine], found.start_bin[mine], found.weight[mine])
        documents.append(add_occurrences(base.motifs.probability, *columns, int(length)))
    rates = np.concatenate(documents)
    assert len(rates) == edges[-1]
    counted = np.bincount(table.word, table.count, minlength=table.n_words)
    # what is in no occurrence is spread evenly, as when tables are drawn
    rates += np.maximum(counted - rates.sum(axis=0), 0.0) / len(rates)
    known: Floats32 = rates[:, used].astype(np.float32)
    return known


def _describe(game: PairGame) -> list[str]:
    """Return how far codes and windows of a BiGAN are those of each other, as a sentence."""
    sampler, recordings = game.generator, game.recordings
    if not isinstance(sampler, Bigan):
        return []
    with torch.no_grad():
        shape = (256, N_CODES, recordings.window_bins // sampler.step)
        codes = torch.randn(shape, device=recordings.counts.device)
        again = sampler.read(torch.poisson(sampler.draw(codes)))
        alike = float(torch.corrcoef(torch.stack([codes.flatten(), again.flatten()]))[0, 1])
        counts = recordings.counts
        rate = sampler.rates_of(counts, counts[:0])
        share = 1 - float(share_of_deviance(counts[None], rate[None]))
    return [
        f"codes that are read off drawn windows correlate with theirs by {alike:.2f}; windows "
        f"drawn with the codes that are read off the data explain {100 * share:.0f} % of the "
        "deviance from mean counts"
    ]


def _make_state(game: PairGame, used: Indices32, n_words: int, length: int) -> Networks:
    arrays = {
        f"{name}.{key}": value.detach().cpu().numpy().astype(np.float32)
        for name in ("generator", "critic")
        for key, value in getattr(game, name).state_dict().items()
    }
    is_used = np.zeros(n_words, bool)
    is_used[used] = True
    return Networks(
        parameters=np.concatenate([value.ravel() for value in arrays.values()]),
        names=tuple(arrays),
        shapes=tuple(" ".join(map(str, value.shape)) for value in arrays.values()),
        is_used=is_used,
        motif_length=length,
    )


def _load(spec: Dcgan | Cgan, state: Networks, device: torch.device) -> tuple[Sampler, Critic]:
    """Return the networks of a record.

    Raises
    ------
    FormatError
        When they do not fit together.
    """
    n_used = int(state.is_used.sum())
    shapes = [tuple(map(int, shape.split())) for shape in state.shapes]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    pieces = np.split(state.parameters, ends[:-1])
    arrays = {
        name: torch.from_numpy(piece.reshape(shape).copy())
        for name, piece, shape in zip(state.names, pieces, shapes, strict=True)
    }
    with use_seed(0, torch.device("cpu")):
        sampler = SAMPLERS[spec.name](torch.ones(n_used), state.motif_length)
        critic = _make_critic(spec.name, n_used, sampler)
    parts: dict[str, nn.Module] = {"generator": sampler, "critic": critic}
    try:
        for part, module in parts.items():
            own = {n.partition(".")[2]: a for n, a in arrays.items() if n.startswith(part)}
            module.load_state_dict(own)
    except RuntimeError as error:
        raise FormatError(f"/model_state of the fit is no {spec.name}: {error}") from error
    return sampler.to(device).eval(), critic.to(device).eval()
