"""Bodies that make a draft, or make one otherwise, as the service wants them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from api.management import references
from api.management.experiments.bodies import Condition, Hypothesis, LayerShare, RampStep
from api.management.fields import Key, Moment, Name, Reference, says
from api.problems import InvalidBody
from experiments import models, ramps
from experiments.checks import MOST_VARIANTS, VariantSpec
from experiments.drafts import Draft
from experiments.drafts import LayerShare as Shared
from experiments.exceptions import Invalid
from experiments.measurement import Measurement

MEASURED = Measurement.__struct_fields__


class NewVariant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An arm to be."""

    recommender: Annotated[Reference, says("The recommender that serves it, by its key.")]
    weight: Annotated[
        float,
        msgspec.Meta(gt=0, le=1, description="Its share of the experiment's users; all sum to 1."),
    ]
    key: Annotated[Key | None, says("Without one, its recommender's.")] = None


class NewRamp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Traffic that grows in 2 to 10 steps."""

    steps: Annotated[list[RampStep], says("Each with a larger share than the one before.")]


Placed = Annotated[Reference, says("The placement it runs on, by its key.")]
Traffic = Annotated[
    float, msgspec.Meta(ge=0.01, le=1, description="The share of the layer's users it takes.")
]
Layers = Annotated[
    list[LayerShare], msgspec.Meta(max_length=5, description="Further layers it takes part in.")
]
Arms = Annotated[
    list[NewVariant],
    msgspec.Meta(max_length=MOST_VARIANTS, description="2 to 6, the control first."),
]
Measured = Annotated[Measurement, says("How it is measured; frozen at launch.")]
Ramped = Annotated[NewRamp | None, says("How its traffic grows by itself; null: it does not.")]
Starts = Annotated[Moment | None, says("When the clock is to start it.")]
Ends = Annotated[Moment | None, says("When the clock is to stop it.")]


class NewExperiment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to be."""

    name: Name
    placement: Placed
    variants: Arms
    measurement: Measured
    key: Annotated[Key | None, says("Without one, it is made from the name.")] = None
    hypothesis: Hypothesis = ""
    traffic: Traffic = 1.0
    layers: Layers = []
    condition: Condition = None
    ramp: Ramped = None
    starts_at: Starts = None
    ends_at: Ends = None


class ExperimentChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a draft is to be different. What is given replaces what was, whole; what is left out
    stays.
    """

    name: Name | UnsetType = UNSET
    placement: Placed | UnsetType = UNSET
    variants: Arms | UnsetType = UNSET
    measurement: Measured | UnsetType = UNSET
    hypothesis: Hypothesis | UnsetType = UNSET
    traffic: Traffic | UnsetType = UNSET
    layers: Layers | UnsetType = UNSET
    condition: Annotated[
        dict[str, Any] | UnsetType | None,
        says("Whom it takes, by attributes; null: everybody."),
    ] = UNSET
    ramp: Annotated[
        NewRamp | UnsetType | None, says("How its traffic grows by itself; null: it does not.")
    ] = UNSET
    starts_at: Annotated[
        Moment | UnsetType | None, says("When the clock is to start it; null: it does not.")
    ] = UNSET
    ends_at: Annotated[
        Moment | UnsetType | None, says("When the clock is to stop it; null: it does not.")
    ] = UNSET


def draft_of(given: NewExperiment) -> Draft:
    """Raises InvalidBody, naming the field, for what is not there."""
    fields = _fields(msgspec.structs.asdict(given))
    return Draft(key=given.key, **fields)


def changed(row: models.Experiment, given: ExperimentChange) -> Draft:
    """The draft with what is given in place of what was. Raises InvalidBody as `draft_of`."""
    return Draft(**(_as_is(row) | _fields(_given(given))))


def measured(given: ExperimentChange) -> str | None:
    """The first of its fields that changes what is measured; None where it changes words alone."""
    return next((name for name in _given(given) if name not in ("name", "hypothesis")), None)


def placed(error: Invalid) -> Invalid:
    """The error with the path of its field in the body: how it is measured has an object of its
    own there.
    """
    if error.field is not None and error.field.partition("/")[0] in MEASURED:
        error.field = f"measurement/{error.field}"
    return error


def _given(change: ExperimentChange) -> dict[str, Any]:
    fields = msgspec.structs.asdict(change)
    return {name: value for name, value in fields.items() if value is not UNSET}


def _as_is(row: models.Experiment) -> dict[str, Any]:
    return {
        "name": row.name,
        "placement": row.placement,
        "variants": [
            VariantSpec(recommender=one.recommender, weight=one.weight, key=one.key)
            for one in row.variants.all()
        ],
        "measurement": row.measured,
        "hypothesis": row.hypothesis,
        "traffic": row.traffic,
        "layers": [Shared(layer=one.layer, share=one.share) for one in row.memberships.all()],
        "condition": row.condition,
        "ramp": ramps.ramp_of(row),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Those of a Draft, by the same names."""
    made = {name: _MADE[name](value) for name, value in given.items() if name in _MADE}
    return {name: value for name, value in given.items() if name != "key"} | made


def specs(given: Sequence[NewVariant], at: str = "/variants") -> list[VariantSpec]:
    """Raises InvalidBody for a recommender that is not there."""
    return [
        VariantSpec(
            recommender=references.recommender(one.recommender, f"{at}/{place}/recommender"),
            weight=exact(one.weight),
            key=one.key,
        )
        for place, one in enumerate(given)
    ]


def exact(share: float) -> Decimal:
    """The number as it was written."""
    return Decimal(repr(share))


def _layers(given: Sequence[LayerShare]) -> list[Shared]:
    return [
        Shared(layer=references.layer(one.layer, f"/layers/{n}/layer"), share=exact(one.share))
        for n, one in enumerate(given)
    ]


def ramp_of(given: NewRamp) -> ramps.Ramp:
    return ramps.Ramp(
        steps=tuple(
            ramps.Step(share=exact(step.share), hours=step.hours, users=step.users)
            for step in given.steps
        )
    )


def moment(given: datetime | None, name: str) -> datetime | None:
    """In UTC. Raises InvalidBody, naming the field, where that is beyond all calendars."""
    try:
        return None if given is None else given.astimezone(UTC)
    except OverflowError:
        raise InvalidBody(
            "Give a time of the years 1 to 9999 in UTC.", pointer=f"/{name}"
        ) from None


_MADE: dict[str, Any] = {
    "placement": lambda key: references.placement(key, "/placement"),
    "variants": specs,
    "traffic": exact,
    "layers": _layers,
    "ramp": lambda given: given and ramp_of(given),
    "starts_at": lambda given: moment(given, "starts_at"),
    "ends_at": lambda given: moment(given, "ends_at"),
}
