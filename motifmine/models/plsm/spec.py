"""Specification of a PLSM fit, and the priors that EM takes from it."""

from dataclasses import dataclass
from typing import Literal

from motifmine.errors import SpecError
from motifmine.models.options import setting
from motifmine.validation import check_at_least, check_not_negative, check_one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """Priors on starts, motifs and background."""

    sparsity: float
    """Threshold of a start in units of the mean mass of a start."""
    background: float | None = None
    """Share of the mass that the background holds; None: what it explains."""
    one_thing: bool = False
    """Whether a motif is one thing that moves, and a start each whole thing that passes."""
    least_count: float = 0.0
    """Observations that are taken off every start and every cell of a motif, at least."""
    source: tuple[int, ...] = ()
    """For each motif the real one that it is, these first, or is a decoy of; () where all are real:
    decoys compete as what they were made of."""
    reach: tuple[int, ...] = ()
    """Bins around a start of each motif in which its other starts are of the same thing; () where
    starts do not exclude one another."""
    usual_mass: tuple[float, ...] = ()
    """Mass of a start of each motif where a whole thing passes; a start of much less is none. ()
    where any mass will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlsmSpec:
    """Fields of the specification, checked on construction."""

    n_motifs: int | None = None
    """Number of motifs at most, > 0; surplus ones are pruned. None: the number that describes the
    data shortest, see `motifmine.models.plsm.growth`; 10 where the activity is dense or starts are
    random."""
    motif_length: int = 20
    """Length of the motifs in time bins, > 0."""
    iterations: int = setting(200, help="Largest number of EM iterations.")
    """EM iterations on all observations at most, > 0."""
    activity: Literal["auto", "sparse", "dense", "moving"] = setting(
        "auto",
        help="sparse: motifs now and then over a background (taken for series); dense: something "
        "goes on all the time; moving: each motif is one thing that moves through the picture; "
        "auto: moving for video where that explains enough, else what predicts held-out "
        "observations better.",
    )
    """`sparse`: motifs occur now and then over a background; they are searched in windows of the
    data, with sparse starts and a learned background. `dense`: something goes on all the time;
    the best of random starts, with free starts and next to no background. `moving`: a motif is one
    thing that moves, see `motifmine.models.plsm.moving`; for words that have a place and a
    direction. `auto` takes that for such words where it explains enough, else it holds out a tenth
    of the observations and takes what predicts them better. It decides the next four where they are
    None."""
    start: Literal["search", "random"] | None = setting(
        None,
        help="Initialisation of the motifs.",
        default_text="search when sparse, random when dense",
    )
    """`search` looks for motifs in windows of the data first; `random` begins EM at random."""
    restarts: int | None = setting(
        None,
        help="Random restarts, of which the best is kept.",
        default_text="2 searches or 8 random starts",
    )
    """Independent starts, > 0: searches whose motifs compete in the end (2), or random starts that
    go through successive halving (8)."""
    sparsity: float | None = setting(
        None,
        help="Sparsity of start times, 0 for none.",
        default_text="2 when sparse, 0 when dense",
    )
    """What the prior takes off a start (the papers' lambda), in units of the mean mass of a start:
    threshold = sparsity * N_d / (n_motifs * starts of d), >= 0; 2 or 0."""
    background: float | Literal["learned"] | None = setting(
        None,
        help="Share of the background.",
        words={"off": 0.0},
        metavar="SHARE",
        default_text="learned when sparse, 0.01 when dense",
    )
    """Share of the observations held by a background flat in time, 0 <= share < 1, or `learned` for
    every document; learned or 0.01."""
    rounds: int = setting(10, help="Largest number of rounds of the search.")
    """Rounds of the search at most, > 0."""
    drop_surplus: bool = setting(
        True,
        help="Prune copies, and motifs that occur once or gain too little, also on data that they "
        "were not learned from.",
        negative="--keep-surplus",
        default_text="drop",
    )
    """Prune copies, motifs that occur only once, and those whose gain in likelihood is below
    their description length and that do not hold on data they were not learned from."""
    inference: Literal["em", "vb"] = setting(
        "em",
        help="vb: mean-field variational inference after EM; for sparse motifs at one tempo.",
    )
    """`em`: maximum likelihood; `vb`: posterior means, by variational inference that begins where
    EM ends, see `motifmine.models.plsm.variational`; for sparse motifs at one tempo."""
    tempo: Literal["auto", "off"] = setting(
        "off",
        help="auto: an occurrence may be slower or faster than its motif, where that predicts "
        "held-out observations better.",
    )
    """Whether each occurrence has a tempo of its own, see `motifmine.models.plsm.tempo`."""
    tempo_steps: int | None = None
    """Tempos on either side of the usual one at which motifs occur, > 0; None with `tempo` `auto`:
    decided."""
    least_count: float | None = None
    """Observations that a start and a cell of a motif must exceed, >= 0, see
    `motifmine.models.plsm.sparse_events`; None: those of a single event where most bins are
    empty."""
    longest_s: float | None = None
    """Seconds that a thing takes on its path at most where the data decide the length of moving
    motifs, > 0; None: all have `motif_length`."""
    tolerance: float = 1e-5
    """Stop when the log-likelihood per observation rises by less, nats, >= 0."""

    def __post_init__(self) -> None:
        check_at_least(self, 1, "n_motifs", "motif_length", "iterations", "restarts", "rounds")
        check_at_least(self, 1, "tempo_steps")
        check_not_negative(self, "sparsity", "tolerance", "least_count")
        if isinstance(self.background, float | int) and not 0 <= self.background < 1:
            raise SpecError(f"background is {self.background}; a share is 0 or more, and below 1")
        check_one_of(self, "activity", ("auto", "sparse", "dense", "moving"))
        if self.longest_s is not None and not self.longest_s > 0:
            raise SpecError(f"longest_s is {self.longest_s}; it must be more than 0")
        check_one_of(self, "start", ("search", "random"))
        check_one_of(self, "tempo", ("auto", "off"))
        check_one_of(self, "inference", ("em", "vb"))
        given = {"dense", "moving"} & {self.activity} or {"auto"} & {self.tempo}
        if self.inference == "vb" and (given or isinstance(self.background, float | int)):
            raise SpecError(
                "inference vb is for sparse motifs at one tempo over a learned background; leave "
                "out activity, tempo and background, or use em"
            )
        if isinstance(self.background, str):
            check_one_of(self, "background", ("learned",))

    @property
    def priors(self) -> Priors:
        """The part of a resolved specification that EM itself needs."""
        return Priors(
            sparsity=self.sparsity or 0.0,
            background=None if isinstance(self.background, str) else self.background,
            one_thing=self.activity == "moving",
            least_count=self.least_count or 0.0,
        )
