"""What a recommender learns from: the behaviour in the log that the experiments it serves allow.

An event belongs to the arm whose slate it names, else to the arm that last served its user before
it. What belongs to no arm (before anybody was exposed, by users outside the experiment) is for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis
import msgspec
import pandas as pd
from ibis.expr.types import Table

from events.readers import Log
from experiments.learning import LearningRule
from recommenders.provenance import ExperimentShare

INTERACTIONS = ("click", "view", "add_to_cart", "purchase", "rating")
COLUMNS = ("user", "item", "at", "type", "value")


def read(
    log: Log, rules: Sequence[LearningRule], *, since: datetime | None = None
) -> tuple[pd.DataFrame, tuple[ExperimentShare, ...]]:
    """The columns user, item, at, type, value of all that is allowed, and what each rule says of
    it.

    Each rule is applied to all of the behaviour; what every one of them allows is learned from.
    """
    events = _interactions(log, since)
    allowed, shares = events, []
    for rule in rules:
        share, kept_out = _applied(events, log, rule)
        shares.append(share)
        if kept_out is not None:
            allowed = allowed.anti_join(kept_out, "id")
    frame: pd.DataFrame = allowed.select(*COLUMNS).to_pyarrow().to_pandas()
    return frame, tuple(shares)


def _interactions(log: Log, since: datetime | None) -> Table:
    events = log.events()
    wanted = events.filter(events.type.isin(INTERACTIONS) & events.item.notnull())
    return wanted if since is None else wanted.filter(wanted.at >= ibis.literal(since))


def _applied(events: Table, log: Log, rule: LearningRule) -> tuple[ExperimentShare, Table | None]:
    """What the rule says, and the ids that it keeps out; None where it keeps out none."""
    share = ExperimentShare(experiment=rule.experiment, policy=rule.policy, variants=rule.own)
    if rule.policy != "own_arm":
        return share, None
    of_arms = _of_arms(events, log, rule.experiment).cache()
    volumes = _volumes(of_arms)
    cap = min((volumes.get(arm, 0) for arm in rule.arms), default=0)
    share = msgspec.structs.replace(share, volumes=volumes, cap=cap)
    return share, _kept_out(of_arms, rule, cap)


def _of_arms(events: Table, log: Log, experiment: str) -> Table:
    """The events that belong to an arm: id, user, at, and the arm."""
    exposures = log.exposures()
    shown = exposures.filter(
        (exposures.experiment == experiment) & exposures.variant.notnull()
    ).select("request_id", shown_to="user", shown="variant", shown_at="at")
    slates = shown.group_by("request_id").agg(by_slate=shown.shown.min())
    last = shown.select("shown_to", "shown_at", by_user="shown")
    found = events.select("id", "user", "at", "request_id").left_join(slates, "request_id")
    found = found.select("id", "user", "at", "by_slate")
    found = found.asof_join(
        last, on=found.at >= last.shown_at, predicates=[found.user == last.shown_to]
    )
    arms = found.select("id", "user", "at", arm=ibis.coalesce(found.by_slate, found.by_user))
    return arms.filter(arms.arm.notnull())


def _volumes(of_arms: Table) -> dict[str, int]:
    counted = of_arms.group_by("arm").agg(rows=of_arms.count()).order_by("arm").to_pyarrow()
    return dict(zip(counted["arm"].to_pylist(), counted["rows"].to_pylist(), strict=True))


def _kept_out(of_arms: Table, rule: LearningRule, cap: int) -> Table:
    """All of other arms, and of its own what is over the cap.

    Users stay whole, but for the last: they are taken in an order that looks random and is the same
    for every training, each one's oldest behaviour first.
    """
    drawn = (of_arms.user + ibis.literal(f"/{rule.experiment}")).hexdigest("md5")
    order = ibis.window(group_by=of_arms.arm, order_by=[drawn, of_arms.at, of_arms.id])
    ranked = of_arms.mutate(place=ibis.row_number().over(order))
    own = ranked.arm.isin(rule.own)
    return ranked.filter(~own | (ranked.place >= cap)).select("id")
