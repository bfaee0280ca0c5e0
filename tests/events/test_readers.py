from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from events.delta import LogTable
from events.drain import Drain
from events.frames import pack
from events.journal import Journal
from events.readers import Freshness, open_log
from events.records import Event, Exposure, Stream
from events.schema import SCHEMAS, to_table

MakeEvent = Callable[..., Event]


@pytest.mark.parametrize("created", [False, True])
def test_a_missing_or_empty_log_reads_as_empty_tables_of_the_right_shape(
    log_dir: Path, created: bool
) -> None:
    if created:
        for stream in SCHEMAS:
            LogTable(log_dir, stream)
    log = open_log(log_dir)
    version = 0 if created else -1
    assert log.versions == {"events": version, "exposures": version}
    assert log.events().to_pyarrow().schema == SCHEMAS["events"]
    assert log.exposures().to_pyarrow().schema == SCHEMAS["exposures"]
    assert log.exposures().count().to_pyarrow().as_py() == 0
    assert log_dir.exists() == created


@pytest.mark.parametrize("stream", ["events", "exposures"])
def test_rows_come_back_as_written_and_with_their_day(
    log_dir: Path, event: MakeEvent, exposure: Callable[..., Exposure], stream: Stream
) -> None:
    record = event(value=None) if stream == "events" else exposure()
    LogTable(log_dir, stream).append(to_table(stream, [record]), {"x": 1})
    log = open_log(log_dir)
    table = (log.events() if stream == "events" else log.exposures()).to_pyarrow()
    assert table.schema == SCHEMAS[stream]
    [row] = table.to_pylist()
    assert row["day"] == record.at.date()
    assert row["at"] == record.at
    if stream == "events":
        assert row["properties"] == [("colour", '"red"'), ("size", "3"), ("new", "true")]
    else:
        assert row["items"] == [
            {"id": "i1", "score": 0.5, "propensity": 1.0},
            {"id": "i2", "score": 0.25, "propensity": 0.5},
        ]
        assert row["attributes"] == [("country", "NL")]


def test_the_day_is_that_of_at_in_utc(log_dir: Path, event: MakeEvent) -> None:
    midnight = event().at.replace(hour=0, minute=0, second=0)
    before = midnight - timedelta(microseconds=1)
    LogTable(log_dir, "events").append(
        to_table("events", [event("a", at=before), event("b", at=midnight)]), {"x": 1}
    )
    events = open_log(log_dir).events()
    days = events.order_by("id").select("day").to_pyarrow().column("day").to_pylist()
    assert days == [before.date(), midnight.date()]


def test_a_log_stays_at_its_version_and_both_tables_can_be_joined(
    log_dir: Path, event: MakeEvent, exposure: Callable[..., Exposure]
) -> None:
    events = LogTable(log_dir, "events")
    events.append(to_table("events", [event("a")]), {"x": 1})
    LogTable(log_dir, "exposures").append(to_table("exposures", [exposure("r1")]), {"x": 1})
    log = open_log(log_dir)
    events.append(to_table("events", [event("b")]), {"x": 2})
    assert log.versions == {"events": 1, "exposures": 1}
    joined = log.exposures().inner_join(log.events(), "request_id").select("id", "variant")
    assert joined.to_pyarrow().to_pylist() == [{"id": "a", "variant": "item-knn"}]
    assert open_log(log_dir).events().count().to_pyarrow() == pa.scalar(2)


def test_a_folder_with_spaces_quotes_and_letters_of_any_language_reads(
    tmp_path: Path, event: MakeEvent
) -> None:
    folder = tmp_path / "d'été 1"
    LogTable(folder, "events").append(to_table("events", [event("a")]), {"x": 1})
    assert open_log(folder).events().id.to_pyarrow().to_pylist() == ["a"]


def test_freshness_tells_the_last_commit_and_what_waits(
    journal_dir: Path, log_dir: Path, event: MakeEvent
) -> None:
    now = event().at
    nothing = Freshness(committed_at=None, age=None, backlog_bytes=0, lag=0.0)
    assert open_log(log_dir).freshness(now, journal_dir=journal_dir)["events"] == nothing
    journal = Journal(journal_dir, "events")
    journal.append([event("a")])
    with Drain(journal_dir, log_dir) as drain:
        drain.once()
    journal.append([event("b", received_at=now + timedelta(seconds=5))])
    journal.append([event("c", received_at=now + timedelta(seconds=9))])
    [size] = {path.stat().st_size // 3 for path in journal_dir.glob("*.journal")}
    log = open_log(log_dir)
    fresh = log.freshness(now + timedelta(seconds=10), journal_dir=journal_dir)["events"]
    assert fresh.committed_at is not None
    assert fresh.committed_at >= now
    assert fresh.age == (now + timedelta(seconds=10) - fresh.committed_at).total_seconds()
    assert fresh.backlog_bytes == 2 * size
    assert fresh.lag == 5.0
    journal.close()


def test_an_exposure_waits_since_it_came_whatever_its_caller_s_clock_says(
    journal_dir: Path, log_dir: Path, exposure: Callable[..., Exposure]
) -> None:
    now = exposure().at
    journal = Journal(journal_dir, "exposures")
    shown = now - timedelta(days=3)
    journal.append([exposure("r", at=shown, received_at=now - timedelta(seconds=4))])
    fresh = open_log(log_dir).freshness(now, journal_dir=journal_dir)["exposures"]
    assert fresh.lag == 4.0
    journal.close()


def test_an_exposure_of_a_journal_from_before_they_said_when_they_came_is_read(
    journal_dir: Path, log_dir: Path, exposure: Callable[..., Exposure]
) -> None:
    record = exposure("r")
    fields = msgspec.to_builtins(record)
    del fields["received_at"]
    journal = Journal(journal_dir, "exposures")
    journal.append([exposure("other")])
    [path] = journal_dir.glob("*.journal")
    path.write_bytes(pack(msgspec.json.encode([fields])))
    journal.close()
    later = record.at + timedelta(seconds=4)
    assert open_log(log_dir).freshness(later, journal_dir=journal_dir)["exposures"].lag == 4.0

    with Drain(journal_dir, log_dir) as drain:
        drain.once()

    rows = open_log(log_dir).exposures().select("request_id", "at", "received_at").to_pyarrow()
    assert rows.to_pylist() == [{"request_id": "r", "at": record.at, "received_at": None}]
