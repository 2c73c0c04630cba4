"""Rounds of a run that looks for new files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from motifmine.archive import run
from motifmine.archive.storage import Storage


def test_a_watched_archive_keeps_no_cluster_while_there_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    n_jobs = iter([2, 3, 0, 0, 1])

    @contextmanager
    def cluster(*_: object) -> Iterator[object]:
        happened.append("up")
        try:
            yield object()
        finally:
            happened.append("down")

    def run_plan(_plan: Any, _output: Any, run_queue: Any, *_: object, **_more: object) -> None:
        run_queue(SimpleNamespace(n_jobs=next(n_jobs)))

    monkeypatch.setattr(run, "local_cluster", cluster)
    monkeypatch.setattr(run, "run_plan", run_plan)
    monkeypatch.setattr(run, "run_queue", lambda *_: happened.append("jobs"))
    rounds = run.run_archive(SimpleNamespace, Storage(str(tmp_path)), every_s=0)  # type: ignore[arg-type]
    for _ in range(5):
        next(rounds)
    assert happened == ["up", "jobs", "jobs", "down", "up", "jobs"]
    rounds.close()  # type: ignore[attr-defined]
    assert happened[-1] == "down"
