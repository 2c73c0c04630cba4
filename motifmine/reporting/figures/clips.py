"""Clips of motifs: examples cut from the source videos, with the motif drawn over them.

For every motif the best, the median and the weakest occurrence by score are written as one video
each, and shown below each other on one contact sheet.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from motifmine.analysis.motif_views import picture_grid
from motifmine.errors import DataError, VideoError
from motifmine.files import open_atomic
from motifmine.io.video.clips import read_frame_rate, read_span, write_clip
from motifmine.records.fit import FitRecord
from motifmine.records.table import Recording
from motifmine.records.topics import unfold_record
from motifmine.records.vocabulary import FlowGrid
from motifmine.reporting.figures.activity import LEVELS, Activity, measure_motif_activity
from motifmine.reporting.figures.images import encode_jpeg, shrink
from motifmine.reporting.figures.motif_pictures import colour_times, draw_text
from motifmine.reporting.times import format_time
from motifmine.types import Floats, Pixels

RANKS = ("best", "median", "weakest")  # the examples of a motif, in the order of the contact sheet
CLIP_WIDTH_PX = 704
MARGIN_S = 1.0  # time shown before and after the motif
OPACITY = 0.6
FADE_BINS = 1.5  # number of bins over which a cell's colour fades before and after its time
BAR_PX = 6
SHEET_COLUMNS = 5
SHEET_PX = 240  # width of a picture on the contact sheet
CELLS = 4000  # most entries of cell and time drawn of a motif, the strongest

_BACKDROP = (24, 24, 28)
_TEXT = (225, 225, 230)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One occurrence to be written as a clip."""

    motif: int
    rank: str
    """One of `RANKS`."""
    recording: Recording
    start_s: float
    """Relative time 0, seconds of the recording."""
    score: float


