"""What an extraction is asked for, and one of its jobs."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from motifmine.errors import WorkspaceError
from motifmine.features.series.survey import SeriesScene, SeriesSettings, series_spec_to_values
from motifmine.features.video.extract import video_spec_to_values
from motifmine.features.video.spec import DEFAULT_BIN_S, FlowSpec
from motifmine.io.readers import Kind, ReaderEntry, holds_stills, reader_for
from motifmine.io.sources import parse_start_from_name, to_utc
from motifmine.records.frames import FrameOptions
from motifmine.records.table import scene_difference
from motifmine.records.vocabulary import Vocabulary

# modules that the fork server imports for extractions
PRELOAD = ("motifmine.workflows.extract", "motifmine.features.video.warm_up")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSettings:
    """What holds for all sources of one extraction."""

    spec: FlowSpec = field(default_factory=FlowSpec)
    """Words of videos."""
    label_bin_s: float = 1.0
    """What a line of a `.tdoc` file lasts, seconds."""
    series: SeriesSettings = field(default_factory=SeriesSettings)
    """Words of series of sensors, sounds and lists of events."""
    frames: FrameOptions = field(default_factory=FrameOptions)
    """How the frames of videos are read."""
    kind: Kind | None = None
    """Kind of words; None: by the name of each file."""
    start: str = ""
    """Wall-clock start of the one source, ISO 8601; without a zone in UTC."""
    name_time: str = ""
    """Pattern of the wall-clock start in the file names, as for `datetime.strptime`."""
    strict: bool = False
    """Whether a damaged or truncated video is refused."""
    force: bool = False
    """Whether tables that exist are overwritten."""
    patience_s: float = 120.0
    """Time without progress after which a source fails, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all tables of a workspace, or of a fit, share."""

    name: str = ""
    """For messages; "" for the scene of a fit."""
    vocabulary: Vocabulary
    bin_s: float
    """Length of a time bin, seconds."""
    size_px: tuple[int, int] = (0, 0)
    """Width and height of the pictures of its first recording, pixels; 0 if unknown."""
    advice: str = "; choose another folder with --workspace"
    """What to do with a recording of another scene, the end of the message."""

    def refuse_other(
        self, vocabulary: Vocabulary, bin_s: float, path: Path, size_px: tuple[int, int] = (0, 0)
    ) -> None:
        """Raise `WorkspaceError` with the difference when a recording is not of this scene."""
        if difference := scene_difference(self.vocabulary, self.bin_s, vocabulary, bin_s):
            what = f"it has {difference}"
            if all(size_px) and all(self.size_px) and size_px != self.size_px:
                # the size that people know, not that of the working frames
                what = "{}x{} instead of {}x{}".format(*size_px, *self.size_px)
            of_scene = f" of {self.name}" if self.name else ""
            raise WorkspaceError(
                f"{path} does not belong to the scene{of_scene}: {what}{self.advice}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionJob:
    """One recording to be extracted."""

    source: Path
    name: str
    table_path: Path
    kind: Kind
    settings: ExtractionSettings
    scene: Scene | None
    threads: int
    """Threads that decode a video, > 0."""
    origin: str = ""
    """What the table names as its source; "" for the path that is read."""
    stamp: tuple[int, ...] = ()
    """State of the file before anything of it was read, see `stamp_source`; (): unknown."""

    @property
    def reader(self) -> ReaderEntry:
        """What reads the source."""
        return reader_for(self.source, self.kind)

    @property
    def is_series(self) -> bool:
        """Whether the source is a series of sensors, a sound or a list of events."""
        return self.reader.gives == "series"

    @property
    def series_scene(self) -> SeriesScene:
        """What a series shares with the others; there is always a scene for it."""
        if self.scene is None:
            raise WorkspaceError(
                f"{self.source} is a series, whose words are learned from all sources together; "
                "use 'motifmine extract'"
            )
        return SeriesScene(vocabulary=self.scene.vocabulary, bin_s=self.scene.bin_s)

    @property
    def bin_s(self) -> float:
        """Length of a time bin, seconds."""
        settings = self.settings
        if self.is_series:
            return self.series_scene.bin_s
        is_words = self.reader.gives == "words"
        return settings.label_bin_s if is_words else settings.spec.bin_s or DEFAULT_BIN_S

    @property
    def table_spec(self) -> dict[str, Any]:
        """What the table's `spec` will say."""
        if self.is_series:
            return series_spec_to_values(self.settings.series, self.series_scene)
        if self.reader.gives == "words":
            return {"bin_s": self.bin_s}
        return video_spec_to_values(self.settings.spec, self.settings.frames)

    @property
    def start_utc(self) -> str:
        """Wall-clock start of the recording, "" if unknown."""
        if self.settings.name_time and not holds_stills(self.source):
            return parse_start_from_name(self.source, self.settings.name_time)
        return to_utc(datetime.fromisoformat(self.settings.start)) if self.settings.start else ""
