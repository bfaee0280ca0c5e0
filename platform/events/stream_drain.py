"""The drain's work for one stream: collect, drop duplicates, commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from events.collector import Collector
from events.delta import LogTable
from events.erased import StandingOrders
from events.mending import mend_from_journals
from events.newcomers import KnownIds
from events.paths import require_usable
from events.records import Record, Stream
from events.schema import to_table
from events.window import load_window

BATCH_ROWS = 50_000


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What one commit did. `erased` counts what orders to erase people left out.

    `lag` is the age in seconds, at commit, of its oldest row. `more` says that the batch was full:
    there is a backlog.
    """

    stream: Stream
    version: int
    rows: int
    duplicates: int
    erased: int
    lag: float
    more: bool

    def __str__(self) -> str:
        return (
            f"{self.stream}: version {self.version}, {self.rows} rows, "
            f"{self.duplicates} duplicates dropped, {self.erased} of erased people left out, "
            f"lag {self.lag:.1f} s"
        )


class StreamDrain:
    """State between commits; all of it can be had again from the table, and is after an error."""

    def __init__(
        self, journal_dir: Path, log_dir: Path, stream: Stream, *, batch_rows: int = BATCH_ROWS
    ) -> None:
        require_usable(log_dir)
        self.stream = stream
        self._journal_dir = journal_dir
        self._log_dir = log_dir
        self._batch_rows = batch_rows
        self._orders = StandingOrders(log_dir)
        self._state: tuple[LogTable, Collector, KnownIds] | None = None

    def commit_batch(self) -> Commit | None:
        """Commit at most about `batch_rows` rows; None if there was nothing to commit.

        On any error what this object knew is forgotten, as the commit may have happened or not.
        """
        try:
            return self._commit_batch()
        except BaseException:
            self._state = None
            raise

    def _commit_batch(self) -> Commit | None:
        table, collector, known = self._open()
        batch = collector.collect(self._batch_rows)
        if not batch.offsets:
            return None
        now = datetime.now(UTC)
        today = now.date()
        kept = self._orders.without_erased(batch.records, now=now)
        known.follow(today)
        fresh = _without_duplicates(kept, known)
        ids = [record.key for record in fresh]
        table.append(
            to_table(self.stream, fresh),
            batch.offsets,
            done=batch.removed,
            check=lambda: known.require_new(ids, today),
        )
        known.add(ids)
        return Commit(
            stream=self.stream,
            version=table.version,
            rows=len(fresh),
            duplicates=len(kept) - len(fresh),
            erased=len(batch.records) - len(kept),
            lag=_lag(batch.records),
            more=batch.more,
        )

    def _open(self) -> tuple[LogTable, Collector, KnownIds]:
        if self._state is None:
            mend_from_journals(self._log_dir / self.stream, self._journal_dir)
            table = LogTable(self._log_dir, self.stream)
            known = KnownIds(table, load_window(table, datetime.now(UTC).date()))
            collector = Collector(self._journal_dir, self._log_dir, self.stream, table.committed)
            self._state = table, collector, known
        return self._state


def _without_duplicates(records: Sequence[Record], known: KnownIds) -> list[Record]:
    first = {record.key: record for record in reversed(records)}
    ids = list(reversed(first))
    return [first[id_] for id_, seen in zip(ids, known.seen(ids), strict=True) if not seen]


def _lag(records: Sequence[Record]) -> float:
    if not records:
        return 0.0
    return (datetime.now(UTC) - min(record.taken_at for record in records)).total_seconds()
