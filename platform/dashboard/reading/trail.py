"""An entry of the audit trail as people read it: which fields changed, from what to what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.formats import DASH
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
    was, now = before or {}, after or {}
    told = [
        Change(field=field.replace("_", " "), before=_said(was, field), after=_said(now, field))
        for field in {**was, **now}
        if field not in was or field not in now or was[field] != now[field]
    ]
    return [one for one in told if (one.before, one.after) != (DASH, DASH)]


def _said(fields: Mapping[str, Any], field: str) -> str:
    value = fields.get(field)
    if value in (None, [], {}, ""):
        return DASH
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case [*items] if all(isinstance(item, str) for item in items):
            return ", ".join(items)
        case _:
            return json.dumps(value, ensure_ascii=False)
