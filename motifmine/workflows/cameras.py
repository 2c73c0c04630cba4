"""Cameras that were moved, in what fits keep of them and in tables that are read again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from motifmine.features.video.registration import (
    Placement,
    Registration,
    choose_reference,
    move_words_back,
    spread_evenly,
)
from motifmine.io.hdf5 import store
from motifmine.records.fit import FitRecord
from motifmine.records.notes import Notes
from motifmine.records.table import ObservationTable


def notes_of_cameras(lines: Sequence[str], moved: Mapping[str, Placement]) -> Notes:
    """Return what a fit keeps of cameras that were moved; nothing without any."""
    places = {name: asdict(place) for name, place in moved.items()} if lines else {}
    return Notes(cameras=tuple(lines), moved_cameras=places)


def move_as_in_fit(record: FitRecord, table: ObservationTable) -> ObservationTable:
    """Return the table of a recording with its words moved as they were for a fit."""
    place = record.provenance.spec.notes.moved_cameras.get(table.recordings[0].name)
    return table if place is None else move_words_back(table, Placement(**place))


def registration_of_files(paths: Sequence[Path]) -> Registration:
    """Return how tables that stay in their files are registered: as if they were read together."""
    if store.read_table_vocabulary(paths[0]).layout.picture_grid() is None:
        return Registration(reference=None)
    shown = spread_evenly([path for path in paths if store.has_picture(path)])
    pictures = [store.read_table(path).picture for path in shown]
    return Registration(
        reference=choose_reference([picture for picture in pictures if picture is not None])
    )
