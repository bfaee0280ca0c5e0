"""What an experiment looks like to callers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from api.management.fields import Key, Name, Share, says
from experiments.measurement import Measurement

Status = Literal["draft", "running", "paused", "stopped", "shipped", "archived"]
Move = Literal["start", "pause", "resume", "stop", "ship", "archive"]
Outcome = Literal["ship", "roll_back", "inconclusive"]
Condition = Annotated[dict[str, Any] | None, says("Whom it takes, by attributes; null: everybody.")]
Hypothesis = Annotated[
    str, msgspec.Meta(max_length=4000, description="What is expected of it, and why.")
]


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """An arm. The first of an experiment is the control."""

    key: Key
    recommender: Annotated[str, says("The recommender that serves it.")]
    weight: Annotated[Share, says("Its share of the experiment's users.")]
    killed: Annotated[bool, says("Its users have left the experiment, and go to no other arm.")]


class LayerShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further layer that an experiment takes part in: it excludes the experiments of that one
    too.
    """

    layer: Annotated[str, says("The layer's key.")]
    share: Annotated[Share, says("The share of that layer's users, 0.01 to 1.")] = 1.0


class RampStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A share of the layer's users, held for at least so long and so many users."""

    share: Annotated[Share, says("The share of the layer's users, 0.01 to 1.")]
    hours: Annotated[float, says("The least time it is held.")] = 0.0
    users: Annotated[int, says("The least number of users who meet it.")] = 0


class Ramp(msgspec.Struct, frozen=True, kw_only=True):
    """Traffic that grows in steps, and where it stands."""

    steps: Annotated[list[RampStep], says("Each with a larger share than the one before.")]
    state: Annotated[
        Literal["waiting", "climbing", "done", "rolled_back", "cancelled"],
        says("`waiting` until the experiment starts."),
    ]
    at: Annotated[int, says("The place of the step under way, from 0.")]
    since: Annotated[datetime | None, says("When that step began.")]
    why: Annotated[str, says("Why it stands there.")]


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch with fixed arms and a fixed ratio between them."""

    number: Annotated[int, says("From 1.")]
    shares: Annotated[dict[str, float], says("By variant, the share of the experiment's users.")]
    killed: Annotated[list[str], says("Variants that take nobody any more.")]
    why: Annotated[str, says("Why it was opened.")]
    started_at: Annotated[datetime, says("When it was opened.")]
    ended_at: Annotated[datetime | None, says("When the next one was opened, or all ended.")]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What people decided in the end."""

    decision: Annotated[Outcome, says("What to do.")]
    rationale: Annotated[str, says("Why.")]
    winner: Annotated[str | None, says("The variant that was shipped.")]
    by: Annotated[str, says("Who decided: a person, or `key NAME`.")]
    at: Annotated[datetime, says("When.")]


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison of recommenders on a placement."""

    key: Key
    name: Name
    hypothesis: Hypothesis
    status: Annotated[Status, says("Where it is in its life.")]
    moves: Annotated[list[Move], says("What its status allows now.")]
    placement: Annotated[str, says("The placement it runs on.")]
    layer: Annotated[str, says("The placement's layer, whose users it takes.")]
    traffic: Annotated[Share, says("The share of that layer's users that it takes.")]
    layers: Annotated[list[LayerShare], says("Further layers that it takes part in.")]
    variants: Annotated[list[Variant], says("Its arms, the control first.")]
    condition: Condition
    measurement: Annotated[Measurement, says("How it is measured; frozen at launch.")]
    ramp: Annotated[Ramp | None, says("How its traffic grows, if it does by itself.")]
    phases: Annotated[list[Phase], says("Every phase so far, the oldest first.")]
    decision: Annotated[Decision | None, says("What was decided once it had stopped.")]
    created_at: Annotated[datetime, says("When it was made.")]
    starts_at: Annotated[datetime | None, says("When the clock is to start it.")]
    ends_at: Annotated[datetime | None, says("When the clock is to stop it.")]
    started_at: Annotated[datetime | None, says("When it started.")]
    stopped_at: Annotated[datetime | None, says("When it stopped.")]
    version: Annotated[int, says("Counts its changes.")]
