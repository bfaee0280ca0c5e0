"""What routing says of a user: where they stand, and why."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Reason(StrEnum):
    """Why a user stands where they do, in the order in which it is decided."""

    OVERRIDE = "override"
    NO_EXPERIMENT = "no_experiment"
    HOLDOUT = "holdout"
    OTHER_EXPERIMENT = "other_experiment"
    OUTSIDE_TRAFFIC = "outside_traffic"
    NOT_TARGETED = "not_targeted"
    ARM_KILLED = "arm_killed"
    SPLIT = "split"


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Where one user stands on a placement. All of experiment, phase, variant and bucket are None
    but for the reasons `split` and `override`.
    """

    placement: str
    experiment: str | None
    phase: int | None
    variant: str | None
    recommender: str
    bucket: int | None
    reason: Reason


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where one user stands towards an experiment. `bucket` is that of its arms, also where the
    user gets none, and `layer_buckets` those of its layers, by layer.
    """

    experiment: str
    placement: str
    phase: int
    variant: str | None
    bucket: int
    layer_buckets: dict[str, int]
    reason: Reason
