"""Where an import meets the log: which rows of a chunk are new, and the commit that adds them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from events.backlog import waiting_ids
from events.delta import LogTable
from events.erased import StandingOrders
from events.exceptions import LogConflict, LogDamaged
from events.mending import REMEDY
from events.newcomers import ids_since
from events.paths import literally
from imports.exceptions import ImportRefused

APP_ID = "import"
ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Rows of one commit. An id that was made of its row has the row's day; where any were given
    (`ids_given`), the same may lie on any other.
    """

    rows: pa.Table
    ids_given: bool


class Added(NamedTuple):
    """How many rows came into the log, and how many are of people erased since the import began."""

    added: int
    erased: int


def add(table: LogTable, journal_dir: Path, orders: StandingOrders, chunk: Chunk) -> Added:
    """Commit those rows that are neither in the table nor in a journal, nor of somebody erased.

    Raises ImportRefused where others kept committing rows of the same ids, LogDamaged where a file
    of the log is gone.
    """
    for _ in range(ATTEMPTS):
        table.refresh()
        wanted = replace(chunk, rows=orders.rows_without_erased(chunk.rows))
        waiting = waiting_ids(journal_dir, table.stream, table.committed)
        try:
            fresh = _without(_not_in(table, wanted), waiting)
            if fresh.num_rows:
                check = partial(_require_wanted, table, orders, fresh)
                table.append(fresh, {APP_ID: table.committed(APP_ID) + 1}, check=check)
        except LogConflict:
            continue  # a drain, an erasure or another host's import: perhaps the same rows
        erased = chunk.rows.num_rows - wanted.rows.num_rows
        return Added(added=fresh.num_rows, erased=erased)
    raise ImportRefused("Others keep committing to the log. Run one import at a time.")


def _require_wanted(table: LogTable, orders: StandingOrders, rows: pa.Table) -> None:
    """Raises LogConflict where one of the rows was committed since the version seen, or is of
    somebody who is to be erased since.
    """
    if orders.rows_without_erased(rows).num_rows < rows.num_rows:
        raise LogConflict("somebody is to be erased")
    if _without(rows, ids_since(table)).num_rows < rows.num_rows:
        raise LogConflict("another commit brought an event of the same id")


def _not_in(table: LogTable, chunk: Chunk) -> pa.Table:
    rows, files = chunk.rows, _files_to_search(table, chunk)
    if not files:
        return rows
    with duckdb.connect() as connection:
        connection.register("chunk", rows.select(["id"]))
        # Only the chunk's ids are held in memory; the log's, which may be any number, pass by.
        query = "SELECT id FROM read_parquet(?) SEMI JOIN chunk USING (id)"
        try:
            known = connection.execute(query, [literally(files)]).to_arrow_table()["id"]
        except duckdb.IOException:
            _require_there(table, files)
            raise
    return _without(rows, [known.combine_chunks()])


def _require_there(table: LogTable, files: Sequence[str]) -> None:
    """Raises LogDamaged for a file that is gone, or LogConflict where it was meant to go."""
    gone = next((file for file in files if not Path(file).exists()), None)
    if gone is not None:
        table.refresh()
        if gone in table.files():
            raise LogDamaged(f"{gone} is gone. {REMEDY}")
        raise LogConflict(f"{gone} was replaced meanwhile")


def _without(rows: pa.Table, ids: Iterable[pa.Array | list[str]]) -> pa.Table:
    for some in ids:
        known = pa.array(some, pa.string())
        rows = rows.filter(pc.invert(pc.is_in(rows["id"], value_set=known)))
    return rows


def _files_to_search(table: LogTable, chunk: Chunk) -> list[str]:
    if chunk.ids_given:
        return table.files()
    days = pc.min_max(chunk.rows["day"]).as_py()
    return table.files(since=days["min"].isoformat(), until=days["max"].isoformat())
