"""An entry of the audit trail as people read it: which fields changed, from what to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.formats import DASH
from dashboard.reading.told import fields_of, in_words, name_of
from people.models import AuditEntry


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field in words. A dash is where there was or is nothing."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """An entry with what it changed. `is_new` has no before, `is_gone` no after."""

    entry: AuditEntry
    changes: list[Change]

    @property
    def is_new(self) -> bool:
        return self.entry.before is None

    @property
    def is_gone(self) -> bool:
        return self.entry.after is None


def entry_row(entry: AuditEntry) -> EntryRow:
    return EntryRow(entry=entry, changes=changes(entry.before, entry.after))


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Change]:
    """The fields that differ, in the order they are told in, but for those that neither held nor
    hold anything.
    """
    was, now = fields_of(before), fields_of(after)
    told = [
        Change(
            field=name_of(field),
            before=in_words(field, was.get(field)),
            after=in_words(field, now.get(field)),
        )
        for field in {**was, **now}
        if field not in was or field not in now or was[field] != now[field]
    ]
    return [one for one in told if (one.before, one.after) != (DASH, DASH)]
