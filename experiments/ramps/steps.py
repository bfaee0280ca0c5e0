"""A ramp: traffic that grows in steps, each held for long enough and seen by enough users. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from experiments.exceptions import Invalid

if TYPE_CHECKING:
    from experiments.models import Experiment

MOST_STEPS = 10
LONGEST_HOURS = 24 * 90
MOST_USERS = 1_000_000_000
FINEST = Decimal("0.0001")  # one bucket


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A share of the layer's users, 0.01 to 1, held for at least so long and so many users."""

    share: Decimal
    hours: float = 0.0
    users: int = 0


class Ramp(msgspec.Struct, frozen=True, kw_only=True):
    """`at` is the place of the step under way, `since` when it began, and `why` the reason of the
    state it is in: of a climbing one, what it waits for.
    """

    steps: tuple[Step, ...]
    state: Literal["waiting", "climbing", "done", "rolled_back", "cancelled"] = "waiting"
    at: int = 0
    since: datetime | None = None
    why: str = ""

    @property
    def step(self) -> Step:
        """The step under way."""
        return self.steps[self.at]

    @property
    def top(self) -> Decimal:
        """The largest share it comes to."""
        return self.steps[-1].share


def check(ramp: Ramp) -> None:
    """Raise Invalid, naming the field, for what could not be climbed."""
    if not 2 <= len(ramp.steps) <= MOST_STEPS:
        raise Invalid(f"Give 2 to {MOST_STEPS} steps.", field="ramp/steps")
    last = Decimal(0)
    for index, step in enumerate(ramp.steps):
        field = f"ramp/steps/{index}"
        if not Decimal("0.01") <= step.share <= 1 or step.share % FINEST:
            raise Invalid("Give a share from 1% to 100% in steps of 0.01%.", field=f"{field}/share")
        if step.share <= last:
            raise Invalid("Give a larger share than the step before.", field=f"{field}/share")
        if not 0 <= step.hours <= LONGEST_HOURS:
            raise Invalid(f"Give 0 to {LONGEST_HOURS:,} hours.", field=f"{field}/hours")
        if not 0 <= step.users <= MOST_USERS:
            raise Invalid(f"Give 0 to {MOST_USERS:,} users.", field=f"{field}/users")
        last = step.share


def ramp_of(experiment: Experiment) -> Ramp | None:
    """The experiment's ramp as it stands, or None without one."""
    return None if experiment.ramp is None else msgspec.convert(experiment.ramp, Ramp)


def begun(ramp: Ramp, *, now: datetime) -> dict[str, Any]:
    """The ramp at its first step, as the database keeps it."""
    return kept(Ramp(steps=ramp.steps, state="climbing", since=now))


def kept(ramp: Ramp) -> dict[str, Any]:
    """The ramp as the database keeps it."""
    builtins: dict[str, Any] = msgspec.to_builtins(ramp)
    return builtins


def dropped(ramp: Ramp | None, why: str) -> dict[str, Any] | None:
    """As the database keeps it: a ramp under way is cancelled, any other stays as it is."""
    if ramp is None:
        return None
    if ramp.state == "climbing":
        ramp = msgspec.structs.replace(ramp, state="cancelled", why=why)
    return kept(ramp)


def restarted(ramp: Ramp | None, *, now: datetime) -> dict[str, Any] | None:
    """As the database keeps it: the step of a ramp under way begins anew, any other stays."""
    if ramp is None:
        return None
    if ramp.state == "climbing":
        ramp = msgspec.structs.replace(ramp, since=now, why="")
    return kept(ramp)
