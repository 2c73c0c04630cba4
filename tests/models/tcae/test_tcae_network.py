"""Network, windows and masses against the twin, and windows against whole documents."""

import numpy as np
import pytest
import torch
from torch import Tensor

from motifmine.models.tcae.encoder import SPARE
from motifmine.models.tcae.fitting import encode_windows
from motifmine.models.tcae.network import Network, apply_threshold, find_energy_threshold
from motifmine.models.tcae.objective import squared_error
from motifmine.models.tcae.refit import FLOOR, FlatBackground, explain
from motifmine.models.tcae.windows import Windows, cut_windows
from motifmine.records.table import ObservationTable, join_tables
from motifmine.simulation import simulate
from motifmine.types import Floats
from tests.reference import tcae as twin

WORDS = 6


def documents(*lengths: int) -> ObservationTable:
    """Documents of different lengths."""
    tables = [
        simulate(
            n_motifs=2, motif_length=min(4, n), n_words=WORDS, n_times=n, noise=0.3, seed=n
        ).table
        for n in lengths
    ]
    return join_tables(tables)


def cut(table: ObservationTable, core_bins: int, length: int, spare: int = SPARE) -> Windows:
    return cut_windows(
        table,
        motif_length=length,
        core_bins=core_bins,
        spare=spare,
        device=torch.device("cpu"),
        dtype=torch.float64,
    )


def network(length: int, share: float = 0.9, n_filters: int = 3) -> Network:
    rng = torch.Generator().manual_seed(length)
    net = Network(
        n_filters=n_filters,
        n_words=WORDS,
        motif_length=length,
        inhibition=1.0,
        energy_share=share,
        generator=rng,
        dtype=torch.float64,
    )
    with torch.no_grad():
        net.bias.add_(0.1)
    return net


def array(tensor: Tensor) -> Floats:
    return np.asarray(tensor.detach().numpy(), dtype=np.float64)


