"""Where in a condition something is, and what is refused there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.exceptions import Invalid

DEEPEST = 10
LONGEST_ECHO = 64  # characters of a name that the caller made up


@dataclass(frozen=True, slots=True)
class Where:
    """The steps to a part of a condition, as a relative JSON pointer (RFC 6901)."""

    field: str = "condition"
    depth: int = 0

    def step(self, name: str | int) -> Where:
        """The part that is called `name` there."""
        escaped = str(name).replace("~", "~0").replace("/", "~1")
        return Where(field=f"{self.field}/{escaped}", depth=self.depth)

    def deeper(self) -> Where:
        """The same place, one level down. Raises Invalid below the deepest one."""
        if self.depth == DEEPEST:
            raise self.refused(f"A condition is nested at most {DEEPEST} levels deep.")
        return Where(field=self.field, depth=self.depth + 1)

    def refused(self, message: str) -> Invalid:
        return Invalid(message, field=self.field)


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def short(name: str) -> str:
    return name if len(name) <= LONGEST_ECHO else f"{name[:LONGEST_ECHO]}…"
