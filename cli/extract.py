"""`motifmine extract`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .next_step import note_next_step
from .options import TIME, ParamType, PathType, examples, force_option, workspace_option
from .output import note, progress
from .series_options import series_options, take_series_settings
from .terminal import escape

if TYPE_CHECKING:
    from motifmine.durations import Duration
    from motifmine.workflows.extract_jobs import ExtractionSettings
    from motifmine.workflows.outcomes import Outcome


class AreaType(ParamType):
    """A box `x,y,w,h` or a polygon `x,y x,y x,y` of the picture, in pixels of the video."""

    name = "x,y,w,h"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        """Return the numbers of a box or the points of a polygon, or end with wrong usage."""
        # from a file of settings, or converted before
        if isinstance(value, tuple):
            return value
        points = [point.split(",") for point in str(value).split()]
        # four numbers in one piece, or pieces of two numbers each
        is_box = len(points) == 1 and len(points[0]) == 4
        is_polygon = len(points) >= 3 and all(len(point) == 2 for point in points)
        numbers = [number for point in points for number in point]
        if not (is_box or is_polygon) or not all(number.isdecimal() for number in numbers):
            self.fail(
                f"{value!r} is no area; write a box x,y,w,h in pixels, 0,40,640,300, or the points "
                "of a polygon, '120,80 400,90 380,300'",
                param,
                ctx,
            )
        if is_box:
            return tuple(map(int, points[0]))
        return tuple((int(x), int(y)) for x, y in points)


class SourceType(PathType):
    """A path, or the address of a live source as text: a path would lose its double slash."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | str:
        """Return an address as it is, all else as a path."""
        from motifmine.io.video.live import is_live

        found: Path | str = value
        if not isinstance(value, Path) and not is_live(str(value)):
            found = super().convert(value, param, ctx)
        return found


def settings_of(
    fields: Mapping[str, Any], bin_length: "Duration | None", **settings: Any
) -> "ExtractionSettings":
    """Return the settings of the options that were given; the others keep their defaults."""
    from motifmine.features.video.spec import DEFAULT_BIN_S, FlowSpec
    from motifmine.records.frames import FrameOptions
    from motifmine.workflows.extract_jobs import ExtractionSettings

    # only what was typed: the records have the defaults, and help texts repeat them
    given = {name: value for name, value in fields.items() if value not in (None, ())}
    frames = {} if given.get("stream") is None else {"stream": given.pop("stream")}
    frames |= {name: given.pop(name) for name in ("begin", "end", "every") if name in given}
    # bins have no length before a series is read; video takes seconds, and series either
    if "max_gap" in given and given["max_gap"].unit != "bins":
        frames["max_gap_s"] = given["max_gap"].seconds(1.0)
    if "rate_hz" in given:
        frames["rate_hz"] = given["rate_hz"]
    series = take_series_settings(given, bin_length, settings.pop("seed", 0))
    # the only coding that series and video share
    if series.coding.words == "changes":
        given["words"] = "changes"
    if bin_length is not None:
        given["bin_s"] = settings["label_bin_s"] = bin_length.seconds(DEFAULT_BIN_S)
    return ExtractionSettings(
        spec=FlowSpec(**given), series=series, frames=FrameOptions(**frames), **settings
    )


@click.command(
    epilog=examples(
        "motifmine extract video.mp4",
        "motifmine extract plant.csv --columns flow_in,pump2 --bin 10s",
        "motifmine extract /archive/cam3 --name-time '%Y%m%d%H%M' --exclude 0,0,352,48",
    ),
)
@click.argument("sources", nargs=-1, required=True, type=SourceType())
@click.option(
    "--bin",
    "bin_length",
    type=TIME,
    help="Length of a time bin: 250ms, 1s.  [default: 250ms for video or, if that is longer, three "
    "frames, by the sampling for series, 1s per line of .tdoc]",
)
@click.option("--width", type=int, help="Working width in pixels, never upscaled.  [default: 352]")
@click.option(
    "--rate",
    "rate_hz",
    type=float,
    help="Frames per second for optical flow, 12.5 by default; pictures or samples per second of "
    "stills or of a series without times.",
)
@click.option("--cell", "cell_px", type=int, help="Side of a cell in pixels.  [default: 8]")
@click.option("--directions", type=int, help="Number of directions.  [default: 8]")
@click.option(
    "--speed",
    "speed_px_s",
    type=float,
    help="Smallest speed of moving pixels; pixels of the working frame per second.  [default: 6]",
)
@click.option(
    "--change",
    type=int,
    help="Smallest change in brightness of moving pixels, grey levels.  [default: 6]",
)
@click.option("--static", is_flag=True, default=None, help="Also words for static foreground.")
@click.option(
    "--stream",
    type=click.IntRange(min=1),
    help="Number of the video stream.  [default: the largest that lasts]",
)
@click.option(
    "--stabilise",
    type=click.Choice(["auto", "off"]),
    help="Whether motion of the camera is taken out.  [default: auto]",
)
@click.option(
    "--overlays",
    type=click.Choice(["auto", "off"]),
    help="Whether burnt-in clocks are excluded.  [default: auto]",
)
@click.option(
    "--from",
    "begin",
    help="Begin of the part to use: 10min of the recording, 08:15 or 2026-03-14T08:15 (UTC).",
)
@click.option("--to", "end", help="End of the part, as --from.")
@click.option("--every", help="Take the part again each: 1h.")
@click.option(
    "--roi",
    type=AreaType(),
    multiple=True,
    help="Use only this box, or polygon 'x,y x,y x,y'; pixels of the video (repeatable).",
)
@click.option(
    "--exclude", type=AreaType(), multiple=True, help="Ignore this area, as --roi (repeatable)."
)
@click.option(
    "--mask",
    type=PathType(exists=True, dir_okay=False, path_type=str),
    multiple=True,
    help="Picture of the video's size; black areas are ignored (repeatable).",
)
@click.option(
    "--kind",
    type=click.Choice(["flow-grid", "channels", "labels"]),
    help="Kind of words.  [default: by file]",
)
@click.option("--start", default="", help="Wall-clock start of the one source, ISO 8601.")
@click.option("--name-time", default="", help="Pattern of the start in file names: %Y%m%d%H%M.")
@series_options
@click.option(
    "--topics",
    "n_topics",
    type=click.IntRange(min=1),
    metavar="N",
    help="Learn N topics over the words, for tables of topics.  [default: the workspace's]",
)
@click.option(
    "--topic-model",
    type=click.Choice(["plsa", "lda", "nmf", "pca", "hdp"]),
    help="Topic model; pca: N is even, hdp: N at most.  [default: plsa]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of topics and words.")
