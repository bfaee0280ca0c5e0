"""Typed hyper-parameters: one frozen dataclass per algorithm, checked when it is made."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from recommenders.exceptions import HyperparameterError, UnknownHyperparameterError

N = TypeVar("N", int, float)


@dataclass(frozen=True, kw_only=True)
class Field:
    """A hyper-parameter as a form shows it; `low` and `high` are both allowed."""

    name: str
    type: type[int] | type[float]
    default: int | float
    low: int | float
    high: int | float
    help: str

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        kind = "a whole number" if self.type is int else "a number"
        return f"give {kind} from {self.low:g} to {self.high:g}"

    def accepts(self, value: object) -> bool:
        """Whether `value` is of the type and inside the range. NaN and booleans never are."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.type is int and not isinstance(value, int):
            return False
        return self.low <= value <= self.high


def hyperparameter(default: N, *, low: N, high: N, help: str) -> Any:
    """A dataclass field with a range and one sentence of help."""
    facts = {"type": type(default), "default": default, "low": low, "high": high, "help": help}
    return dataclasses.field(default=default, metadata=facts)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Base of all configurations. Making one checks every field.

    Raises HyperparameterError naming the field and what it may be.
    """

    def __post_init__(self) -> None:
        for field in self.fields():
            value = getattr(self, field.name)
            if not field.accepts(value):
                raise HyperparameterError(field.name, value, field.allowed)
            object.__setattr__(self, field.name, field.type(value))

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """The hyper-parameters, in the order they are best shown."""
        return tuple(Field(name=one.name, **one.metadata) for one in dataclasses.fields(cls))

    @classmethod
    def of(cls, algorithm: str, values: Mapping[str, object]) -> Self:
        """The configuration with these values, the rest at their defaults.

        Raises UnknownHyperparameterError or HyperparameterError.
        """
        known = [field.name for field in cls.fields()]
        for name in values:
            if name not in known:
                raise UnknownHyperparameterError(name, algorithm, known)
        return cls(**values)

    def values(self) -> dict[str, int | float]:
        """All values by name, as JSON can hold them."""
        return dataclasses.asdict(self)
