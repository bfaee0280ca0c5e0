"""How a recommender is trained, as against what it is: these may change while it serves. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from recommenders.exceptions import InvalidTrainingSettings

LONGEST_WINDOW = 3650
MOST_LOST = 0.5


Every = Literal["off", "hourly", "daily", "weekly", "monthly"]
PAUSES: dict[Every, timedelta | None] = {
    "off": None,
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
}


class TrainingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`window_days` is how far back behaviour is read; None reads all of it.

    The next four are what cleaning goes by: the most that one person does in a day, whether items
    must be in the catalogue (where there is one), and between what ratings lie, where that is
    known.

    By `every` it is trained by the clock, so long after it was last asked for.
    A new version goes live where the gate lets it, or by hand only. The gate lets it where it is
    shown to lose at most `bound`, a share of what the live version scores.
    """

    window_days: int | None = None
    most_a_day: int = 1000
    only_catalogue: bool = True
    lowest_rating: float | None = None
    highest_rating: float | None = None
    every: Every = "off"
    promote: Literal["gate", "hand"] = "gate"
    bound: float = 0.05


def next_at(every: Every, asked_at: datetime | None, *, now: datetime) -> datetime | None:
    """When the clock trains next, given when a training was last asked for; None where never. The
    first training of all is due at once.
    """
    pause = PAUSES[every]
    if pause is None:
        return None
    return now if asked_at is None else asked_at + pause


def check(settings: TrainingSettings) -> None:
    """Raises InvalidTrainingSettings, naming the field, for what nothing can be trained by."""
    days, low, high = settings.window_days, settings.lowest_rating, settings.highest_rating
    if days is not None and not 1 <= days <= LONGEST_WINDOW:
        raise InvalidTrainingSettings(
            f"Give 1 to {LONGEST_WINDOW:,} days, or none to read all behaviour.",
            field="window_days",
        )
    if settings.most_a_day < 1:
        raise InvalidTrainingSettings("Give a whole number of 1 or more.", field="most_a_day")
    if not 0 <= settings.bound <= MOST_LOST:
        raise InvalidTrainingSettings(
            f"Give a share from 0% to {MOST_LOST:.0%} of what the live version scores.",
            field="bound",
        )
    if low is not None and high is not None and low >= high:
        raise InvalidTrainingSettings("Give more than the lowest rating.", field="highest_rating")
