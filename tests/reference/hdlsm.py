"""HDLSM in plain Python, as the paper writes it: the joint, every state of tiny data, a sampler.

Observations are (document, word, time); an occurrence is (document, start, motif). `starts` holds
the first and last allowed start of every document, `n_bins` its time bins. The background is the
special table of document j with base measure b0.
"""

import math
import random  # noqa: TID251  (seeded by the caller; numpy is slow one number at a time)
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

Token = tuple[int, int, int]
Occurrence = tuple[int, int, int]
BACKGROUND = -1


@dataclass
class Setting:
    tokens: list[Token]
    starts: list[tuple[int, int]]
    n_bins: list[int]
    n_words: int
    shape: list[float]
    """eta(w, rt) / eta0 by relative time; the same for all words."""
    alpha: float = 1.0
    gamma: float = 1.0
    eta: float = 1.0
    share: float = 0.0
    background_prior: float = 1.0

    @property
    def length(self) -> int:
        return len(self.shape)


def log_joint(setting: Setting, owner: list[int], occurrences: list[Occurrence]) -> float:
    """Return the log joint density of observations, assignments and hyperparameters."""
    g, total = math.lgamma, 0.0
    size = Counter(owner)
    noise = Counter(t[0] for t, o in zip(setting.tokens, owner, strict=True) if o == BACKGROUND)
    for j, (first, last) in enumerate(setting.starts):
        here = [o for o, occurrence in enumerate(occurrences) if occurrence[0] == j]
        n_j = sum(t[0] == j for t in setting.tokens)
        total += len(here) * (math.log(setting.alpha) - math.log(last - first + 1))
        total += sum(g(size[o]) for o in here)
        whole = setting.alpha + setting.share
        total += g(whole) - g(whole + n_j)
        if setting.share > 0:
            total += g(setting.share + noise[j]) - g(setting.share)
            total -= noise[j] * math.log(setting.n_bins[j])
    motifs = Counter(k for _, _, k in occurrences)
    total += len(motifs) * math.log(setting.gamma) + sum(g(n) for n in motifs.values())
    total += g(setting.gamma) - g(setting.gamma + len(occurrences))
    cells: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    words: Counter[int] = Counter()
    for (_, w, t), o in zip(setting.tokens, owner, strict=True):
        if o == BACKGROUND:
            words[w] += 1
            continue
        _, s, k = occurrences[o]
        if not 0 <= t - s < setting.length:
            return -math.inf
        cells[k][w, t - s] += 1
    for counts in cells.values():
        total += g(setting.eta) - g(setting.eta + sum(counts.values()))
        for (_, rt), n in counts.items():
            eta = setting.eta * setting.shape[rt]
            total += g(eta + n) - g(eta)
    if words:
        total += g(setting.background_prior * setting.n_words)
        total -= g(setting.background_prior * setting.n_words + sum(words.values()))
        total += sum(
            g(setting.background_prior + n) - g(setting.background_prior) for n in words.values()
        )
    return total


def partitions(items: list[int]) -> Iterator[list[list[int]]]:
    """Yield every way to group `items`."""
    if not items:
        yield []
        return
    for rest in partitions(items[1:]):
        yield [[items[0]], *rest]
        for i, group in enumerate(rest):
            yield [*rest[:i], [items[0], *group], *rest[i + 1 :]]


def seatings(setting: Setting) -> Iterator[list[list[int]]]:
    """Yield every list of occurrences (as lists of observations); the rest is background."""
    per_document = []
    for j in range(len(setting.starts)):
        here = [i for i, t in enumerate(setting.tokens) if t[0] == j]
        options: list[list[list[int]]] = []
        for mask in range(2 ** len(here)) if setting.share > 0 else [2 ** len(here) - 1]:
            chosen = [i for b, i in enumerate(here) if mask >> b & 1]
            options.extend(partitions(chosen))
        per_document.append(options)

    def product(j: int) -> Iterator[list[list[int]]]:
        if j == len(per_document):
            yield []
            return
        for rest in product(j + 1):
            for option in per_document[j]:
                yield option + rest

    yield from product(0)


def all_states(setting: Setting) -> Iterator[tuple[list[int], list[Occurrence]]]:
    """Yield every state of non-zero probability."""
    for groups in seatings(setting):
        owner = [BACKGROUND] * len(setting.tokens)
        for o, group in enumerate(groups):
            for i in group:
                owner[i] = o
        documents = [setting.tokens[group[0]][0] for group in groups]
        choices = []
        for group, j in zip(groups, documents, strict=True):
            times = [setting.tokens[i][2] for i in group]
            first, last = setting.starts[j]
            low, high = max(first, max(times) - setting.length + 1), min(last, *times)
            choices.append(range(low, high + 1))
        for starts in product_of(choices):
            for motifs in partitions(list(range(len(groups)))):
                label = {o: k for k, group in enumerate(motifs) for o in group}
                yield (
                    owner,
                    [
                        (j, s, label[o])
                        for o, (j, s) in enumerate(zip(documents, starts, strict=True))
                    ],
                )


def product_of(choices: list[range]) -> Iterator[list[int]]:
    if not choices:
        yield []
        return
    for rest in product_of(choices[1:]):
        for s in choices[0]:
            yield [s, *rest]


def summary(setting: Setting, owner: list[int], occurrences: list[Occurrence]) -> list[float]:
    """Return numbers that do not depend on labels."""
    size = Counter(o for o in owner if o != BACKGROUND)
    return [
        len(occurrences),
        len({k for _, _, k in occurrences}),
        owner.count(BACKGROUND),
        sum(n * n for n in size.values()),
        sum(s for _, s, _ in occurrences),
    ]


