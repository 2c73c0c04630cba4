"""Where the network runs: devices that are not there, memory that does not suffice, sums."""

import pytest
import torch

from motifmine.errors import DataError, SpecError
from motifmine.models.devices import choose_device, measure_free_bytes, use_deterministic_sums
from motifmine.models.tcae.devices import check_memory, choose_dtype
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.simulation import Simulation

CPU = torch.device("cpu")


def test_the_device_and_its_numbers() -> None:
    assert choose_device("cpu") == CPU
    assert choose_dtype(TcaeSpec(dtype="float64")) is torch.float64
    assert choose_dtype(TcaeSpec()) is torch.float32
    with pytest.raises(SpecError, match="cuda devices"):
        choose_device("cuda:99")
    with pytest.raises(SpecError, match="mixed needs a CUDA device"):
        choose_device("cpu", "mixed")


def test_a_network_larger_than_the_memory_is_refused(small: Simulation) -> None:
    assert measure_free_bytes(CPU) > 2**20
    check_memory(TcaeSpec(n_motifs=4, motif_length=8), small.table, CPU)
    with pytest.raises(DataError, match="lower batch_windows"):
        check_memory(TcaeSpec(n_motifs=10**9, motif_length=400), small.table, CPU)


def test_the_number_of_threads_comes_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), use_deterministic_sums():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == before
