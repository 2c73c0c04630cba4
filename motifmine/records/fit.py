"""Records of a fit: motifs, background, activations, occurrences, trace and provenance."""

from dataclasses import dataclass, field, replace
from unicodedata import category

import numpy as np

from motifmine.errors import DataError
from motifmine.records.anomalies import Anomalies
from motifmine.records.drift import Drift
from motifmine.records.fields import axes
from motifmine.records.forecast import ForecastScores
from motifmine.records.posterior import Posterior, PredictiveChecks
from motifmine.records.scene import Scene
from motifmine.records.settings import FitSpec
from motifmine.records.significance import Significance
from motifmine.records.start_layout import StartLayout, n_starts, row_of_start
from motifmine.records.table import Recording
from motifmine.records.tempo import at_tempos
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats, Floats32, Indices, Indices32, Pixels

# Unicode categories of control characters, halves of surrogates and ends of lines
NOT_IN_NAMES = ("Cc", "Cs", "Zl", "Zp")

# share of a motif's mass that its span holds: a few scattered observations do not stretch it
SPAN_SHARE = 0.9
SMALLEST_MASS = 1e-6  # activations below this many observations are not stored


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MotifSet:
    """Motifs, heaviest first, each a distribution over (relative time, word)."""

    probability: Floats32 = field(metadata=axes("motif, relative_time, word", rule="0 or more"))
    """float32 array (K, L, W); each motif sums to 1."""
    weight: Floats = field(metadata=axes("motif", "share", rule="0 or more"))
    """Share of all observations that each motif explains, float64 array (K,)."""
    tempos: Floats | None = field(default=None, metadata=axes("tempo", rule="finite"))
    """Speeds at which each motif may occur, 1 among them, float64 array (V,); None: one for all.
    Then motifs hold zeros at the end, where slower occurrences go on."""
    usual_mass: Floats | None = field(
        default=None, metadata=axes("motif", "observations", rule="0 or more")
    )
    """Observations of a whole thing of each motif of one moving thing, as the model counts them,
    float64 array (K,); None: motifs of another kind."""

    def __post_init__(self) -> None:
        if self.probability.ndim != 3 or len(self.weight) != len(self.probability):
            raise DataError(
                f"motifs have shape {self.probability.shape} and weights {self.weight.shape}; "
                "expected (motif, relative_time, word) and (motif,)"
            )

    def __len__(self) -> int:
        return len(self.probability)

    def __repr__(self) -> str:
        return f"MotifSet({len(self)} motifs of {self.motif_length} bins x {self.n_words} words)"

    @property
    def motif_length(self) -> int:
        """Number of relative-time bins."""
        return int(self.probability.shape[1])

    @property
    def n_words(self) -> int:
        """Size of the vocabulary."""
        return int(self.probability.shape[2])

    @property
    def usual_length(self) -> int:
        """Bins that a motif may take at its usual tempo."""
        if self.tempos is None:
            return self.motif_length
        # windows were made longer by this ratio: rounding must not cost the last bin
        return max(1, int(self.motif_length * float(self.tempos.min()) + 1e-9))

    def span_bins(self) -> tuple[Indices, Indices]:
        """Return the shortest interval with `SPAN_SHARE` of each motif's mass.

        Two int64 arrays (K,), first bin and end: `first <= relative time < end`. Of intervals of
        equal length, the one with the largest mass.
        """
        mass = self.probability.sum(axis=2, dtype=np.float64)
        # sums up to each bin: every interval is then one difference
        total = np.concatenate([np.zeros((len(mass), 1)), np.cumsum(mass, axis=1)], axis=1)
        # less a little: rounding must not exclude an interval that holds just the share
        goal = SPAN_SHARE * total[:, -1] - 1e-9
        first = np.zeros(len(mass), dtype=np.int64)
        end = np.full(len(mass), self.motif_length, dtype=np.int64)
        # from long to short, so that the last interval that holds enough is the shortest
        for n_bins in range(self.motif_length, 0, -1):
            held = total[:, n_bins:] - total[:, :-n_bins]
            best = held.argmax(axis=1)
            enough = held.max(axis=1) >= goal
            first[enough], end[enough] = best[enough], best[enough] + n_bins
        return first, end

    def extent_bins(self) -> Indices:
        """Return the length of the shortest interval with 90 % of each motif, int64 array (K,)."""
        # not the whole length, which may be the window of a search and mostly empty
        first, end = self.span_bins()
        return end - first


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Background:
    """The part of the observations that no motif explains, flat in time."""

    probability: Floats32
    """float32 array (W,), sums to 1."""
    weight: float
    """Share of all observations."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Activations:
    """Expected observations of each motif at each start time, sparse, sorted by start and motif."""

    offsets: Indices
    """Entries of document d are `[d]:[d + 1]`, int64 array (D + 1,)."""
    start: Indices32
    """Bin of relative time 0; negative where a motif begins before the document."""
    motif: Indices32
    mass: Floats32
    """Observations explained, > 0."""
    tempo: Indices32 | None = None
    """Index among `MotifSet.tempos`; None where these are None."""

    @classmethod
    def none(cls, n_documents: int = 0) -> "Activations":
        """Return the activations of documents in which there are none."""
        return cls(
            offsets=np.zeros(n_documents + 1, np.int64),
            start=np.zeros(0, np.int32),
            motif=np.zeros(0, np.int32),
            mass=np.zeros(0, np.float32),
        )

    def __repr__(self) -> str:
        return f"Activations({len(self.offsets) - 1} documents, {len(self.start)} entries)"

    def dense(self, document: int, *, n_motifs: int, n_times: int, motif_length: int) -> Floats:
        """Return the mass of one document, float64 array (K, T + L - 1).

        Column 0 is start time `1 - L`.
        """
        part = slice(self.offsets[document], self.offsets[document + 1])
        mass = np.zeros((n_motifs, n_starts(n_times, motif_length)))
        # several tempos may have an entry at one start
        place = (self.motif[part], row_of_start(self.start[part], motif_length))
        np.add.at(mass, place, self.mass[part])
        return mass


def make_dense_activation(layout: StartLayout, activations: Activations, n_motifs: int) -> Floats32:
    """Return activations by start row, float32 array (R, K)."""
    dense = np.zeros((layout.n_rows, n_motifs), dtype=np.float32)
    first = np.repeat(layout.document_rows[:-1], np.diff(activations.offsets))
    rows = first + row_of_start(activations.start, layout.motif_length)
    # `+=` would add one of the tempos that have an entry at the same start
    np.add.at(dense, (rows, activations.motif), activations.mass)
    return dense


def separate_tempos(motifs: MotifSet, activations: Activations) -> tuple[MotifSet, Activations]:
    """Return motifs at each of their tempos as motifs of their own, and where these are active.

    Motif k at tempo v has the number `k * V + v`. Motifs of one tempo are returned as they are.
    """
    if motifs.tempos is None or activations.tempo is None:
        return motifs, activations
    n_tempos = len(motifs.tempos)
    return MotifSet(
        probability=at_tempos(motifs.probability, motifs.tempos),
        # in equal parts: which tempo explains how much is only known by the activations
        weight=np.repeat(motifs.weight / n_tempos, n_tempos),
    ), replace(activations, motif=activations.motif * n_tempos + activations.tempo, tempo=None)


def make_sparse_activations(
    layout: StartLayout, activation: Floats32, n_tempos: int = 0
) -> Activations:
    """Return the stored form of start rows: entries above `SMALLEST_MASS`, in order.

    Parameters
    ----------
    activation : float32 array (R, K), or (R, K * V) with tempos
    n_tempos : int
        V, 0 where motifs have no tempos.
    """
    # EM leaves mass everywhere; what explains next to nothing would be most of the file
    row, column = np.nonzero(activation > SMALLEST_MASS)
    motif, tempo = np.divmod(column, max(n_tempos, 1))
    document, start_bin = layout.start_of_row(row)
    n_documents = len(layout.document_rows) - 1
    return Activations(
        # nonzero goes through rows in order, so documents ascend
        offsets=np.searchsorted(document, np.arange(n_documents + 1)).astype(np.int64),
        start=start_bin.astype(np.int32),
        motif=motif.astype(np.int32),
        mass=activation[row, column],
        tempo=tempo.astype(np.int32) if n_tempos else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occurrences:
    """Found instances of motifs, one entry each, sorted by document, start and motif."""

    document: Indices32 = field(metadata=axes("occurrence", rule="index of document"))
    start_bin: Indices32 = field(metadata=axes("occurrence", "bins"))
    """Bin of relative time 0; may be negative by up to the motif's length."""
    start_s: Floats = field(metadata=axes("occurrence", "s", rule="finite"))
    """The same in seconds of the recording."""
    motif: Indices32 = field(metadata=axes("occurrence", rule="index of motif"))
    weight: Floats = field(metadata=axes("occurrence", "observations"))
    """Observations that the occurrence explains."""
    score: Floats = field(metadata=axes("occurrence", "nats"))
    """Log-likelihood ratio of the fit with and without it, nats."""
    false_probability: Floats | None = field(default=None, metadata=axes("occurrence"))
    """Probability that it is false (local false discovery rate); None where it is not known."""
    false_per_hour: Floats | None = field(default=None, metadata=axes("occurrence", "1/h"))
    """False occurrences of at least its score that are expected in an hour; None: not known."""
    end_s: Floats | None = field(default=None, metadata=axes("occurrence", "s", rule="finite"))
    """Its end in seconds of the recording; None: when `SPAN_SHARE` of its motif are over."""
    tempo: Floats | None = field(default=None, metadata=axes("occurrence"))
    """Speed relative to the motif, 2 for half as long; None where motifs have one tempo."""

    @classmethod
    def none(cls) -> "Occurrences":
        """Return no occurrences."""
        # shared by several fields: there is nothing in them to change
        nothing, nowhere = np.zeros(0), np.zeros(0, np.int32)
        return cls(
            document=nowhere,
            start_bin=nowhere,
            start_s=nothing,
            motif=nowhere,
            weight=nothing,
            score=nothing,
        )

    def __len__(self) -> int:
        return len(self.document)

    def __repr__(self) -> str:
        return f"Occurrences({len(self)})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """The objective over a fit: one entry per iteration, sweep or epoch."""

    iteration: Indices = field(metadata=axes("iteration"))
    log_likelihood: Floats = field(metadata=axes("iteration", "nats"))
    """Nats, over all observations."""
    seconds: Floats = field(metadata=axes("iteration", "s"))
    """Since the fit began."""
    loss_names: tuple[str, ...] | None = field(default=None, metadata=axes("loss"))
    """Of networks that learn against each other; None: the log-likelihood is all there is."""
    losses: Floats | None = field(default=None, metadata=axes("iteration, loss"))
    """Means since the iteration before, float64 array (iteration, loss)."""

    def clear_seconds(self) -> "Trace":
        """Return the trace with all times 0, for files that do not depend on the machine."""
        return replace(self, seconds=np.zeros_like(self.seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Version, settings, seed and inputs of a fit; enough to reproduce it."""

    motifmine_version: str
    model: str
    spec: FitSpec
    """Requested settings, and values that were chosen during the fit."""
    seed: int
    inputs: tuple[tuple[str, str], ...]
    """Name and digest of every document, in order."""
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stability:
    """Stability of the motifs under refits to resampled data."""

    similarity: Floats = field(metadata=axes("motif", "similarity"))
    """Mean over the refits of the cosine with the most similar motif, float64 array (K,)."""
    share: Floats = field(metadata=axes("motif", "share"))
    """Share of the refits with a motif of similarity `least` or more, float64 array (K,)."""
    n_refits: int
    least: float
    """Smallest cosine of motifs that are regarded as the same."""
    drawn: str
    """Unit of resampling: `documents`, or `blocks` of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """Mean and standard deviation of raw values at the occurrences of each motif."""

    mean: Floats32 = field(metadata=axes("motif, relative_time, channel"))
    """float32 array (K, L, channel), in the channels' units; NaN where there is nothing."""
    spread: Floats32 = field(metadata=axes("motif, relative_time, channel"))
    """Standard deviation over the occurrences, float32 array (K, L, channel)."""
    n_occurrences: Indices = field(metadata=axes("motif"))
    """Occurrences that were averaged, int64 array (K,)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitRecord:
    """Everything a saved fit holds, whichever model made it."""

    provenance: Provenance
    motifs: MotifSet
    background: Background
    activations: Activations
    occurrences: Occurrences
    trace: Trace
    log_likelihood: float
    n_observations: float
    bin_s: float
    vocabulary: Vocabulary
    recordings: tuple[Recording, ...]
    picture: Pixels | None
    stability: Stability | None = None
    """Stability of the motifs, where it was measured."""
    names: tuple[str, ...] = ()
    """Names of the motifs, "" for one without a name; () when none has one."""
    anomalies: Anomalies | None = None
    """Anomalies, and the scale for other recordings."""
    posterior: Posterior | None = None
    """Posterior, for models that sample."""
    model_state: object = None
    """What else the model needs to find its motifs in other documents: a record of its own, or,
    from a file, a `StoredState`; see `motifmine.records.model_state`."""
    significance: Significance | None = None
    """How far the motifs recur in data they were not learned from, and what chance gives."""
    segments: Segments | None = None
    """Mean raw values at occurrences, for series."""
    predictive: PredictiveChecks | None = None
    """Whether data drawn from the fit look like its documents."""
    drift: Drift | None = None
    """Drift of the motifs, where there were enough periods."""
    forecast: ForecastScores | None = None
    """How well it predicts other recordings, where that was measured."""
    time_zone: str = "UTC"
    """Time zone of reported hours and days, IANA name."""
    folded: "FitRecord | None" = None
    """The fit over topics that this one was unfolded from; not stored."""

    def __post_init__(self) -> None:
        if self.names and len(self.names) != len(self.motifs):
            raise DataError(
                f"{len(self.names)} names for {len(self.motifs)} motifs; give one each, or none"
            )
        # parts of a file may be of another fit: sections of the report index them by motif
        for what, part in (("drift", self.drift), ("stability", self.stability)):
            if part is not None and len(part.similarity) != len(self.motifs):
                n_there = len(part.similarity)
                raise DataError(f"the {what} of {n_there} motifs for {len(self.motifs)}")
        for name in self.names:
            # names become rows of CSV, lines of subtitles and file names
            if any(category(letter) in NOT_IN_NAMES for letter in name):
                raise DataError(
                    f"{name!r} cannot name a motif; a name is one line without control characters"
                )

    def name_of(self, motif: int) -> str:
        """Return the name of a motif, "" when it has none."""
        return self.names[motif] if self.names else ""

    def title_of(self, motif: int) -> str:
        """Return a motif's name, or `motif N` where N counts from 1."""
        return self.name_of(motif) or f"motif {motif + 1}"

    def __repr__(self) -> str:
        return (
            f"FitRecord({self.provenance.model}: {len(self.motifs)} motifs, "
            f"{len(self.recordings)} documents, {len(self.occurrences)} occurrences)"
        )

    @property
    def n_extracted(self) -> float:
        """Number of observations as they were extracted, before counts were prepared."""
        # fits of older versions did not keep it: what was prepared is the best there is
        counted = self.provenance.spec.notes.n_observations_extracted
        return self.n_observations if counted is None else float(counted)

    @property
    def scene(self) -> Scene:
        """What tables must share with its own."""
        return Scene(vocabulary=self.vocabulary, bin_s=self.bin_s)

    def duration_s(self) -> float:
        """Return the length of all documents together, seconds."""
        return self.bin_s * sum(r.n_times for r in self.recordings)
