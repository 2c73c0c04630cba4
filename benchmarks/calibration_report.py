"""Tables and plots of the calibration benchmark, from the lines of its sets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from scipy.stats import kstest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

LEVELS = (0.01, 0.05, 0.10)
WITHIN = (2.0, 1.5, 1.5)
"""Factor by which the true share of false ones may exceed each level."""
Row = dict[str, Any]
FEWEST_OF_TENTH = 30
N_RESAMPLED = 2000


def write_report(rows: Sequence[Row], folder: Path) -> None:
    """Print all tables, and write the plots into a folder.

    Parameters
    ----------
    rows : sequence of dict
        One a set, see `calibration.py`.
    folder : Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    print_noise([row for row in rows if "reported" in row])
    with_motifs = [row for row in rows if "own" in row]
    print_p_values(with_motifs)
    print_shares(with_motifs)
    print_pooled(with_motifs)
    print_tenths(with_motifs)
    print_anomalies([row for row in rows if "shares" in row])
    plot_shares(with_motifs, folder / "calibration-shares.png")
    plot_tenths(with_motifs, folder / "calibration-probabilities.png")


def groups(rows: Sequence[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    """Return rows by some of their values, in the order in which these come first."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


def numbers_of_documents(rows: Sequence[Row]) -> str:
    """Return how many sets have each number of documents, as 3 of 1, 2 of 6."""
    found = sorted(groups(rows, "documents").items())
    return ", ".join(f"{len(some)} of {number}" for (number,), some in found)


def kolmogorov_smirnov(p_values: Sequence[float]) -> str:
    """Return whether p-values are smaller than uniform ones: the statistic and its p-value."""
    if not p_values:
        return "no motif"
    tested = kstest(p_values, "uniform", alternative="greater")
    return f"{tested.statistic:.2f} (p {tested.pvalue:.2f}, n {len(p_values)})"


def print_noise(rows: Sequence[Row]) -> None:
    """Print how many sets of noise get a motif, and the p-values of all motifs."""
    print(
        "\n| noise | model | sets, documents | sets with a motif | occurrences | KS of p-values |"
    )
    print("|---|---|---|---|---|---|")
    for (name, model), some in groups(rows, "set", "model").items():
        p_values = [p for row in some for p in row["p"] if np.isfinite(p)]
        reported = sum(row["reported"] > 0 for row in some)
        print(
            f"| {name} | {model} | {numbers_of_documents(some)} | {reported} of {len(some)} | "
            f"{sum(row['occurrences'] for row in some)} | {kolmogorov_smirnov(p_values)} |"
        )


def print_p_values(rows: Sequence[Row]) -> None:
    """Print the p-values of motifs in new recordings with and without order."""
    print("\n| model | new recordings of the scene: p <= .01 | without order: KS |")
    print("|---|---|---|")
    for (model,), some in groups(rows, "model").items():
        there = np.array([p for row in some for p in row["p_of_order"]])
        none = [p for row in some for p in row["p_of_none"] if np.isfinite(p)]
        share = np.mean(there <= 0.01) if len(there) else np.nan
        print(f"| {model} | {share:.2f} | {kolmogorov_smirnov(none)} |")


def list_at(rows: Sequence[Row], which: str, level: float) -> tuple[float, float, float, int]:
    """Return the true share of false occurrences, recall, best recall, and occurrences at q."""
    reported = true = there = 0
    best = 0.0
    for row in rows:
        table = np.array(row[which]).reshape(-1, 4)
        n_true = row["n_true"][which == "new"]
        is_true = table[:, 3] > 0
        kept = table[:, 1] <= level
        own_share = 1 - is_true[kept].mean() if kept.any() else 0.0
        hits = np.cumsum(is_true[np.argsort(-table[:, 0], kind="stable")])
        allowed = 1 - hits / np.arange(1, len(hits) + 1) <= max(level, own_share)
        best += float(hits[np.flatnonzero(allowed)[-1]]) if allowed.any() else 0.0
        reported += int(kept.sum())
        true += int(is_true[kept].sum())
        there += n_true
    return (reported - true) / max(reported, 1), true / there, best / there, reported


def f1_of(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the mean F1 of the list of a fit, and of the best list."""
    pairs = []
    for row in rows:
        table = np.array(row["own"]).reshape(-1, 4)
        n_true = row["n_true"][0]
        is_true = table[:, 3] > 0
        # as in a fit: the lowest level that leaves any occurrence
        level = next((q for q in LEVELS if np.any(table[:, 1] <= q)), 0.0)
        own = is_true[table[:, 1] <= level]
        hits = np.cumsum(is_true[np.argsort(-table[:, 0], kind="stable")])
        every = 2 * hits / (np.arange(1, len(hits) + 1) + n_true)
        pairs.append((2 * own.sum() / (len(own) + n_true), every.max(initial=0.0)))
    own_mean, best_mean = np.mean(pairs, axis=0)
    return float(own_mean), float(best_mean)


def print_shares(rows: Sequence[Row]) -> None:
    """Print the true share of false occurrences at each q, recall, and F1."""
    head = " | ".join(f"{level:.0%}" for level in LEVELS)
    print(f"\n| set | model | sets, documents | {head} | new: {head} | F1 (best) |")
    print("|---" * 10 + "|")
    for (name, model), some in groups(rows, "set", "model").items():
        cells = []
        for which in ("own", "new"):
            for level in LEVELS:
                false, recall, best, _ = list_at(some, which, level)
                cells.append(f"{false:.3f}, {recall:.2f} ({best:.2f})")
        own, best = f1_of(some)
        print(
            f"| {name} | {model} | {numbers_of_documents(some)} | {' | '.join(cells)} | "
            f"{own:.3f} ({best:.3f}) |"
        )


def print_pooled(rows: Sequence[Row]) -> None:
    """Print the share of false ones over all kinds, its 95 % interval over sets, and what is off.

    A kind is off where the share exceeds q by more than `WITHIN` allows; its interval says whether
    that many sets can show it.
    """
    rng = np.random.default_rng(0)
    print("\n| model | recordings | q | sets | false, 95 % interval over sets | kinds off |")
    print("|---" * 6 + "|")
    for (model,), some in groups(rows, "model").items():
        for which in ("own", "new"):
            for level, factor in zip(LEVELS, WITHIN, strict=True):
                off = []
                for (name,), of_kind in groups(some, "set").items():
                    share, low, high = false_share_of(of_kind, which, level, rng)
                    if share > factor * level:
                        off.append(f"{name} {share:.3f} ({low:.3f}-{high:.3f})")
                share, low, high = false_share_of(some, which, level, rng)
                print(
                    f"| {model} | {which} | {level:.0%} | {len(some)} | {share:.3f} "
                    f"({low:.3f}-{high:.3f}) | {', '.join(off) or 'none'} |"
                )


def false_share_of(
    rows: Sequence[Row], which: str, level: float, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return the true share of false occurrences at q, and its 95 % interval over sets."""
    counts = []
    for row in rows:
        table = np.array(row[which]).reshape(-1, 4)
        listed = table[table[:, 1] <= level, 3]
        counts.append((len(listed), np.count_nonzero(listed == 0)))
    listed, false = np.array(counts).T
    drawn = rng.integers(len(rows), size=(N_RESAMPLED, len(rows)))
    shares = false[drawn].sum(axis=1) / np.maximum(listed[drawn].sum(axis=1), 1)
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(false.sum() / max(listed.sum(), 1)), float(low), float(high)


def pairs_of(rows: Sequence[Row], which: str) -> np.ndarray:
    """Return (probability of being false, whether it is) of candidates."""
    parts = [np.zeros((0, 2))]
    for row in rows:
        table = np.array(row["own" if which == "posterior" else which]).reshape(-1, 4)
        stated = 1 - np.array(row[which]) if which == "posterior" else table[:, 2]
        parts.append(np.stack([stated, 1 - table[:, 3]], axis=1))
    return np.concatenate(parts)


def tenths(pairs: np.ndarray) -> list[tuple[float, float, int]]:
    """Return the mean of what is stated, of what is true, and the number in each tenth."""
    tenth = np.minimum((pairs[:, 0] * 10).astype(int), 9)
    return [
        (*pairs[tenth == t].mean(axis=0), int((tenth == t).sum()))
        if np.any(tenth == t)
        else (np.nan, np.nan, 0)
        for t in range(10)
    ]


def print_tenths(rows: Sequence[Row]) -> None:
    """Print the true share of false ones in each tenth of the probability of being false."""
    print("\n| model | of | " + " | ".join(f".{t}-" for t in range(10)) + " |")
    print("|---" * 12 + "|")
    for (model,), some in groups(rows, "model").items():
        for which in ("own", "new", "posterior"):
            if which == "posterior" and "posterior" not in some[0]:
                continue
            cells = [
                f"{stated:.2f}: {true:.2f} ({n})" if n else "-"
                for stated, true, n in tenths(pairs_of(some, which))
            ]
            print(f"| {model} | {which} | " + " | ".join(cells) + " |")
    print("\n| set | model | largest gap of a tenth: own | new | posterior |")
    print("|---|---|---|---|---|")
    for (name, model), some in groups(rows, "set", "model").items():
        kinds = ("own", "new", "posterior") if "posterior" in some[0] else ("own", "new")
        gaps = [largest_gap(pairs_of(some, which)) for which in kinds]
        cells = " | ".join(f"{gap:.2f}" for gap in gaps)
        print(f"| {name} | {model} | {cells} |" + " - |" * (3 - len(gaps)))


def largest_gap(pairs: np.ndarray) -> float:
    """Return the largest distance of stated and true share in tenths of 30 or more."""
    gaps = [abs(a - b) for a, b, n in tenths(pairs) if n >= FEWEST_OF_TENTH]
    return max(gaps, default=float("nan"))


def print_anomalies(rows: Sequence[Row]) -> None:
    """Print how often new bins exceed a surprise, over the nominal share."""
    print("\n| anomalies | model | sets | beyond 1 | beyond 2 | beyond 3 |")
    print("|---|---|---|---|---|---|")
    for (name, model), some in groups(rows, "set", "model").items():
        ratio = np.array([row["shares"] for row in some]) * 10.0 ** np.array([1, 2, 3])
        error = ratio.std(axis=0) / np.sqrt(len(some))
        cells = [f"{r:.2f} +- {e:.2f}" for r, e in zip(ratio.mean(axis=0), error, strict=True)]
        print(f"| {name} bins | {model} | {len(some)} | {' | '.join(cells)} |")


def plot_shares(rows: Sequence[Row], path: Path) -> None:
    """Write the true share of false occurrences against q, a line for each set."""
    models = groups(rows, "model")
    figure, axes = plt.subplots(
        1, max(len(models), 1), figsize=(4 * len(models) + 1, 4), sharey=True, squeeze=False
    )
    for axis, ((model,), some) in zip(axes[0], models.items(), strict=False):
        for (name,), of_set in groups(some, "set").items():
            axis.plot(
                LEVELS, [list_at(of_set, "own", q)[0] for q in LEVELS], "o-", ms=3, label=name
            )
            axis.plot(
                LEVELS,
                [list_at(of_set, "new", q)[0] for q in LEVELS],
                "x:",
                ms=4,
                color=axis.lines[-1].get_color(),
            )
        axis.plot([0, 0.1], [0, 0.1], color="black", lw=1)
        axis.plot([0, 0.1], [0, 0.15], color="grey", lw=0.7, ls="--")
        axis.set(title=model, xlabel="expected share of false ones, q")
    axes[0, 0].set_ylabel("true share (dotted: new recordings)")
    axes[0, 0].legend(fontsize=6)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)


def plot_tenths(rows: Sequence[Row], path: Path) -> None:
    """Write the true share of false ones against the stated probability, in tenths."""
    models = groups(rows, "model")
    figure, axes = plt.subplots(
        1, max(len(models), 1), figsize=(4 * len(models) + 1, 4), sharey=True, squeeze=False
    )
    for axis, ((model,), some) in zip(axes[0], models.items(), strict=False):
        kinds = ("own", "new", "posterior") if "posterior" in some[0] else ("own", "new")
        for which in kinds:
            known = [row for row in tenths(pairs_of(some, which)) if row[2] >= FEWEST_OF_TENTH]
            axis.plot([k[0] for k in known], [k[1] for k in known], "o-", ms=3, label=which)
        axis.fill_between([0, 1], [-0.1, 0.9], [0.1, 1.1], color="0.9")
        axis.plot([0, 1], [0, 1], color="black", lw=1)
        axis.set(title=model, xlabel="stated probability of being false", ylim=(-0.02, 1.02))
        axis.legend(fontsize=7)
    axes[0, 0].set_ylabel("share that is false")
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)
