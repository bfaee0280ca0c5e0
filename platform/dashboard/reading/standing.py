"""Where a user stands in each experiment, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.assignment import Plan, Reason, Standing

WHY = {
    Reason.SPLIT: "in it, by chance",
    Reason.OVERRIDE: "sees it by an override; analysis leaves that out",
    Reason.HOLDOUT: "a holdout keeps this user out",
    Reason.OTHER_EXPERIMENT: "another experiment of a layer holds this user",
    Reason.OUTSIDE_TRAFFIC: "outside its share of traffic",
    Reason.NOT_TARGETED: "the attributes do not meet its condition",
    Reason.ARM_KILLED: "the arm was killed, and its users left",
    Reason.NO_EXPERIMENT: "no experiment on this placement",
}


@dataclass(frozen=True, kw_only=True)
class StandingRow:
    """`hue` is the suffix of the arm's colour; empty, as `letter`, where the user sees no arm."""

    standing: Standing
    why: str
    letter: str
    layers: tuple[tuple[str, int], ...]

    @property
    def hue(self) -> str:
        return self.letter.lower()


def standing_rows(standings: Sequence[Standing], plan: Plan) -> list[StandingRow]:
    """A row an experiment of the plan, those the user is in first."""
    arms = {e.key: [variant.key for variant in e.variants] for e in plan.experiments}
    rows = [
        StandingRow(
            standing=one,
            why=WHY[one.reason],
            letter="ABCDEF"[arms[one.experiment].index(one.variant)] if one.variant else "",
            layers=tuple(one.layer_buckets.items()),
        )
        for one in standings
    ]
    return sorted(rows, key=lambda row: not row.letter)
