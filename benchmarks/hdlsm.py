"""How fast HDLSM is, beside a sampler of the same conditionals in plain Python in the same run.

    python benchmarks/hdlsm.py [--quick]
    python benchmarks/hdlsm.py --recovery small:0.1 small:0.5 [--seeds 10] [--published]

Data and scorer are those of the folder that the environment variable MOTIFMINE_BENCH names (with
`synth.py`, `score.py` and the peer's script); without it data of like size are simulated and
nothing is scored. One observation update is one draw of step A; both samplers begin with nothing
placed and are timed on one thread, in processor time, after some sweeps: the plain one (the
tests' twin) from the same sweeps of a tenth as long a recording, for its time per update does not
depend on the length. `--quick` leaves the fit of medium out.

Wanted: 3 million updates a second on small, 1 million on medium.

`--recovery` fits with the defaults instead, the length given, and scores what is found; with
`--published` beside it the model as published, without a background, which has no figure to reach.
Wanted on small at 10 % / 50 %: the right number of motifs (those of 1 % or more) on 8 of 10 seeds,
cosine .98 / .97, F1 .98 / .97; on smallhard cosine .90, F1 .88; on medium the number within one
and cosine .97.
"""

import argparse
import random  # noqa: TID251  (for the plain sampler)
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harness import (  # noqa: E402
    BENCH,
    SIZES,
    bench_module,
    draw_bench,
    score_bench,
    simulate_size,
    table_of_bench,
)

from motifmine.analysis.occurrences import find_occurrences  # noqa: E402
from motifmine.models.hdlsm.chains import GRID, LEAST_SHARE, expand_tokens, run_sweep  # noqa: E402
from motifmine.models.hdlsm.kernels.gibbs import sweep_observations, sweep_occurrences  # noqa: E402
from motifmine.models.hdlsm.kernels.hyperparameters import (  # noqa: E402
    resample_document_priors,
    resample_eta,
    resample_gamma,
)
from motifmine.models.hdlsm.kernels.state import Prior, State, Tokens, make_empty_state  # noqa: E402
from motifmine.models.hdlsm.model import Hdlsm  # noqa: E402
from motifmine.models.hdlsm.posterior import compute_probability  # noqa: E402
from motifmine.models.hdlsm.sampling import make_prior  # noqa: E402
from motifmine.records.table import ObservationTable  # noqa: E402
from tests.reference.hdlsm import Sampler, Setting  # noqa: E402

SETTLED = {"small": 150, "medium": 60}
"""Sweeps before the clock starts."""
ROUNDS = 5
GOAL = 0.97


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out the fit of medium")
    parser.add_argument("--recovery", nargs="+", metavar="SIZE:NOISE", help="what to fit and score")
    parser.add_argument("--seeds", type=int, default=3, help="data sets of each kind (3)")
    parser.add_argument("--published", action="store_true", help="fit without a background, too")
    options = parser.parse_args()
    if options.recovery:
        for kind in options.recovery:
            size, noise = kind.split(":")
            print_recovery(size, float(noise), options.seeds, published=options.published)
        return
    quick = options.quick
    for size in SETTLED:
        table, _ = recording(size)
        ours = updates_per_second(table, size)
        plain = plain_updates_per_second(table, SIZES[size]["motif_length"])
        print(
            f"{size}: {table.total:.0f} observations; step A {ours[0] / 1e6:.2f} M updates/s, "
            f"all moves {ours[1] / 1e6:.2f} M/s; plain Python {plain:,.0f}/s "
            f"(ours {ours[0] / plain:,.0f} times as fast)"
        )
    if not quick:
        time_to_goal()


def recording(size: str) -> tuple[ObservationTable, dict[str, Any] | None]:
    """Return a table of this size at 10 % noise, and the truth for the scorer."""
    if not BENCH.is_dir():
        return simulate_size(size, 0.1, 0).table, None
    data = draw_bench(size, 0.1, 0)
    return table_of_bench(data), data


def print_recovery(size: str, noise: float, n_seeds: int, *, published: bool) -> None:
    """Print how well motifs and occurrences are found, a line a seed and the sum of all seeds."""
    for background in (True, False) if published else (True,):
        name = f"{size} {100 * noise:.0f} %" + ("" if background else " without background")
        rows = []
        for seed in range(n_seeds):
            rows.append(recovered(size, noise, seed, background))
            right, wanted, cosine, f1, f1_all, seconds, said = rows[-1]
            print(
                f"{name}, seed {seed}: {right} motifs of {wanted}, cosine {cosine:.3f}, F1 {f1:.3f}"
                f" (all {f1_all:.3f}), {seconds:.0f} CPU s. {said}",
                flush=True,
            )
        n_right = sum(row[0] == row[1] for row in rows)
        means = np.mean([row[2:5] for row in rows], axis=0)
        worst = np.min([row[2:4] for row in rows], axis=0)
        print(
            f"{name}: number right {n_right} of {n_seeds}; mean cosine {means[0]:.3f}, "
            f"F1 {means[1]:.3f} (all {means[2]:.3f}); worst {worst[0]:.3f}, {worst[1]:.3f}"
        )


