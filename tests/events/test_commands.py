import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from events import erased, health
from events.drain import Drain, drain_pid
from events.journal import Journal
from events.journal_files import stored_bytes
from events.readers import open_log
from events.records import Event, Stream

Logged = Callable[[Stream], list[str]]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _folders(settings: Settings, journal_dir: Path, log_dir: Path) -> None:
    settings.JOURNAL_DIR = journal_dir
    settings.LOG_DIR = log_dir


def run(*arguments: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_drain_once_empties_the_journals(
    journal_dir: Path, event: Callable[..., Event], logged: Logged
) -> None:
    journal = Journal(journal_dir, "events")
    journal.append([event("a"), event("b"), event("a")])
    journal.close()
    assert run("drain", "--once") == ("2 rows drained, 1 duplicates dropped.\n", "")
    assert logged("events") == ["a", "b"]


def test_drain_once_says_what_it_left_out(
    journal_dir: Path, log_dir: Path, event: Callable[..., Event], now: datetime
) -> None:
    erased.order(log_dir, "gone", before=now)
    journal = Journal(journal_dir, "events")
    journal.append([event("a"), event("b", user="gone")])
    journal.close()
    assert run("drain", "--once")[0] == (
        "1 rows drained, 0 duplicates dropped, 1 of erased people left out.\n"
    )


def test_a_second_drain_is_a_command_error(journal_dir: Path, log_dir: Path) -> None:
    with (
        Drain(journal_dir, log_dir),
        pytest.raises(CommandError, match=f"Process {os.getpid()} already drains"),
    ):
        run("drain", "--once")


def test_sigterm_finishes_what_is_there_and_ends(
    tmp_path: Path, event: Callable[..., Event]
) -> None:
    var = tmp_path / "var"
    journal = Journal(var / "journal", "events")
    env = os.environ | {"WINNOW_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen([sys.executable, "manage.py", "drain"], cwd=ROOT, env=env)
    try:
        until = time.monotonic() + 20
        while drain_pid(var / "journal") != process.pid:
            assert time.monotonic() < until
            time.sleep(0.1)
        journal.append([event("late")])
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait(10)
    journal.close()
    assert open_log(var / "log").events().id.to_pyarrow().to_pylist() == ["late"]


def test_import_events_prints_one_line_and_the_rejected_rows(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_text("user,item,at\nu,i,874724710\n,i,874724710\n")
    out, err = run("import_events", path)
    assert out == "1 events added, 0 already there, 1 rows rejected.\n"
    assert "line 3: user is required" in err
    assert run("import_events", path)[0] == "0 events added, 1 already there, 1 rows rejected.\n"


def test_import_events_maps_columns_reports_and_runs_dry(tmp_path: Path, log_dir: Path) -> None:
    path, report = tmp_path / "shop.csv", tmp_path / "rejected.csv"
    bad = ",i,874724710,x\n" * 25
    path.write_text("customer,item,at,colour\nu,i,874724710,red\n" + bad)
    arguments = (path, "--map", "user=customer", "--ignore-other-columns", "--report", report)
    out, err = run("import_events", *arguments, "--dry-run")
    assert out == "1 rows can be imported, 25 cannot. Nothing was written.\n"
    assert err.splitlines()[-1] == f"... and 5 more; all are in {report}"
    assert not log_dir.exists()
    assert run("import_events", *arguments)[0] == (
        "1 events added, 0 already there, 25 rows rejected.\n"
    )
    lines = report.read_text().splitlines()
    assert lines[:2] == ["line,field,error", "3,user,is required"]
    assert len(lines) == 26


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--map", "user"], "“user” must be FIELD=COLUMN"),
        (["--report", "{path}"], "The report would overwrite the file to import"),
        (["--report", "{path}/no"], "The report .* cannot be written"),
    ],
)
def test_import_events_refuses_options_that_cannot_be(
    tmp_path: Path, options: list[str], message: str
) -> None:
    path = tmp_path / "past.csv"
    path.write_text("user,item,at\n")
    with pytest.raises(CommandError, match=message):
        run("import_events", path, *(option.format(path=path) for option in options))
    assert path.read_text() == "user,item,at\n"


def test_import_events_refuses_with_a_command_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv cannot be read: .*No such file"):
        run("import_events", tmp_path / "none.csv")


def test_health_tells_what_is_stored_and_who_drains(
    journal_dir: Path, log_dir: Path, event: Callable[..., Event]
) -> None:
    journal = Journal(journal_dir, "events")
    journal.append([event()])
    stored = stored_bytes(journal_dir)
    assert health.check(journal_dir, bound_bytes=stored + 1) == health.Health(
        writable=True, problem=None, stored_bytes=stored, bound_bytes=stored + 1, drain_pid=None
    )
    with Drain(journal_dir, log_dir):
        assert health.check(journal_dir).drain_pid == os.getpid()
    full = health.check(journal_dir, bound_bytes=stored)
    assert not full.writable
    assert full.problem == (
        f"The journals hold {stored} bytes of at most {stored}; is the drain running?"
    )
    assert not list(journal_dir.glob("probe*"))
    journal.close()


def test_health_says_why_the_journal_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    state = health.check(tmp_path / "file" / "journal")
    assert not state.writable
    assert state.problem is not None
    assert state.problem.startswith("Cannot write in")
