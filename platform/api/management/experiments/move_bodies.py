"""What the moves of an experiment take."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from api.management.experiments.drafting import NewRamp
from api.management.fields import Moment, Moving, Reference, Why, says


class Shipping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who won, and why that is so."""

    winner: Annotated[Reference, says("The variant that won, by its key.")]
    rationale: Annotated[
        str, msgspec.Meta(min_length=1, max_length=4000, description="Why it is shipped.")
    ]


class Archiving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was decided: of a stopped experiment both, of any other neither."""

    decision: Annotated[
        Literal["roll_back", "inconclusive"] | None, says("What to do. To ship, ship it.")
    ] = None
    rationale: Annotated[str, msgspec.Meta(max_length=4000, description="Why.")] = ""


class Traffic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of the layer's users it is to take."""

    traffic: Annotated[
        float, msgspec.Meta(ge=0.01, le=1, description="The share of the layer's users.")
    ]
    why: Why = ""


class Ramping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ramp to begin, in the place of any other."""

    ramp: Annotated[NewRamp, says("Its steps; no share is below the present one.")]
    why: Why = ""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the clock is to start and to stop it, in the place of what was set."""

    starts_at: Annotated[
        Moment | None, says("Of a draft alone; null or left out: the clock does not start it.")
    ] = None
    ends_at: Annotated[Moment | None, says("Null: the clock does not stop it.")]
    why: Why = ""


ALL_DEFAULTS = (Moving, Archiving)
"""Those that may be left out."""
