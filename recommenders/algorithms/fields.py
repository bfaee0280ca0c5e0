"""A hyper-parameter as forms, searches and errors see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Value = int | float | str | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Field:
    """What a value may be, by `type`.

    int, float   a number from `low` to `high`, both allowed
    str          one of `choices`, or a text of which `wrong` says nothing
    tuple        `low` to `high` different texts of which `wrong` says nothing

    A search varies a number within `search`, a part of that range, evenly or on a logarithmic scale
    (`log`), and a word over its choices where `searched`. `says` is what a text may be, in words,
    and `wrong` what is wrong with one, None where nothing is.
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
    says: str = ""
    wrong: Callable[[str], str | None] | None = None

    @property
    def varies(self) -> bool:
        """Whether a search tries other values than the default."""
        return self.searched or self.search is not None

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        if self.type is tuple:
            return f"give {self.low} to {self.high}, all different; each: {self.says}"
        if self.type is str:
            return self.says or f"choose one of {', '.join(self.choices)}"
        kind = "a whole number" if self.type is int else "a number"
        return f"give {kind} from {self.low:g} to {self.high:g}"

    def accepts(self, value: object) -> bool:
        """Whether `value` is of the type and among what is allowed. NaN and booleans never are."""
        if self.type is str:
            return isinstance(value, str) and self._takes(value)
        if self.type is tuple:
            return self._accepts_texts(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.type is int and not isinstance(value, int):
            return False
        return self.low <= value <= self.high

    def refusal(self, value: object) -> str:
        """What is allowed, and what is wrong with the text that is refused."""
        texts = [value] if isinstance(value, str) else value if _is_list(value) else []
        assert isinstance(texts, list | tuple)  # noqa: S101  (for the type checker)
        told = [self.wrong(one) for one in texts if isinstance(one, str)] if self.wrong else []
        return "; ".join([self.allowed, *(one for one in told if one)])

    def _takes(self, text: str) -> bool:
        return text in self.choices if self.wrong is None else self.wrong(text) is None

    def _accepts_texts(self, value: object) -> bool:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            return False
        alone = len(set(value)) == len(value)
        return alone and self.low <= len(value) <= self.high and all(map(self._takes, value))


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)