def exact_means(setting: Setting) -> list[float]:
    """Return the posterior means of `summary` by adding up every state."""
    weights, rows = [], []
    for owner, occurrences in all_states(setting):
        weights.append(log_joint(setting, owner, occurrences))
        rows.append(summary(setting, owner, occurrences))
    top = max(weights)
    weights = [math.exp(x - top) for x in weights]
    return [
        sum(p * row[c] for p, row in zip(weights, rows, strict=True)) / sum(weights)
        for c in range(len(rows[0]))
    ]


@dataclass
class Sampler:
    """Steps A and B with counts in dictionaries; begins with nothing placed."""

    setting: Setting
    rng: random.Random
    owner: dict[int, int] = field(default_factory=dict)
    occurrences: dict[int, Occurrence] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    at_start: dict[tuple[int, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    cells: dict[int, Counter[tuple[int, int]]] = field(default_factory=dict)
    size: Counter[int] = field(default_factory=Counter)
    count: Counter[int] = field(default_factory=Counter)
    noise: Counter[int] = field(default_factory=Counter)
    background_prior: Counter[int] = field(default_factory=Counter)
    fresh: int = 0

    def phi(self, k: int | None, w: int, rt: int) -> float:
        eta = self.setting.eta * self.setting.shape[rt]
        if k is None:
            return eta / self.setting.eta
        return (self.cells[k][w, rt] + eta) / (self.size[k] + self.setting.eta)

    def put(self, i: int, o: int) -> None:
        j, w, t = self.setting.tokens[i]
        self.owner[i] = o
        if o == BACKGROUND:
            self.noise[j] += 1
            self.background_prior[w] += 1
            return
        _, s, k = self.occurrences[o]
        self.members[o].add(i)
        self.cells[k][w, t - s] += 1
        self.size[k] += 1

    def take(self, i: int) -> None:
        j, w, t = self.setting.tokens[i]
        o = self.owner.pop(i)
        if o == BACKGROUND:
            self.noise[j] -= 1
            self.background_prior[w] -= 1
            return
        _, s, k = self.occurrences[o]
        self.members[o].remove(i)
        self.cells[k][w, t - s] -= 1
        self.size[k] -= 1
        if not self.members[o]:
            self.close(o)

    def close(self, o: int) -> None:
        j, s, k = self.occurrences.pop(o)
        self.members.pop(o)
        self.at_start[j, s].remove(o)
        self.count[k] -= 1
        if self.count[k] == 0:
            del self.count[k], self.cells[k], self.size[k]

    def open(self, o: int, j: int, s: int, k: int | None) -> None:
        if k is None:
            self.fresh += 1
            k = self.fresh
            self.cells[k] = Counter()
        self.occurrences[o] = (j, s, k)
        self.members[o] = set()
        self.at_start[j, s].add(o)
        self.count[k] += 1

    def step_a(self, i: int) -> None:
        p = self.setting
        j, w, t = p.tokens[i]
        if i in self.owner:
            self.take(i)
        options: list[tuple[float, int, int, int | None]] = []
        first, last = p.starts[j]
        starts = range(max(first, t - p.length + 1), min(last, t) + 1)
        for s in starts:
            for o in self.at_start[j, s]:
                k = self.occurrences[o][2]
                options.append((len(self.members[o]) * self.phi(k, w, t - s), o, s, k))
        if p.share > 0:
            word = (self.background_prior[w] + p.background_prior) / (
                self.background_prior.total() + p.background_prior * p.n_words
            )
            options.append(((self.noise[j] + p.share) * word / p.n_bins[j], BACKGROUND, 0, None))
        opening = p.alpha / (last - first + 1) / (len(self.occurrences) + p.gamma)
        for s in starts:
            for z, n in self.count.items():
                options.append((opening * n * self.phi(z, w, t - s), -2, s, z))
            options.append((opening * p.gamma * self.phi(None, w, t - s), -2, s, None))
        _, o, s, motif = self.rng.choices(options, [x[0] for x in options])[0]
        if o == -2:
            self.fresh += 1
            o = self.fresh
            self.open(o, j, s, motif)
        self.put(i, o)

    def step_b(self, o: int) -> None:
        p = self.setting
        j, members = self.occurrences[o][0], sorted(self.members[o])
        for i in members:
            self.take(i)
        times = [p.tokens[i][2] for i in members]
        first, last = p.starts[j]
        options: list[tuple[float, int, int | None]] = []
        for s in range(max(first, max(times) - p.length + 1), min(last, *times) + 1):
            for k in (*self.count, None):
                log_weight = math.log(self.count[k] if k is not None else p.gamma)
                seen: Counter[tuple[int, int]] = Counter()
                for n, i in enumerate(members):
                    _, w, t = p.tokens[i]
                    old = self.cells[k][w, t - s] if k is not None else 0
                    size = self.size[k] if k is not None else 0
                    above = old + seen[w, t - s] + p.eta * p.shape[t - s]
                    log_weight += math.log(above / (size + n + p.eta))
                    seen[w, t - s] += 1
                options.append((log_weight, s, k))
        top = max(x[0] for x in options)
        _, s, motif = self.rng.choices(options, [math.exp(x[0] - top) for x in options])[0]
        self.open(o, j, s, motif)
        for i in members:
            self.put(i, o)

    def sweep(self) -> None:
        for i in range(len(self.setting.tokens)):
            self.step_a(i)
        for o in list(self.occurrences):
            self.step_b(o)

    def state(self) -> tuple[list[int], list[Occurrence]]:
        place = {o: a for a, o in enumerate(self.occurrences)}
        owner = [place.get(self.owner[i], BACKGROUND) for i in range(len(self.setting.tokens))]
        return owner, list(self.occurrences.values())
