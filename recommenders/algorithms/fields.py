"""A hyper-parameter as forms, searches and errors see it."""

from dataclasses import dataclass
from typing import Any

Value = int | float | str | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Field:
    """What a value may be, by `type`.

    int, float   a number from `low` to `high`, both allowed
    str          one of `choices`
    tuple        `low` to `high` different names out of `choices`

    A search varies a number within `search`, a part of that range, evenly or on a logarithmic scale
    (`log`), and a word over its choices where `searched`.
    """

    name: str
    type: type[Any]
    default: Value
    help: str
    low: int | float = 0
    high: int | float = 0
    choices: tuple[str, ...] = ()
    search: tuple[int | float, int | float] | None = None
    searched: bool = False
    log: bool = False
    formerly: str | None = None

    @property
    def varies(self) -> bool:
        """Whether a search tries other values than the default."""
        return self.searched or self.search is not None

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        if self.type is str:
            return f"choose one of {', '.join(self.choices)}"
        if self.type is tuple:
            return f"give {self.low} to {self.high} different ones of {', '.join(self.choices)}"
        kind = "a whole number" if self.type is int else "a number"
        return f"give {kind} from {self.low:g} to {self.high:g}"

    def accepts(self, value: object) -> bool:
        """Whether `value` is of the type and among what is allowed. NaN and booleans never are."""
        if self.type is str:
            return isinstance(value, str) and value in self.choices
        if self.type is tuple:
            return self._accepts_names(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.type is int and not isinstance(value, int):
            return False
        return self.low <= value <= self.high

    def _accepts_names(self, value: object) -> bool:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            return False
        alone = len(set(value)) == len(value)
        return alone and set(value) <= set(self.choices) and self.low <= len(value) <= self.high
