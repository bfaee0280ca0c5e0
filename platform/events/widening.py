"""A table and the schema of this Winnow: older tables are widened, later ones are left alone."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from deltalake import DeltaTable, Field, Schema
from deltalake.exceptions import CommitFailedError, DeltaError

from events import commits
from events.exceptions import LogConflict, LogTooNew
from events.records import Stream
from events.schema import SCHEMAS, VERSION

PROPERTY = "winnow.schema"
FIRST = 1  # tables from before they said so
TRIES = 5


def widened(path: Path, stream: Stream, properties: Mapping[str, str]) -> DeltaTable:
    """The table at its newest version, with every column of this Winnow, and `properties` as one
    that is made today has them.

    Killed between the version and its columns, the next call goes on. Raises LogTooNew, having
    changed nothing, for a table of a later Winnow; LogConflict where others kept committing.
    """
    for _ in range(TRIES):
        table = DeltaTable(str(path))
        require_known(table)
        missing = _missing(table, stream)
        if version_of(table) == VERSION and not missing:
            return table
        _widen(table, path, missing, properties)
    raise LogConflict(f"{stream}: others keep committing; the table could not be widened yet")


def require_known(table: DeltaTable) -> None:
    """Raises LogTooNew where a later Winnow widened the table before the version seen."""
    version = version_of(table)
    if version > VERSION:
        raise LogTooNew(
            f"{table.table_uri} was widened by a later Winnow (schema {version}; this one knows "
            f"{VERSION}). Upgrade Winnow on this host; its journals keep the rows until then."
        )


def version_of(table: DeltaTable) -> int:
    """The version of the schema that the table was made or widened by."""
    return int(table.metadata().configuration.get(PROPERTY, FIRST))


def _missing(table: DeltaTable, stream: Stream) -> list[Field]:
    known = {field.name for field in table.schema().fields}
    fields = Schema.from_arrow(SCHEMAS[stream]).fields
    return [field for field in fields if field.name not in known]


def _widen(
    table: DeltaTable, path: Path, missing: list[Field], properties: Mapping[str, str]
) -> None:
    # The version first: from then on no earlier Winnow writes rows without the columns.
    with suppress(CommitFailedError, DeltaError):  # another host widened it, or committed
        if version_of(table) < VERSION:
            with commits.on_disk(table, path):
                table.alter.set_table_properties(
                    dict(properties),
                    raise_if_not_exists=False,
                    post_commithook_properties=commits.HOOKS,
                )
        if missing:
            with commits.on_disk(table, path):
                table.alter.add_columns(missing, post_commithook_properties=commits.HOOKS)
