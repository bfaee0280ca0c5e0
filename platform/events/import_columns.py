"""Which column of a file is which field of an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imports.exceptions import ImportRefused
from imports.mapping import check_mapping, require_columns

REQUIRED = ("user", "item", "at")
FIELDS = (*REQUIRED, "type", "value", "id", "request_id", "properties")
KNOWN = f"The columns are {', '.join(FIELDS)}; all but {', '.join(REQUIRED)} may be absent"


@dataclass(frozen=True, kw_only=True)
class Columns:
    """How a file names the fields: `named["user"]` is the column that holds the user.

    A field that is not in `named` has a column of its own name, if any. Columns that are no field's
    are refused, or left out with `ignore_others`. Raises ImportRefused for a mapping of no field.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    ignore_others: bool = False
    _fields: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        check_mapping(self.named, fields=FIELDS, required=REQUIRED)
        self._fields.update({self.named.get(name, name): name for name in reversed(FIELDS)})
        self._fields.update({column: name for name, column in self.named.items()})

    def fields_of(self, header: Sequence[str]) -> dict[str, str]:
        """The field by column. Raises ImportRefused for a header that does not fit."""
        used = [name for name in header if name in self._fields]
        try:
            require_columns(header, used, self.named, REQUIRED)
        except ImportRefused as error:
            raise ImportRefused(f"{error}. {KNOWN}") from None
        return {name: field for name in header if (field := self.field_of(name))}

    def field_of(self, column: str) -> str | None:
        """The field that the column holds; None to leave it out. Raises ImportRefused."""
        name = self._fields.get(column)
        if name is None and not self.ignore_others:
            raise ImportRefused(f"the column “{column}” is not known. {KNOWN}")
        return name
