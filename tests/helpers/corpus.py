"""Small files of every format that is read."""

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from datetime import date, time
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather
from scipy.io import savemat

from motifmine.io.hdf5 import store
from motifmine.io.tdoc import write_tdoc
from motifmine.simulation import simulate
from tests.helpers.clips import moving_square, write_clip, write_sound
from tests.helpers.fit_records import lane_record

EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT><TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="500"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="1250"/>
<TIME_SLOT TIME_SLOT_ID="c" TIME_VALUE="4000"/><TIME_SLOT TIME_SLOT_ID="d"/></TIME_ORDER>
<TIER TIER_ID="hand">
<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b">
<ANNOTATION_VALUE>wave</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="c" TIME_SLOT_REF2="d">
<ANNOTATION_VALUE>never timed</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="nod">
<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="b" TIME_SLOT_REF2="c">
<ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>
"""
TEXTGRID = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 4
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 4
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = ""
        intervals [2]:
            xmin = 1.5
            xmax = 2.25
            text = "say ""so"""
    item [2]:
        class = "TextTier"
        name = "click"
        xmin = 0
        xmax = 4
        points: size = 1
        points [1]:
            number = 3.5
            mark = "click"
'''
BORIS = {
    "behaviors_conf": {
        "0": {"code": "rest", "type": "State event"},
        "1": {"code": "peck", "type": "Point event"},
    },
    "observations": {
        "one": {
            "events": [
                [1.0, "hen", "rest", "", ""],
                [2.0, "", "peck", "", ""],
                [4.5, "hen", "rest", "", ""],
            ]
        }
    },
}

N = 40
VALUES = np.array([[20 + n / 8, 990 - n] for n in range(N)])
TIMES = [f"2026-03-02T08:{n:02d}:00Z" for n in range(N)]


def rows() -> list[dict[str, object]]:
    return [
        {"time": t, "temp": a, "power": b} for t, (a, b) in zip(TIMES, VALUES.tolist(), strict=True)
    ]


def write_feather(path: Path) -> None:
    feather.write_feather(pa.Table.from_pylist(rows()), path)


def write_arrow_times(path: Path) -> None:
    stamps = pa.array(TIMES).cast(pa.timestamp("ms", "UTC"))
    table = pa.table({"time": stamps, "temp": VALUES[:, 0], "power": VALUES[:, 1]})
    feather.write_feather(table, path, compression="uncompressed", chunksize=7)


def write_json_lines(path: Path) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows()) + "\n\n")


def write_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE log (time TEXT, temp REAL, power REAL)")
        base.executemany("INSERT INTO log VALUES (:time, :temp, :power)", rows())


def write_excel(path: Path, above: Sequence[list[str]] = (), below: Sequence[str] = ()) -> None:
    """Write a workbook with rows above the names of the columns, and one below them."""
    head = [*above, ["time", "temp", "power"], *([list(below)] if below else [])]
    write_workbook(path, [*head, *(list(row.values()) for row in rows())])


def write_workbook(path: Path, table: Sequence[Sequence[object]]) -> None:
    """Write a workbook of two sheets, as small as the format allows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"

    def sheet(table: Sequence[Sequence[object]]) -> str:
        body = ""
        for row in table:
            cells = (
                f"<c><v>{x!r}</v></c>"
                if isinstance(x, float)
                else f'<c t="inlineStr"><is><t>{x}</t></is></c>'
                for x in row
            )
            body += f"<row>{''.join(cells)}</row>"
        return f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'

    names = ("second", "log") if path.stem == "two" else ("log", "second")
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{relations}/worksheet" Target="worksheets/{name}.xml"/>'
        for n, name in enumerate(names, 1)
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{sheets}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{links}</Relationships>',
        )
        archive.writestr("xl/worksheets/log.xml", sheet(table))
        archive.writestr("xl/worksheets/second.xml", sheet([["nothing", "here"], [1.0, 2.0]]))


def write_edf(path: Path, seconds: int = 20) -> np.ndarray:
    """Write two signals of 128 Hz and one of 1 Hz, and return the first two."""
    edfio = pytest.importorskip("edfio")
    wave = np.sin(np.arange(seconds * 128)[:, None] * [0.01, 0.02]) * 50
    make = edfio.BdfSignal if path.suffix == ".bdf" else edfio.EdfSignal
    signals = [
        make(column, 128, label=f"EEG {name}", physical_dimension="uV")
        for name, column in zip("AB", wave.T, strict=True)
    ]
    signals.append(make(np.linspace(20, 21, seconds), 1, label="temperature"))
    record = edfio.Bdf if path.suffix == ".bdf" else edfio.Edf
    recording = edfio.Recording(startdate=date(2026, 3, 1))
    record(signals, starttime=time(10, 30), recording=recording).write(path)
    return wave


def write_midi(path: Path) -> None:
    mido = pytest.importorskip("mido")
    song = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000))
    track.append(mido.Message("note_on", note=60, velocity=80, time=480))
    track.append(mido.Message("note_on", channel=9, note=36, velocity=80, time=240))
    # struck again, ended by a velocity of 0, and one that never ends
    track.append(mido.Message("note_on", note=60, velocity=80, time=240))
    track.append(mido.Message("note_on", note=60, velocity=0, time=480))
    song.tracks.append(track)
    song.save(path)


def make_corpus(folder: Path) -> list[Path]:
    """Write one whole file of every reader, a table and a fit; return their paths."""
    table = simulate(n_times=200, seed=1).table
    store.write_table(folder / "table.h5", table.document(0))
    store.write_fit(folder / "fit.h5", lane_record())
    write_tdoc(folder / "words.tdoc", table.document(0))
    seconds, numbers = np.arange(500.0), np.random.default_rng(0).random((500, 3))
    np.save(folder / "a.npy", numbers)
    np.savez_compressed(folder / "b.npz", time=seconds, a=numbers[:, 0])
    pq.write_table(pa.table({"time": seconds, "a": numbers[:, 0]}), folder / "c.parquet")
    lines = [
        f"2026-03-01T00:{i // 60:02d}:{i % 60:02d},{r[0]:.3f},x" for i, r in enumerate(numbers)
    ]
    (folder / "d.csv").write_text("time,a,b\n" + "\n".join(lines) + "\n")
    (folder / "d.csv.gz").write_bytes(gzip.compress((folder / "d.csv").read_bytes()))
    with h5py.File(folder / "series.h5", "w") as file:
        file["time"], file["a"] = seconds, numbers[:, 0]
    write_sound(folder / "e.wav")
    for name in ("f.mp4", "g.mkv", "h.avi", "i.ts"):
        write_clip(folder / name, moving_square(12))
    write_feather(folder / "j.feather")
    write_json_lines(folder / "k.jsonl")
    write_sqlite(folder / "l.sqlite")
    write_excel(folder / "m.xlsx")
    write_edf(folder / "n.edf")
    write_midi(folder / "o.mid")
    savemat(folder / "p.mat", {"time": np.arange(N) / 4.0, "temp": VALUES[:, 0]})
    (folder / "q.eaf").write_text(EAF)
    (folder / "r.TextGrid").write_text(TEXTGRID)
    (folder / "s.boris").write_text(json.dumps(BORIS))
    return sorted(folder.iterdir())
