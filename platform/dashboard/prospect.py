"""An experiment to be in the plan: which buckets it takes, and where a user is then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from msgspec.structs import replace

from experiments import baselines, selectors
from experiments.assignment import (
    Plan,
    PlannedExperiment,
    PlannedGate,
    PlannedVariant,
    Range,
    Standing,
    Unit,
    ranges,
    standings,
)
from experiments.drafts import LayerShare
from experiments.models import Layer, Placement

KEY = "·"
"""No key of an experiment has this sign."""


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """Its arms by letter, and its share of the layers: `claims` is None of one that has no room."""

    placement: Placement
    seed: str
    held: Mapping[str, list[Range]]
    claims: Sequence[tuple[Layer, list[Range] | None]]
    overrides: Mapping[str, str]

    @property
    def fits(self) -> bool:
        return all(claim is not None for _, claim in self.claims)

    def stands(self, user: str, plan: Plan) -> Standing:
        """Where the user would be, once it runs, whatever their attributes are."""
        grown = replace(plan, experiments=(*plan.experiments, self._planned()))
        return next(one for one in standings(grown, user) if one.experiment == KEY)

    def _planned(self) -> PlannedExperiment:
        return PlannedExperiment(
            key=KEY,
            placement=self.placement.key,
            phase=1,
            seed=self.seed,
            gates=tuple(
                PlannedGate(
                    layer=layer.key,
                    seed=layer.seed,
                    unit=cast(Unit, layer.unit),
                    slots=tuple(claim or ()),
                )
                for layer, claim in self.claims
            ),
            overrides=dict(self.overrides),
            variants=tuple(
                PlannedVariant(key=letter, recommender=letter, ranges=tuple(held))
                for letter, held in self.held.items()
            ),
        )


def prospect(
    placement: Placement,
    weights: Mapping[str, Decimal],
    *,
    seed: str,
    traffic: Decimal,
    layers: Sequence[LayerShare],
    overrides: Mapping[str, str],
) -> Prospect:
    """`weights` by letter; they sum to 1."""
    wanted = [(placement.layer, traffic), *((one.layer, one.share) for one in layers)]
    return Prospect(
        placement=placement,
        seed=seed,
        held=ranges.split(weights),
        claims=[
            (layer, ranges.claim(share, selectors.taken_slots(layer))) for layer, share in wanted
        ],
        overrides=overrides,
    )


@dataclass(frozen=True, kw_only=True)
class Newcomers:
    """What the last count of a placement says of its new users. `a_day` is of the last whole days,
    None where there is none; `counted_at` None where nobody counted. `problem` says why a count
    found nothing, and `awaited` that another was asked for.
    """

    a_day: float | None = None
    counted_at: datetime | None = None
    problem: str = ""
    awaited: bool = False


def newcomers_of(placement: Placement) -> Newcomers:
    row = baselines.row_of(placement)
    if row is None:
        return Newcomers()
    counted = baselines.baseline_of(row)
    newest = counted.new_users[-7:] if counted is not None else ()
    return Newcomers(
        a_day=sum(newest) / len(newest) if newest else None,
        counted_at=row.counted_at,
        problem=row.problem,
        awaited=row.is_awaited,
    )
