"""What an extraction is asked for, and one of its jobs."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from motifmine.errors import WorkspaceError
from motifmine.features.series.survey import SeriesSettings, series_spec_to_values
from motifmine.features.video.extract import video_spec_to_values
from motifmine.features.video.spec import DEFAULT_BIN_S, FlowSpec
from motifmine.io.readers import Kind, ReaderEntry, holds_stills, reader_for
from motifmine.io.sources import parse_start_from_name, to_utc
from motifmine.records.frames import FrameOptions
from motifmine.records.scene import Scene

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
    def series_scene(self) -> Scene:
        """What a series shares with the others; there is always a scene for it."""
        if self.scene is None:
            raise WorkspaceError(
                f"{self.source} is a series, whose words are learned from all sources together; "
                "use 'motifmine extract'"
            )
        return self.scene

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
