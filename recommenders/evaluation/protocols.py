"""How behaviour is held out and ranked: one frozen value that says all of it."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from recommenders.dataset import Dataset
from recommenders.evaluation import splits
from recommenders.exceptions import InvalidRequestError, NotEnoughDataError, ProtocolError

Name = Literal["temporal", "random-by-item", "random-by-user", "leave-one-out"]
NAMES: tuple[Name, ...] = get_args(Name)
MOST_NEGATIVES = 10_000


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What is held out, and what a slate is chosen from. Raises ProtocolError naming the field.

    name       temporal: the newest rows; random-by-item, random-by-user: rows drawn from those of
               each item or user; leave-one-out: each user's newest row
    held_out   share of the rows that is held out, not of leave-one-out
    days       temporal only, in place of the share: the last so many days
    seed       of all that is drawn
    repeats    whether what a user met may be shown again, and counts
    negatives  rank among the relevant items and this many drawn ones in place of all (sampled)
    """

    name: Name = "temporal"
    held_out: float = 0.1
    days: float | None = None
    seed: int = 42
    repeats: bool = False
    negatives: int | None = None

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ProtocolError("protocol", f"give one of {', '.join(NAMES)}")
        if not 0.0 < self.held_out < 1.0:
            raise ProtocolError("held_out", "give a share above 0 and below 1")
        if self.days is not None and (self.name != "temporal" or self.days <= 0):
            raise ProtocolError("days", "give a number above 0, and only with temporal")
        if self.negatives is not None and not 1 <= self.negatives <= MOST_NEGATIVES:
            raise ProtocolError("negatives", f"give a number from 1 to {MOST_NEGATIVES}")

    def split(self, data: Dataset) -> tuple[Dataset, Dataset]:
        """(train, held_out). Raises ProtocolError where the data cannot be cut like that."""
        if self.name == "leave-one-out":
            return splits.last_of_each(data)
        if self.name == "temporal":
            return self._by_time(data)
        by = splits.random_by_item if self.name == "random-by-item" else splits.random_by_user
        train, held_out = by(data, (1 - self.held_out, self.held_out), seed=self.seed)
        if not len(train) or not len(held_out):
            raise ProtocolError("held_out", f"{self.held_out:g} of so few rows leaves a part empty")
        return train, held_out

    def folds(self, train: Dataset, n: int) -> list[tuple[Dataset, Dataset]]:
        """n cuts of the training part, to choose settings on: what is held out of all is not seen.

        Drawn anew with other seeds where rows are drawn; else each cut lies before the last one.
        """
        if self.name.startswith("random"):
            drawn = [replace(self, seed=self.seed + 1 + number) for number in range(n)]
            return [protocol.split(train) for protocol in drawn]
        cuts = []
        for _ in range(n):
            train, held_out = self.split(train)
            cuts.append((train, held_out))
        return cuts

    @property
    def words(self) -> str:
        """All of it in a line."""
        share = f"{100 * self.held_out:g}%"
        last = f"the newest {share}" if self.days is None else f"the last {self.days:g} days"
        what = {
            "temporal": last,
            "random-by-item": f"{share} of each item's rows",
            "random-by-user": f"{share} of each user's rows",
            "leave-one-out": "each user's newest row",
        }[self.name]
        among = "all items" if self.negatives is None else f"{self.negatives} sampled items"
        met = "repeats count" if self.repeats else "new items only"
        return f"{self.name}: {what} held out, ranked among {among}, {met}"

    def values(self) -> dict[str, Any]:
        """As JSON can hold it; `Protocol(**values)` makes it again."""
        return asdict(self)

    def _by_time(self, data: Dataset) -> tuple[Dataset, Dataset]:
        if self.days is not None:
            return splits.last_days(data, self.days)
        try:
            return data.split_by_time(1 - self.held_out)
        except (NotEnoughDataError, InvalidRequestError) as error:
            raise ProtocolError("held_out", str(error)) from error
