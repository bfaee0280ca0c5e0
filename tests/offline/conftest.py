"""Files of an experiment that somebody else assigned, written row by row."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

START = datetime(2026, 3, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """A time of the files."""
    return START + timedelta(seconds=seconds)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A Parquet file of the rows."""
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def arms(**sizes: tuple[int, int]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Exposures and clicks: of each variant so many users with one item each, so many click."""
    users = [
        (variant, i, i < clickers) for variant, (n, clickers) in sizes.items() for i in range(n)
    ]
    exposures = [
        {"user": f"{variant}-{i}", "variant": variant, "at": after(i), "impressions": 1}
        for variant, i, _clicked in users
    ]
    clicks = [
        {"type": "click", "user": f"{variant}-{i}", "at": after(i + 1)}
        for variant, i, clicked in users
        if clicked
    ]
    return exposures, clicks


class Files:
    """Two files, and the command over them."""

    def __init__(self, folder: Path) -> None:
        self.exposures, self.events = folder / "exposures.parquet", folder / "events.parquet"

    def write(self, exposures: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
        write(self.exposures, exposures)
        write(self.events, events)

    def printed(self, *options: str) -> str:
        """What the command writes to standard output."""
        files = ["--exposures", str(self.exposures), "--events", str(self.events)]
        out = StringIO()
        metrics = [] if "--metrics" in options else ["--metrics", "ctr,clicks_per_user"]
        call_command("analyse", *files, *metrics, *options, stdout=out, stderr=StringIO())
        return out.getvalue()

    def analysed(self, *options: str) -> dict[str, Any]:
        """The JSON of it."""
        found: dict[str, Any] = json.loads(self.printed(*options, "--json"))
        return found

    def refused(self, *options: str) -> str:
        """What it says instead."""
        with pytest.raises(CommandError) as refusal:
            self.printed(*options)
        return str(refusal.value)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Nothing in them yet."""
    return Files(tmp_path)


@pytest.fixture
def filled(files: Files) -> Files:
    """200 users each, of whom 40 and 60 clicked."""
    files.write(*arms(control=(200, 40), new=(200, 60)))
    return files


def value(printed: dict[str, Any], metric: str) -> dict[str, float]:
    """The metric's value by variant."""
    [found] = [m for m in printed["metrics"] if m["metric"] == metric]
    return {arm["variant"]: arm["value"] for arm in found["values"]}


def users(printed: dict[str, Any]) -> dict[str, int]:
    """The users counted by variant."""
    return {arm["variant"]: arm["users"] for arm in printed["arms"]}


def notes(printed: dict[str, Any]) -> dict[str, str]:
    """What was assumed, by what it is about."""
    return {note["about"]: note["text"] for note in printed["notes"]}
