"""Why an item was recommended, as a value."""

from dataclasses import dataclass
from typing import Literal

BECAUSE = "Because of "
AGAIN = "Chosen before"
DRAWN = "Drawn at random, to learn who likes it"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """kind `popular`: `people` met the item. kind `because`: `item` of the history led to it. kind
    `alike`: `people` with a similar history met it. kind `random`: it was drawn. kind `again`: the
    person met it before.
    """

    kind: Literal["popular", "because", "alike", "random", "again"]
    item: str | None = None
    people: int | None = None

    def words(self) -> str:
        """The reason in plain words, with the item's id."""
        if self.kind == "because":
            return f"{BECAUSE}{self.item}"
        if self.kind == "again":
            return AGAIN
        if self.kind == "random":
            return DRAWN
        words = f"Chosen by {self.people:,} " + ("person" if self.people == 1 else "people")
        return f"{words} with similar taste" if self.kind == "alike" else words


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What one item of the history adds to the score of the item explained; may be negative."""

    item: str
    amount: float


def led_by(words: str) -> str | None:
    """The item that the words of a reason name; None where they name none."""
    return words.removeprefix(BECAUSE) if words.startswith(BECAUSE) else None
