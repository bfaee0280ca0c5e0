"""Folders whose names mean something to Delta Lake or DuckDB."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from events import unwanted
from events.data_files import files_of, open_table
from events.delta import LogTable
from events.drain import Drain
from events.exceptions import LogFolderRefused
from events.importing import import_events
from events.readers import open_log
from events.records import Event
from events.schema import to_table
from events.window import load_window

MakeEvent = Callable[..., Event]


@pytest.mark.parametrize(
    ("name", "neighbour"),
    [("a*", "ab"), ("a?", "ab"), ("a[1]", "a1"), ("[a]*?", "abc"), ("**", "a")],
)
def test_a_folder_named_like_a_pattern_is_not_taken_for_its_neighbours(
    name: str, neighbour: str, tmp_path: Path, event: MakeEvent
) -> None:
    log_dir = tmp_path / name
    table = LogTable(log_dir, "events")
    table.append(to_table("events", [event("mine")]), {"j": 1})
    shutil.copytree(log_dir, tmp_path / neighbour)
    for copy in (tmp_path / neighbour).rglob("*.parquet"):
        pq.write_table(to_table("events", [event("theirs")]).drop_columns(["day"]), copy)
    file = tmp_path / "past.csv"
    file.write_text("user,item,at,id\nu,i,874724710,mine\n")

    imported = import_events(
        file, log_dir=log_dir, journal_dir=tmp_path / "journal", now=event().received_at
    )

    assert (imported.added, imported.already_there) == (0, 1)
    assert open_log(log_dir).events().id.to_pyarrow().to_pylist() == ["mine"]
    window = load_window(table, event().at.date())
    assert window.seen(["mine", "theirs"]) == [True, False]
    held = open_table(log_dir, "events")
    assert held
    files = files_of(held)
    assert unwanted.duplicates(held, "events", files, files) == {}
    later = datetime(2100, 1, 1, tzinfo=UTC)
    gone = unwanted.of_person(held, "events", files, event().user, before=later)
    assert {path: list(rows) for path, rows in gone.items()} == {files[0].path: [0]}


@pytest.mark.parametrize("name", ["a%20b", "100%", "a\\b"])
def test_a_folder_that_delta_would_look_for_elsewhere_is_refused(
    name: str, tmp_path: Path, event: MakeEvent
) -> None:
    log_dir = tmp_path / name
    for call in (
        lambda: LogTable(log_dir, "events"),
        lambda: open_log(log_dir),
        lambda: Drain(tmp_path / "journal", log_dir),
    ):
        with pytest.raises(LogFolderRefused, match="set WINNOW_VAR to a folder without one"):
            call()
    assert list(tmp_path.iterdir()) == []