def choose_examples(record: FitRecord, motif: int) -> list[Example]:
    """Return the best, the median and the weakest occurrence of a motif, each once.

    Occurrences that are not wholly inside their recording are used only when there are no others.
    """
    found = record.occurrences
    index = np.flatnonzero(found.motif == motif)
    ends = np.array([r.n_times for r in record.recordings])[found.document[index]]
    inside = (found.start_bin[index] >= 0) & (
        found.start_bin[index] + record.motifs.motif_length <= ends
    )
    index = index[inside] if inside.any() else index
    ranked = index[np.argsort(-found.score[index], kind="stable")]
    if not len(ranked):
        return []
    # of fewer than three occurrences places coincide, and each is taken once
    places = dict(zip((0, len(ranked) // 2, len(ranked) - 1), RANKS, strict=True))
    return [
        Example(
            motif=motif,
            rank=rank,
            recording=record.recordings[found.document[ranked[place]]],
            start_s=float(found.start_s[ranked[place]]),
            score=float(found.score[ranked[place]]),
        )
        for place, rank in sorted(places.items())
    ]


def write_clips(
    record: FitRecord,
    folder: Path,
    *,
    motifs: Sequence[int] | None = None,
    sources: Path | None = None,
    force: bool = False,
    on_clip: Callable[[int, int, Path], None] | None = None,
) -> list[Path]:
    """Write `motif-01-best.mp4`, ..., and the contact sheet `motif-01.jpg` of every motif.

    `sources` is the folder of the source videos when they have been moved. `on_clip` is called with
    the number of motifs done, the total number, and the sheet just written.

    Returns
    -------
    list of Path
        The contact sheets.

    Raises
    ------
    DataError
        When the fit is not of video, or has no such motif.
    VideoError
        When a source video cannot be found or read.
    """
    record = unfold_record(record)
    if record.vocabulary.layout.picture_grid() is None:
        raise DataError(
            f"clips need video; the words of this fit are of kind {record.vocabulary.kind}"
        )
    chosen = range(len(record.motifs)) if motifs is None else motifs
    if outside := [motif + 1 for motif in chosen if not 0 <= motif < len(record.motifs)]:
        raise DataError(f"there is no motif {outside[0]}; the fit has {len(record.motifs)}")
    sheets = []
    for done, motif in enumerate(chosen):
        sheet = _write_motif(record, motif, folder, sources, force)
        if sheet is not None:
            sheets.append(sheet)
            if on_clip is not None:
                on_clip(done + 1, len(chosen), sheet)
    return sheets


def _write_motif(
    record: FitRecord, motif: int, folder: Path, sources: Path | None, force: bool
) -> Path | None:
    """Write the clips and the sheet of one motif; None when it never occurs."""
    brush = MotifBrush(record, motif)
    strips = []
    for example in choose_examples(record, motif):
        path = find_source(example.recording, sources)
        frames = _draw_frames(brush, example, path)
        name = f"motif-{motif + 1:02d}-{example.rank}.mp4"
        stills: list[Pixels] = []
        write_clip(
            folder / name,
            _collect_stills(frames, stills, brush, example),
            read_frame_rate(path),
            force=force,
        )
        strips.append(_draw_strip(example, stills))
    if not strips:
        return None
    sheet = folder / f"motif-{motif + 1:02d}.jpg"
    with open_atomic(sheet, force=force) as part:
        part.write_bytes(encode_jpeg(_draw_sheet(record, motif, strips)))
    return sheet


def find_source(recording: Recording, sources: Path | None) -> Path:
    """Return the source video of a recording.

    Raises `VideoError` when it does not exist.
    """
    path = Path(recording.source)
    if sources is not None:
        path = sources / path.name
    if not path.is_file():
        raise VideoError(
            f"{path}, the source of {recording.name!r}, does not exist; "
            "name the folder of the videos with --sources"
        )
    return path


class MotifBrush:
    """Draws the active cells of a motif at a relative time over a picture of its scene."""

    def __init__(self, record: FitRecord, motif: int) -> None:
        self.grid = picture_grid(record)
        self.length_s = record.motifs.motif_length * record.bin_s
        self._activity = measure_motif_activity(record, motif, most=CELLS)
        self._strength = _unpack_strength(self._activity, self.grid)
        n_bins = len(self._strength)
        self._colours = colour_times(np.arange(n_bins) / max(n_bins - 1, 1))
        self._bin_s = record.bin_s

    def draw(self, picture: Pixels, time_s: float) -> Pixels:
        """Return the picture with the cells that are active at `time_s` after the motif's start.

        A bar at the lower edge shows the relative time, in the colours of time.
        """
        drawn = picture.copy()
        at = time_s / self._bin_s - 0.5
        near = np.clip(1 - abs(np.arange(len(self._strength)) - at) / FADE_BINS, 0, 1)
        if near.any():
            weighted = near[:, None, None] * self._strength
            opacity = weighted.max(axis=0)
            colour = self._colours[weighted.argmax(axis=0)].astype(np.float32)
            drawn = self._blend(drawn, opacity.astype(np.float32), colour)
        share = min(max(time_s / self.length_s, 0.0), 1.0)
        reached = round(share * picture.shape[1])
        bar = colour_times(np.linspace(0, 1, picture.shape[1]))
        drawn[-BAR_PX:] = _BACKDROP
        drawn[-BAR_PX:, :reached] = bar[:reached]
        return drawn

    def _blend(self, picture: Pixels, opacity: Floats, colour: Floats) -> Pixels:
        """Return the picture under coloured cells; the grid may not reach its edges."""
        height, width = picture.shape[:2]
        grid = self.grid
        size = (
            round(width * grid.columns * grid.cell_px / grid.frame_width),
            round(height * grid.rows * grid.cell_px / grid.frame_height),
        )
        alpha = cv2.resize(OPACITY * opacity, size, interpolation=cv2.INTER_LINEAR)
        tint = cv2.resize(colour, size, interpolation=cv2.INTER_NEAREST)
        rows, columns = min(height, size[1]), min(width, size[0])
        part = picture[:rows, :columns]
        cover = alpha[:rows, :columns, None]
        part[:] = np.round(part * (1 - cover) + tint[:rows, :columns] * cover)
        return picture


def _unpack_strength(activity: Activity, grid: FlowGrid) -> Floats:
    """Return strengths 0 to 1 by relative time and cell, float64 array (L, row, column)."""
    n_bins = len(activity.offsets) - 1
    strength = np.zeros((n_bins, grid.rows * grid.columns))
    time = np.repeat(np.arange(n_bins), np.diff(activity.offsets))
    strength[time, activity.cell] = activity.level / LEVELS
    return strength.reshape(n_bins, grid.rows, grid.columns)


def _draw_frames(brush: MotifBrush, example: Example, path: Path) -> Iterator[tuple[float, Pixels]]:
    """Yield relative time and drawn picture of the frames of an example."""
    first = max(0.0, example.start_s - MARGIN_S)
    last = example.start_s + brush.length_s + MARGIN_S
    frames = read_span(path, first, last, origin_s=example.recording.origin_s, width=CLIP_WIDTH_PX)
    for time_s, picture in frames:
        yield time_s - example.start_s, brush.draw(picture, time_s - example.start_s)


def _collect_stills(
    frames: Iterator[tuple[float, Pixels]],
    stills: list[Pixels],
    brush: MotifBrush,
    example: Example,
) -> Iterator[Pixels]:
    """Yield the pictures, and append `SHEET_COLUMNS` of them at equal steps to `stills`."""
    wanted = (np.arange(SHEET_COLUMNS) + 0.5) / SHEET_COLUMNS * brush.length_s
    picture = None
    for time_s, picture in frames:
        while len(stills) < SHEET_COLUMNS and time_s >= wanted[len(stills)]:
            stills.append(shrink(picture, SHEET_PX))
        yield picture
    if picture is None:
        raise VideoError(
            f"{example.recording.source} holds no picture at {format_time(example.start_s)}"
        )
    # when the recording ends inside the motif, the last picture fills the row
    stills += [shrink(picture, SHEET_PX)] * (SHEET_COLUMNS - len(stills))


def _draw_strip(example: Example, stills: Sequence[Pixels]) -> Pixels:
    """Return one example as a row of pictures under a line of text."""
    row = np.concatenate(stills, axis=1)
    title = (
        f"{example.rank}: {example.recording.name}, {format_time(example.start_s)}, "
        f"score {example.score:.1f}"
    )
    return np.concatenate([_draw_title(title, row.shape[1]), row])


def _draw_sheet(record: FitRecord, motif: int, strips: Sequence[Pixels]) -> Pixels:
    """Return the contact sheet of a motif."""
    width = max(strip.shape[1] for strip in strips)
    share = 100 * record.motifs.weight[motif]
    name = record.name_of(motif)
    title = f"Motif {motif + 1}{': ' + name if name else ''}, {share:.1f} % of the observations"
    rows = [_draw_title(title, width)]
    for strip in strips:
        padded = np.full((strip.shape[0], width, 3), _BACKDROP, dtype=np.uint8)
        padded[:, : strip.shape[1]] = strip
        rows.append(padded)
    return np.concatenate(rows)


def _draw_title(text: str, width: int) -> Pixels:
    """Return a line of light text on a dark background."""
    line = np.full((28, width, 3), (255, 255, 255), dtype=np.uint8)
    draw_text(line, text, 8, 14, anchor=0.0)
    ink = (255 - line.astype(np.float64)) / 221
    return np.round(np.array(_BACKDROP) * (1 - ink) + np.array(_TEXT) * ink).astype(np.uint8)