@click.option("--for", "for_length", type=TIME, help="End a live source after: 8h.")
@click.option(
    "--keep-video",
    type=PathType(file_okay=False),
    help="Folder that the video of a live source is written to, a file a document.  [default: no "
    "picture is stored]",
)
@click.option("--strict", is_flag=True, help="Refuse damaged and truncated videos.")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes.  [default: cores]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, an object a document.")
@force_option
@workspace_option
@click.pass_context
def extract(
    ctx: click.Context,
    /,
    sources: tuple[Path | str, ...],
    bin_length: "Duration | None",
    kind: Any,
    start: str,
    name_time: str,
    n_topics: int | None,
    topic_model: Any,
    seed: int,
    strict: bool,
    for_length: "Duration | None",
    keep_video: Path | None,
    workers: int | None,
    as_json: bool,
    force: bool,
    workspace: Path,
    **fields: Any,
) -> None:
    """Convert videos, sensor series, sounds, lists of events and .tdoc to observation tables.

    SOURCE is a file, a folder or a pattern, or one live source: rtsp://..., or - for a pipe. A fit
    as SOURCE (motifmine-work/fits/NAME.h5) gives tables whose words are its motifs, for motifs of
    motifs; use another workspace for them.
    """
    from motifmine.io.hdf5.store import is_fit
    from motifmine.workflows.extract_fit import extract_fits
    from motifmine.workflows.extract_topics import extract_recordings, topic_settings
    from motifmine.workflows.workspace import Workspace

    settings = settings_of(
        fields,
        bin_length,
        kind=kind,
        start=start,
        name_time=name_time,
        strict=strict,
        force=force,
        seed=seed,
    )
    # `SourceType` leaves addresses as text
    live = [source for source in sources if isinstance(source, str)]
    if live or for_length is not None or keep_video is not None:
        if len(sources) > 1 or not live:
            raise click.UsageError(
                "a live source is extracted alone; --for and --keep-video are for live sources"
            )
        if n_topics is not None or start or name_time:
            raise click.UsageError("--topics, --start and --name-time are not for live sources")
        if any(fields[name] for name in ("begin", "end", "every")):
            raise click.UsageError("--from, --to and --every are not for live sources; --for is")
        _record_live(live[0], workspace, settings, for_length, keep_video)
        note_next_step(ctx, workspace)
        return
    # by content: tables, fits and series in HDF5 share a suffix
    fits = [Path(source) for source in sources if is_fit(source)]
    bin_s = settings.spec.bin_s
    outcomes = extract_fits(fits, Workspace(workspace), bin_s=bin_s, force=force)
    others = [source for source in sources if not is_fit(source)]
    with progress("extracting") as update:
        outcomes += (
            # nothing but fits: an empty list of recordings would be refused
            []
            if fits and not others
            else extract_recordings(
                others,
                Workspace(workspace),
                settings,
                topic_settings(n_topics, topic_model, seed=seed),
                workers=workers,
                on_progress=lambda now, share: update(share, 1.0, str(now)),
                on_message=note,
            )
        )
    if as_json:
        click.echo(_format_json(outcomes))
    for outcome in () if as_json else outcomes:
        # stdout has what went well, a line a document; what a person should look at is on stderr
        is_ordinary = outcome.status in ("ok", "skipped") and not outcome.is_empty
        click.echo(escape(str(outcome)), err=not is_ordinary)
    # after all others are done: one damaged file of a night must not cost the rest
    if any(outcome.status == "failed" for outcome in outcomes):
        ctx.exit(1)
    note_next_step(ctx, workspace)


def _record_live(
    address: str,
    workspace: Path,
    settings: "ExtractionSettings",
    length: "Duration | None",
    keep_video: Path | None,
) -> None:
    """Write tables of a live source as they are complete, and report each."""
    from motifmine.workflows.live import record_live
    from motifmine.workflows.workspace import Workspace

    def report(outcome: "Outcome") -> None:
        click.echo(str(outcome), err=outcome.is_empty)

    # without --for until Ctrl-C; the document that has begun is written then, too
    for_s = float("inf") if length is None else length.seconds(1.0)
    record_live(
        address,
        Workspace(workspace),
        settings,
        for_s=for_s,
        keep_video=keep_video,
        on_table=report,
        on_message=note,
    )


def _format_json(outcomes: "Sequence[Outcome]") -> str:
    """Return what became of the sources as a JSON list of objects."""
    import json
    from dataclasses import asdict

    # `more` has outcomes that are in the list themselves, `error` is for callers from Python
    rows = [
        {k: v for k, v in asdict(outcome).items() if k not in ("more", "error")}
        for outcome in outcomes
    ]
    return json.dumps(rows, indent=2, default=str)
