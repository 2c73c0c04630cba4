"""Figures of the auto-encoder: recovery with each term off in turn, and training rate.

    python benchmarks/tcae.py                      the ablation table (Markdown), on the CPU
    python benchmarks/tcae.py --rate               windows a second of training
    python benchmarks/tcae.py --device cuda        the same on a GPU, with shares of its peaks

Data are drawn by `motifmine.simulation`, so that nothing else is needed; `--bench FOLDER` takes
`small_n10_s0.npz` and its like, and `score.py` beside it.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from harness import (
    SIZES,
    draw_bench,
    score_bench,
    score_simulated,
    simulate_size,
    table_of_bench,
)

from motifmine.analysis.occurrences import find_occurrences
from motifmine.errors import FitError
from motifmine.models.devices import choose_device
from motifmine.models.tcae.fitting import build_objective, make_torch_generator
from motifmine.models.tcae.model import Tcae

ABLATIONS = {
    "default": {},
    "no AdaReLU (plain ReLU)": {"energy_share": 1.0},
    "no inhibition layer": {"inhibition": 0.0},
    "neither": {"energy_share": 1.0, "inhibition": 0.0},
    "no group lasso": {"group_lasso": 0.0},
    "all start times allowed": {"open_share": 1.0},
    "no final refinement": {"touch_up": 0},
    "20 filters": {"n_motifs": 20},
}


def bench_cases(folder, noise, seeds):
    """Yield (table, scorer) of the folder given."""
    for seed in seeds:
        data = draw_bench("small", noise, seed, folder)

        def scored(fit, found, data=data):
            figures = score_bench(data, fit, found, folder)
            return figures["cos"], figures["F1"], figures["F1_all"]

        yield table_of_bench(data), scored


def own_cases(noise, seeds):
    """Yield the same of `motifmine.simulation`; F1 without a threshold on the weights."""
    for seed in seeds:
        drawn = simulate_size("small", noise, seed)

        def scored(fit, found, drawn=drawn):
            return score_simulated(drawn, fit, found)

        yield drawn.table, scored


def ablation(cases_of, noises, seeds):
    print(
        "| variant | background | survivors | motif cosine | F1 | F1 with surplus | CPU seconds |"
    )
    print("|---|---|---|---|---|---|---|")
    for noise in noises:
        cases = list(cases_of(noise, seeds))
        for name, change in ABLATIONS.items():
            survivors, figures, spent = [], [], []
            for seed, (table, scored) in zip(seeds, cases, strict=True):
                began = time.process_time()
                try:
                    spec = Tcae(motif_length=10, device="cpu", **change)
                    fit = spec.fit(table, seed=seed)
                except FitError:
                    survivors.append(0)
                    figures.append((0.0, 0.0, 0.0))
                    continue
                spent.append(time.process_time() - began)
                found = find_occurrences(table, fit.motifs, fit.background, fit.activations)
                survivors.append(len(fit.motifs))
                figures.append(scored(fit, found))
            mean = np.mean(figures, axis=0)
            alive = " ".join(map(str, survivors))
            print(
                f"| {name} | {noise:.0%} | {alive} | {mean[0]:.3f} | {mean[1]:.3f} | "
                f"{mean[2]:.3f} | {np.mean(spent or [0]):.1f} |",
                flush=True,
            )


def training_rate(device, dtype, steps):
    """Return windows a second, and FLOP and bytes a step of the four large convolutions."""
    shape = SIZES["large"]
    table = simulate_size("large", 0.1, 0).table
    spec = Tcae(n_motifs=40, motif_length=shape["motif_length"], device=device, dtype=dtype)
    device_of = choose_device(spec.device, spec.dtype)
    objective = build_objective(spec, table, device_of, make_torch_generator(0))
    network, windows = objective.network, objective.windows
    optimiser = torch.optim.Adam(network.parameters(), lr=spec.learning_rate)
    chosen = np.arange(min(spec.batch_windows, len(windows)))

    def step():
        optimiser.zero_grad(set_to_none=True)
        objective.loss(chosen).backward()
        optimiser.step()
        network.clamp_parameters()

    def wait():
        if windows.device.type == "cuda":
            torch.cuda.synchronize(windows.device)

    for _ in range(3):
        step()
    wait()
    began = time.perf_counter()
    for _ in range(steps):
        step()
    wait()
    seconds = (time.perf_counter() - began) / steps
    bins = windows.core_bins + 2 * windows.margin
    cells = network.encoder.numel() * len(chosen)
    # encoder: forward, gradient of the filters; decoder: forward and both gradients
    flops = 2 * cells * (2 * (bins - windows.motif_length + 1) + 3 * windows.core_bins)
    dense = windows.count.element_size() * len(chosen) * windows.n_words * bins
    return len(chosen) / seconds, flops / seconds, 8 * dense / seconds


def rates(device, dtype, steps):
    shape = SIZES["large"]
    print(f"training on {shape}, 40 filters, batches of 16 windows of 256 bins")
    threads = torch.get_num_threads()
    rate, flops, _ = training_rate("cpu", "float32", steps)
    print(f"cpu, {threads} threads: {rate:.0f} windows/s, {flops / 1e9:.0f} GFLOP/s")
    if device == "cpu":
        return
    if not torch.cuda.is_available():
        print("no CUDA device here: the figures above are the CPU's, no GPU figures are given")
        return
    peak_flops, peak_bytes = peaks(device)
    there, flops, moved = training_rate(device, dtype, 20 * steps)
    name = torch.cuda.get_device_name(device)
    print(f"{name} ({dtype}): {there:.0f} windows/s, {there / rate:.0f} x the CPU's")
    print(
        f"convolutions {flops / 1e12:.2f} TFLOP/s, {flops / peak_flops:.1%} of this card's matrix "
        f"rate; dense tensors {moved / 1e9:.0f} GB/s, {moved / peak_bytes:.1%} of its bandwidth "
        f"(peaks measured: {peak_flops / 1e12:.0f} TFLOP/s, {peak_bytes / 1e12:.2f} TB/s)"
    )


def peaks(device):
    """Return the rates a large float32 product and a large copy reach, FLOP/s and bytes/s."""
    size = 8192
    matrix = torch.ones(size, size, device=device)
    vector = torch.ones(1 << 28, device=device)
    into = torch.empty_like(vector)
    product = torch.empty_like(matrix)
    return (
        2 * size**3 / timed(lambda: torch.mm(matrix, matrix, out=product), device),
        2 * 4 * len(vector) / timed(lambda: into.copy_(vector), device),
    )


def timed(call, device, repeats=10):
    call()
    torch.cuda.synchronize(device)
    began = time.perf_counter()
    for _ in range(repeats):
        call()
    torch.cuda.synchronize(device)
    return (time.perf_counter() - began) / repeats


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", help="training rate on this device, and the CPU's")
    parser.add_argument("--rate", action="store_true", help="training rate on the CPU")
    parser.add_argument("--dtype", default="float32", help="float32 or mixed, of the GPU")
    parser.add_argument("--bench", type=Path, help="folder of synth.py and score.py")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.1, 0.5], help="of the table")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1, help="of --rate; fits take one")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.rate or asked.device:
        rates(asked.device or "cpu", asked.dtype, asked.steps)
        return
    seeds = range(asked.seeds)
    if asked.bench:
        ablation(lambda noise, which: bench_cases(asked.bench, noise, which), asked.noise, seeds)
    else:
        ablation(own_cases, asked.noise, seeds)


if __name__ == "__main__":
    main()
