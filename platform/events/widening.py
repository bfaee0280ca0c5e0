"""A table and the schema of this Winnow: older tables are widened, later ones are left alone."""

from collections.abc import Mapping
from pathlib import Path

from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError

from events.exceptions import LogConflict, LogTooNew
from events.records import Stream
from events.schema import SCHEMAS, VERSION

PROPERTY = "winnow.schema"
FIRST = 1  # tables from before they said so
TRIES = 5


def widened(path: Path, stream: Stream, properties: Mapping[str, str]) -> DeltaTable:
    """The table at its newest version, with every column of this Winnow, and `properties` as one
    that is made today has them.

    Killed between the columns and their version, the next call goes on. Raises LogTooNew, having
    changed nothing, for a table of a later Winnow; LogConflict where others kept committing.
    """
    for _ in range(TRIES):
        table = DeltaTable(str(path))
        version = version_of(table)
        if version > VERSION:
            raise LogTooNew(
                f"{path} was widened by a later Winnow (schema {version}; this one knows "
                f"{VERSION}). Upgrade Winnow on this host; its journals keep the rows until then."
            )
        if version == VERSION:
            return table
        _widen(table, stream, properties)
    raise LogConflict(f"{stream}: others keep committing; the table could not be widened yet")


def version_of(table: DeltaTable) -> int:
    """The version of the schema that the table was made or widened by."""
    return int(table.metadata().configuration.get(PROPERTY, FIRST))


def _widen(table: DeltaTable, stream: Stream, properties: Mapping[str, str]) -> None:
    known = {field.name for field in table.schema().fields}
    fields = Schema.from_arrow(SCHEMAS[stream]).fields
    missing = [field for field in fields if field.name not in known]
    try:
        if missing:
            table.alter.add_columns(missing)
        table.alter.set_table_properties(dict(properties), raise_if_not_exists=False)
    except (CommitFailedError, DeltaError):
        return  # another host widened it, or committed: look again
