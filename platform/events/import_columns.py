"""Which column of a file is which field of an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from events.exceptions import ImportRefused

REQUIRED = ("user", "item", "at")
FIELDS = (*REQUIRED, "type", "value", "id", "request_id", "properties")
KNOWN = f"The columns are {', '.join(FIELDS)}; all but {', '.join(REQUIRED)} may be absent."


@dataclass(frozen=True, kw_only=True)
class Columns:
    """How a file names the fields: `named["user"]` is the column that holds the user.

    A field that is not in `named` has a column of its own name, if any. Columns that are no field's
    are refused, or left out with `ignore_others`. Raises ImportRefused for a mapping of no field.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    ignore_others: bool = False

    def __post_init__(self) -> None:
        for name in self.named:
            if name not in FIELDS:
                raise ImportRefused(f"{name!r} is no field of an event. {KNOWN}")
        if len(set(self.named.values())) < len(self.named):
            raise ImportRefused("A column is mapped to two fields.")

    def fields_of(self, header: Sequence[str]) -> list[str | None]:
        """For each column its field, or None to leave it out. Raises ImportRefused."""
        fields = [self.field_of(name) for name in header]
        found = [name for name in fields if name]
        for name in dict.fromkeys((*REQUIRED, *self.named)):
            if name not in found:
                raise ImportRefused(f"column {self.named.get(name, name)!r} is missing. {KNOWN}")
        if len(set(found)) < len(found):
            raise ImportRefused(f"a column is there twice. {KNOWN}")
        return fields

    def field_of(self, column: str) -> str | None:
        """The field that the column holds; None to leave it out. Raises ImportRefused."""
        for name, mapped in self.named.items():
            if mapped == column:
                return name
        if column in FIELDS and column not in self.named:
            return column
        if self.ignore_others:
            return None
        raise ImportRefused(f"column {column!r} is not known. {KNOWN}")


def parse_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """From `user=customer_id` and the like. Raises ImportRefused."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not name or not column:
            raise ImportRefused(f"{pair!r} must be FIELD=COLUMN, such as user=customer_id.")
        if name in mapping:
            raise ImportRefused(f"{name!r} is mapped twice.")
        mapping[name] = column
    return mapping
