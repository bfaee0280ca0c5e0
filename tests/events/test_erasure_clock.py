"""Erasing people by a clock that was wrong, or is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from events import erased
from events.delta import LogTable
from events.drain import Drain
from events.erasure import Found, erase, find
from events.journal import Journal
from events.journal_erasure import blot_out, waiting
from events.records import Event, Exposure, Stream, encode
from events.schema import to_table

MakeEvent = Callable[..., Event]
Logged = Callable[[Stream], list[str]]
HOUR = timedelta(hours=1)


def test_rows_that_a_fast_clock_took_are_found_and_go(
    log_dir: Path,
    journal_dir: Path,
    event: MakeEvent,
    exposure: Callable[..., Exposure],
    now: datetime,
    logged: Logged,
) -> None:
    fast, since = now + HOUR, now + timedelta(seconds=1)
    rows = [event("fast", user="u", at=fast, received_at=fast), event("other", received_at=fast)]
    rows += [event("before", user="u"), event("since", user="u", received_at=since)]
    LogTable(log_dir, "events").append(to_table("events", rows), {"x": 1})
    shown = [exposure("r", user="u", at=fast, received_at=None)]
    LogTable(log_dir, "exposures").append(to_table("exposures", shown), {"x": 1})

    assert find(log_dir, journal_dir, "u", before=now) == Found(events=2, exposures=1)
    for stream in ("events", "exposures"):
        erase(log_dir, stream, "u", before=now)

    assert logged("events") == ["other", "since"]
    assert logged("exposures") == []
    assert find(log_dir, journal_dir, "u", before=now) == Found(events=0, exposures=0)


def test_records_that_a_fast_clock_wrote_into_a_journal_are_found_and_go(
    log_dir: Path, journal_dir: Path, event: MakeEvent, now: datetime
) -> None:
    journal = Journal(journal_dir, "events")
    journal.append([event("fast", user="u", received_at=now + HOUR), event("b", user="here")])
    assert waiting(log_dir, journal_dir, "u", before=now)["events"] == {"fast"}
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    assert blot_out(log_dir, journal_dir, "u", before=now) == 1
    [path] = journal_dir.glob("*.journal")
    assert b'"fast"' not in path.read_bytes()
    assert encode([event("b", user="here")])[1:-1] in path.read_bytes()
    journal.close()


def test_what_an_order_of_a_fast_clock_leaves_out_is_counted_and_said(
    log_dir: Path,
    journal_dir: Path,
    event: MakeEvent,
    now: datetime,
    logged: Logged,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    erased.order(log_dir, "u", before=now + HOUR)
    [order] = (log_dir / "erased").iterdir()
    journal = Journal(journal_dir, "events")
    journal.append([event("a", user="u"), event("b", user="here")])
    with Drain(journal_dir, log_dir) as drain:
        [commit] = drain.once()
        assert (commit.rows, commit.erased) == (1, 1)
        assert "1 records of people who were erased are left out." in caplog.messages
        [warned] = [r.message for r in caplog.records if r.levelno == logging.WARNING]
        assert "the clock was set back" in warned
        assert order.name.partition(".")[2] in warned

        order.unlink()  # as it says
        erased.order(log_dir, "u", before=now)
        journal.append([event("c", user="u", received_at=now + timedelta(seconds=1))])
        assert [(c.rows, c.erased) for c in drain.once()] == [(1, 0)]
    assert logged("events") == ["b", "c"]
    journal.close()


def test_an_order_of_the_past_is_no_warning(
    log_dir: Path,
    journal_dir: Path,
    event: MakeEvent,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    erased.order(log_dir, "u", before=now)
    journal = Journal(journal_dir, "events")
    journal.append([event("a", user="u")])
    journal.close()
    with Drain(journal_dir, log_dir) as drain:
        assert [c.erased for c in drain.once()] == [1]
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []
