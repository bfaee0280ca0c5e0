"""The two commands that import a file take the same options and say the same of the same file."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from pytest_django import Settings

from recommenders.models import Item

pytestmark = pytest.mark.django_db

FORMATS = ("csv", "jsonl", "parquet")
COMMANDS = ("import_items", "import_events")
# Columns of both kinds of files, by names of a shop.
MAPPED = {
    "import_items": ["--map", "item=sku", "--map", "title=name"],
    "import_events": ["--map", "item=sku", "--map", "user=name", "--ignore-other-columns"],
}
ROWS: list[dict[str, Any]] = [
    {"sku": "i1", "name": "First", "at": 1},
    {"sku": None, "name": "x", "at": 2},
    {"sku": "i3", "name": "n" * 513, "at": 3},
]
LONG = {"import_items": ("title", 512), "import_events": ("user", 256)}


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.LOG_DIR = tmp_path / "log"


def run(*arguments: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def write(folder: Path, kind: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"shop.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        cells = [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
        path.write_text("\n".join([",".join(rows[0]), *cells]))
    return path


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_dry_run_writes_nothing_and_reports_by_line_field_and_reason(
    tmp_path: Path, settings: Settings, command: str, kind: str
) -> None:
    path, report = write(tmp_path, kind, ROWS), tmp_path / "rejected.csv"
    out, err = run(command, path, *MAPPED[command], "--dry-run", "--report", report)

    header = 1 if kind == "csv" else 0
    field, longest = LONG[command]
    assert out == "1 rows can be imported, 2 cannot. Nothing was written.\n"
    *said, too_long = report.read_text().splitlines()
    assert said == ["line,field,error", f"{header + 2},item,is required"]
    assert too_long.startswith(f"{header + 3},{field},must be ")
    assert too_long.endswith(f" of 1 to {longest} characters")
    assert err.splitlines()[0] == f"line {header + 2}: item is required"
    assert not settings.LOG_DIR.exists()
    assert not Item.objects.exists()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("command", COMMANDS)
def test_an_import_takes_the_good_rows_and_counts_the_others(
    tmp_path: Path, command: str, kind: str
) -> None:
    path = write(tmp_path, kind, ROWS)
    out, _ = run(command, path, *MAPPED[command])

    what = {
        "import_items": "1 items added, 0 brought up to date",
        "import_events": "1 events added, 0 already there",
    }
    assert out == f"{what[command]}, 2 rows rejected.\n"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--map", "item"], "“item” must be FIELD=COLUMN, such as"),
        (["--map", "item=a", "--map", "item=b"], "“item” is mapped twice"),
        (["--map", "item=a", "--map", "colour=b"], "“colour” is no field; those are"),
        (["--map", "item=none"], "shop.csv: the column “none” is missing"),
        (
            ["--map", "{other}=item"],
            "“{other}” takes the column “item”, and no column is left for item: map that too, by",
        ),
        (["--report", "{path}"], "The report would overwrite the file to import"),
        (["--report", "{path}/no"], "The report .* cannot be written"),
    ],
)
def test_options_that_cannot_be_are_refused(
    tmp_path: Path, command: str, options: list[str], message: str
) -> None:
    path = write(tmp_path, "csv", ROWS)
    before = path.read_text()
    words = {"path": path, "other": LONG[command][0]}
    with pytest.raises(CommandError, match=message.format(**words)):
        run(command, path, *(option.format(**words) for option in options))
    assert path.read_text() == before


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("command", COMMANDS)
def test_text_that_is_not_utf8_spoils_its_own_row_in_every_format(
    tmp_path: Path, command: str, kind: str
) -> None:
    path = write(tmp_path, kind, [ROWS[0], ROWS[0] | {"name": "latin"}, ROWS[0] | {"sku": "i2"}])
    if kind == "parquet":
        table = pq.read_table(path)
        names = pa.array([b"First", b"l\xe9tin", b"First"], pa.binary()).view(pa.string())
        pq.write_table(table.set_column(1, "name", names), path)
    else:
        path.write_bytes(path.read_bytes().replace(b"latin", b"l\xe9tin"))
    out, err = run(command, path, *MAPPED[command], "--dry-run")

    assert out == "2 rows can be imported, 1 cannot. Nothing was written.\n"
    line = 3 if kind == "csv" else 2
    assert err == f"line {line}: is not UTF-8 (byte 0xE9): save the file as UTF-8\n"


PLACES = {  # where each command writes a chunk
    "import_items": "recommenders.services._upsert",
    "import_events": "events.appending.pq.write_table",
}
AGAIN = (
    "What came in so far stays; run the same command again for the rest: nothing is added twice."
)


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "The import was interrupted. "),
        (OSError(28, "No space left on device"), 1, "[Errno 28] No space left on device. Put that"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_stops_an_import_is_said_with_what_to_do_and_the_import_can_be_repeated(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    failure: BaseException,
    code: int,
    said: str,
) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise failure

    path = write(tmp_path, "csv", ROWS)
    with monkeypatch.context() as patch:
        patch.setattr(PLACES[command], fails)
        with pytest.raises(CommandError) as stopped:
            run(command, path, *MAPPED[command])
    assert said in str(stopped.value)
    assert str(stopped.value).endswith(AGAIN)
    assert stopped.value.returncode == code

    out, _ = run(command, path, *MAPPED[command])
    assert out.startswith("1 ")


def test_a_full_database_stops_an_import_of_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("recommenders.services._upsert", full)
    with pytest.raises(CommandError, match=r"The import stopped: database or disk is full. Put "):
        run("import_items", write(tmp_path, "csv", ROWS), *MAPPED["import_items"])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_report_that_a_full_disk_does_not_take_is_said(tmp_path: Path, command: str) -> None:
    path = write(tmp_path, "csv", ROWS)
    with pytest.raises(CommandError, match=r"The import stopped: .*No space left on device"):
        run(command, path, *MAPPED[command], "--report", "/dev/full")


def test_a_lost_file_of_the_log_is_named_with_the_remedy(
    tmp_path: Path, settings: Settings
) -> None:
    path = write(tmp_path, "csv", ROWS)
    run("import_events", path, *MAPPED["import_events"])
    [file] = settings.LOG_DIR.glob("events/day=*/*.parquet")
    file.rename(tmp_path / "kept.parquet")
    with pytest.raises(CommandError, match=f"{file} is gone. Put it back, or let Delta forget it"):
        run("import_events", path, *MAPPED["import_events"])
    (tmp_path / "kept.parquet").rename(file)
    out, _ = run("import_events", path, *MAPPED["import_events"])
    assert out == "0 events added, 1 already there, 2 rows rejected.\n"