def recovered(
    size: str, noise: float, seed: int, background: bool
) -> tuple[int, int, float, float, float, float, str]:
    """Return number of motifs found and there, cosine, F1, F1 of all motifs, CPU s, agreement."""
    data = draw_bench(size, noise, seed)
    table = table_of_bench(data)
    began = time.process_time()
    spec = Hdlsm(motif_length=int(data["params"]["L"]), background=background)
    fit = spec.fit(table, seed=0)
    seconds = time.process_time() - began
    found = find_occurrences(table, fit.motifs, fit.background, fit.activations)
    value = score_bench(data, fit, found)
    return (
        int(np.sum(fit.motifs.weight >= LEAST_SHARE)),
        int(data["params"]["K"]),
        float(value["cos"]),
        float(value["F1"]),
        float(value["F1_all"]),
        seconds,
        fit.posterior.sentence,
    )


def started(table: ObservationTable, length: int) -> tuple[Tokens, State, Prior, Any]:
    """Return a chain with nothing placed."""
    rng = np.random.default_rng(0)
    tokens, words = expand_tokens(table, length, 1.0, rng)
    prior = make_prior(Hdlsm(motif_length=length), len(words))
    return tokens, make_empty_state(tokens, prior, len(words), 256), prior, rng


def whole_sweep(tokens: Tokens, state: State, prior: Prior, rng: Any, sweep: int) -> State:
    """Return the state after all moves and draws of hyper-parameters, as a fit does them."""
    state = run_sweep(tokens, state, prior, rng)
    resample_document_priors(tokens, state, prior, GRID, rng)
    resample_gamma(state, prior, GRID, rng)
    if sweep % 5 == 0:
        resample_eta(state, prior, GRID, rng)
    return state


def updates_per_second(table: ObservationTable, size: str) -> tuple[float, float]:
    """Return updates a second of step A alone, and of whole sweeps."""
    tokens, state, prior, rng = started(table, SIZES[size]["motif_length"])
    for sweep in range(SETTLED[size]):
        state = whole_sweep(tokens, state, prior, rng, sweep)
    alone = timed(lambda: sweep_observations(tokens, state, prior, 0, rng))
    whole = timed(lambda: whole_sweep(tokens, state, prior, rng, 1))
    return len(tokens.word) / alone, len(tokens.word) / whole


def timed(work: Callable[[], Any]) -> float:
    """Return the median processor time of `ROUNDS` calls, seconds."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        work()
        seconds.append(time.thread_time() - began)
    return statistics.median(seconds)


def plain_updates_per_second(table: ObservationTable, length: int) -> float:
    """Return updates a second of step A of the tests' twin, on the recording's first tenth."""
    rows = table.row_of_observation()
    n_times = table.n_times // 10
    tokens = [
        (0, int(w), int(t))
        for t, w, n in zip(rows, table.word, table.count, strict=True)
        if t < n_times
        for _ in range(int(n))
    ]
    setting = Setting(
        tokens=tokens,
        starts=[(1 - length, n_times - 1)],
        n_bins=[n_times],
        n_words=table.n_words,
        shape=[1 / length / table.n_words] * length,
        alpha=10.0,
        gamma=2.0,
        eta=10.0,
        share=10.0,
    )
    sampler = Sampler(setting, random.Random(0))
    for _ in range(3):
        sampler.sweep()
    began = time.thread_time()
    for i in range(len(tokens)):
        sampler.step_a(i)
    return len(tokens) / (time.thread_time() - began)


def time_to_goal() -> None:
    """Print how long one chain on medium takes to motifs of mean cosine `GOAL`."""
    table, data = recording("medium")
    if data is None:
        return
    score = bench_module("score")
    tokens, state, prior, rng = started(table, SIZES["medium"]["motif_length"])
    sweep_occurrences(tokens, state, prior, 0, rng)
    began = time.perf_counter()
    for sweep in range(500):
        state = whole_sweep(tokens, state, prior, rng, sweep)
        motifs = compute_probability(state, float(prior.hyper[2]), prior.shape)
        if sweep % 5 == 4 and len(motifs) >= SIZES["medium"]["n_motifs"]:
            paused = time.perf_counter()
            cosine = score.evaluate(data, W=motifs)["cos"]
            began += time.perf_counter() - paused
            if cosine >= GOAL:
                seconds = time.perf_counter() - began
                print(f"medium: cosine {cosine:.3f} after {sweep + 1} sweeps, {seconds:.1f} s")
                return
    print(f"medium: cosine {GOAL} was not reached in 500 sweeps")


if __name__ == "__main__":
    main()
