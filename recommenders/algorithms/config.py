"""Typed hyper-parameters: one frozen dataclass per algorithm, checked when it is made.

Names are shared, so that a setting means the same everywhere: `k_neighbours`, `shrinkage`, `l2`,
`factors`, `epochs`, `learning_rate`, `half_life_days`, `history_length`, `seed`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from recommenders.algorithms.fields import Field, Value
from recommenders.exceptions import HyperparameterError, UnknownHyperparameterError

N = TypeVar("N", int, float)

__all__ = ["Config", "Field", "Value", "choice", "hyperparameter", "text", "texts"]


def hyperparameter(
    default: N,
    *,
    low: N,
    high: N,
    help: str,
    search: tuple[N, N] | None = None,
    log: bool = False,
    formerly: str | None = None,
) -> Any:
    """A number with a range and one sentence of help.

    search: the part of the range that a search tries; without it the field is left as it is.
    log: a search spreads its tries over orders of magnitude. formerly: an older name, still read
    from stored configurations.
    """
    facts = {"type": type(default), "low": low, "high": high, "log": log, "formerly": formerly}
    return _field(default, help=help, search=search, **facts)


def choice(default: str, *, choices: tuple[str, ...], help: str, searched: bool = True) -> Any:
    """One word of several."""
    return _field(default, type=str, choices=choices, help=help, searched=searched)


def text(default: str, *, says: str, wrong: Callable[[str], str | None], help: str) -> Any:
    """A text. says: what it may be; wrong: what is wrong with one, or None."""
    return _field(default, type=str, says=says, wrong=wrong, help=help)


def texts(
    default: tuple[str, ...],
    *,
    low: int,
    high: int,
    says: str,
    wrong: Callable[[str], str | None],
    help: str,
) -> Any:
    """`low` to `high` different texts, in an order that may matter; says and wrong: of each."""
    return _field(default, type=tuple, low=low, high=high, says=says, wrong=wrong, help=help)


def _field(default: Value, **facts: object) -> Any:
    return dataclasses.field(default=default, metadata={"default": default, **facts})


@dataclass(frozen=True, kw_only=True)
class Config:
    """Base of all configurations. Making one checks every field.

    Raises HyperparameterError naming the field and what it may be.
    """

    def __post_init__(self) -> None:
        for field in self.fields():
            value = getattr(self, field.name)
            if not field.accepts(value):
                raise HyperparameterError(field.name, value, field.refusal(value))
            object.__setattr__(self, field.name, field.type(value))

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """The hyper-parameters, in the order they are best shown."""
        return tuple(Field(name=one.name, **one.metadata) for one in dataclasses.fields(cls))

    @classmethod
    def search_space(cls) -> tuple[Field, ...]:
        """The hyper-parameters that a search varies."""
        return tuple(field for field in cls.fields() if field.varies)

    @classmethod
    def of(cls, algorithm: str, values: Mapping[str, object]) -> Self:
        """The configuration with these values, the rest at their defaults.

        Raises UnknownHyperparameterError or HyperparameterError.
        """
        renamed = {field.formerly: field.name for field in cls.fields() if field.formerly}
        current = {renamed.get(name, name): value for name, value in values.items()}
        known = [field.name for field in cls.fields()]
        for name in current:
            if name not in known:
                raise UnknownHyperparameterError(name, algorithm, known)
        return cls(**current)

    def values(self) -> dict[str, Value]:
        """All values by name, as JSON can hold them."""
        return dataclasses.asdict(self)