@pytest.mark.parametrize("core_bins", [1, 5, 40])
def test_windows_hold_the_counts_with_zeros_beyond_the_edges(core_bins: int) -> None:
    table, length = documents(17, 40, 5), 4
    windows = cut(table, core_bins, length)
    batch = windows.batch(np.arange(len(windows)))
    document = np.repeat(np.arange(3), [-(-n // windows.core_bins) for n in (17, 40, 5)])
    for i, d in enumerate(document):
        whole = np.pad(table.dense(int(d)), ((0, 0), (windows.margin, windows.margin + 40)))
        first = windows.first_bin[i]
        width = windows.core_bins + 2 * windows.margin
        assert np.array_equal(array(batch.counts[i]), whole[:, first : first + width])


@pytest.mark.parametrize("core_bins", [1, 5, 40])
def test_every_start_time_belongs_to_one_window(core_bins: int) -> None:
    windows = cut(documents(17, 40, 5), core_bins, 4)
    batch = windows.batch(np.arange(len(windows)))
    rows = batch.start_row[batch.is_owned].sort().values
    assert rows.tolist() == list(range(17 + 40 + 5 + 3 * 3))
    assert int(batch.in_document.sum()) == 17 + 40 + 5


@pytest.mark.parametrize("length", [1, 4, 9])
@pytest.mark.parametrize("share", [0.7, 1.0])
def test_forward_pass_agrees_with_the_twin(length: int, share: float) -> None:
    table, net = documents(23), network(length, share)
    windows = cut(table, 23, length)
    batch = windows.batch(np.arange(1))
    found = net(batch)
    inner = slice(SPARE, found.activation.shape[2] - SPARE)
    filters, bias = array(net.encoder), array(net.bias)
    expected = twin.ada_relu(twin.encode(table.dense(0), filters, bias, 1.0), share)
    assert array(found.activation[0, :, inner]) == pytest.approx(expected, abs=1e-12)
    sound = twin.decode(expected, array(net.decoder), array(net.background))
    assert array(found.reconstruction[0]) == pytest.approx(sound, abs=1e-12)


@pytest.mark.parametrize("core_bins", [1, 3, 7, 16])
@pytest.mark.parametrize("length", [1, 4, 9])
def test_windows_agree_with_whole_documents(core_bins: int, length: int) -> None:
    table, net = documents(17, 40, 5, 31), network(length)
    parts, whole = cut(table, core_bins, length), cut(table, 40, length)
    assert len(parts) > len(whole) == 4
    results = []
    for windows in (parts, whole):
        batch = windows.batch(np.arange(len(windows)))
        output = net(batch)
        core = batch.counts[:, :, windows.margin : windows.margin + windows.core_bins]
        loss = squared_error(core, output.reconstruction, batch.in_document)
        net.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        gradient = torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])
        sound = output.reconstruction.transpose(1, 2)[batch.in_document]
        rows = encode_windows(windows, net.encoder.detach(), net.bias.detach(), 1.0, 5)
        results.append((array(sound), loss.item(), array(gradient), array(rows)))
    for ours, theirs in zip(*results, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_ada_relu_keeps_the_share_of_the_energy() -> None:
    activation = torch.tensor([[[4.0, -9.0, 1.0, 2.0, 2.0]]])
    owned = torch.ones(1, 5, dtype=torch.bool)
    # energies 16, 4, 4, 1 of 25
    for share, kept in [(0.6, [4, 0, 0, 0, 0]), (0.9, [4, 0, 0, 2, 2]), (1.0, [4, 0, 1, 2, 2])]:
        threshold = find_energy_threshold(activation, owned, share)
        assert apply_threshold(activation, threshold)[0, 0].tolist() == kept


def test_gradient_passes_ada_relu_where_it_kept() -> None:
    activation = torch.tensor([[[4.0, -9.0, 1.0]]], requires_grad=True)
    kept = apply_threshold(activation, torch.tensor(2.0))
    kept.sum().backward()  # type: ignore[no-untyped-call]
    assert activation.grad is not None
    assert activation.grad[0, 0].tolist() == [1, 0, 0]


def test_projection_keeps_motifs_from_falling_below_0() -> None:
    net = network(4)
    with torch.no_grad():
        net.decoder.sub_(0.05)
        net.background.sub_(1.0)
    net.clamp_parameters()
    assert float(net.decoder.detach().min()) == 0
    assert float(net.background.detach().max()) == 0


@pytest.mark.parametrize("core_bins", [4, 23])
@pytest.mark.parametrize("length", [1, 5])
def test_masses_agree_with_the_twin(core_bins: int, length: int) -> None:
    table = documents(23)
    net = network(length)
    motifs = net.decoder.detach() / net.decoder.detach().sum(dim=(1, 2), keepdim=True)
    rows = 23 + length - 1
    is_open = torch.ones(3, rows, dtype=torch.bool)
    flat = FlatBackground(
        share=0.2, word_probability=torch.full((WORDS,), 1 / WORDS, dtype=torch.float64)
    )
    windows = cut(table, core_bins, length, spare=length - 1)
    found = explain(windows, motifs, is_open, n_vocabulary=WORDS, iterations=3, background=flat)
    level = table.total / 23
    base = np.full(WORDS, level * (0.2 + FLOOR) / WORDS)
    mass = np.full((3, rows), level)
    for _ in range(3):
        mass, log_rates = twin.improve(table.dense(0), mass, array(motifs), base)
    assert array(found.activation) == pytest.approx(mass, rel=1e-9)
    assert found.log_rates == pytest.approx(log_rates)


def test_masses_never_get_worse() -> None:
    table, length = documents(40, 17), 4
    motifs = network(length).decoder.detach()
    motifs = motifs / motifs.sum(dim=(1, 2), keepdim=True)
    windows = cut(table, 9, length, spare=length - 1)
    is_open = torch.ones(3, windows.n_rows, dtype=torch.bool)
    values = [
        explain(windows, motifs, is_open, n_vocabulary=WORDS, iterations=n).log_rates
        for n in range(2, 30)
    ]
    assert min(np.diff(values)) > -1e-3 * FLOOR * abs(values[0])
