"""A metric over all users who were served lately, whatever served them: to see what it counts."""

from datetime import datetime

import ibis
import msgspec
from ibis.expr.types import Table

from experiments.metrics.arms import arm_values, latest
from experiments.metrics.counting import Counted, count_log
from experiments.metrics.definitions import Kind, Metric
from experiments.metrics.exclusions import DEFAULT, Exclusion
from experiments.metrics.measures import Measure
from experiments.metrics.results import ArmValue
from experiments.metrics.samples import samples
from experiments.metrics.spec import PhaseSpec, ScorecardSpec, Tracked
from experiments.metrics.terms import Term

EVERYONE = ("everyone", "nobody")
"""An analysis compares two variants at least."""
CONFIDENCE = 0.95
OF_AN_EXPERIMENT = ("experiment", "phase", "reason")


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A metric over the users first served between two times.

    `value` is the metric's, over `value.users`; `immature` users are beside them, whose window has
    not passed. `with_any` is the share of users whose numerator is above zero, and `per_user` are
    means of numerator and denominator, capped where the metric caps.
    """

    value: ArmValue
    immature: int
    with_any: ArmValue
    per_user: tuple[ArmValue, ...]


def preview(
    exposures: Table,
    events: Table,
    metric: Metric,
    *,
    since: datetime,
    until: datetime,
    exclusions: tuple[Exclusion, ...] = DEFAULT,
) -> Preview:
    """Count the metric as an experiment would that had begun at `since` and served everyone.

    Bots and staff are left out as anywhere. Raises MissingColumn.
    """
    parts = _parts(metric)
    spec = ScorecardSpec(
        experiment="preview",
        control=EVERYONE[0],
        variants=EVERYONE,
        phases=(PhaseSpec(number=1, started_at=since, weights=(1.0, 1.0)),),
        as_of=until,
        metrics=tuple(Tracked(metric=part, role="goal") for part in parts),
        tuning=1.0,
        confidence=CONFIDENCE,
        exclusions=exclusions,
    )
    named = [name for name in OF_AN_EXPERIMENT if name in exposures.columns]
    served = exposures.filter(exposures.at >= since, exposures.at <= until)
    done = events.filter(events.at >= since, events.at <= until)
    counted = count_log(served.drop(*named).mutate(variant=ibis.literal(EVERYONE[0])), done, spec)
    value, with_any, *per_user = (_value(counted, part) for part in parts)
    everyone = int(counted.moments.of(Term(None))[0, 0, -1])
    return Preview(
        value=value,
        immature=everyone - value.users,
        with_any=with_any,
        per_user=tuple(per_user),
    )


def _parts(metric: Metric) -> list[Metric]:
    """The metric, whether there was any, and what each of its measures is per user."""
    any_at_all = _like(metric, "any", "proportion", metric.numerator, None)
    means = [
        _like(metric, f"mean_{place}", "mean", measure, metric.winsorise)
        for place, measure in enumerate(metric.measures)
    ]
    return [msgspec.structs.replace(metric, key="value"), any_at_all, *means]


def _like(metric: Metric, key: str, kind: Kind, measure: Measure, cap: float | None) -> Metric:
    return Metric(
        key=key, name=key, kind=kind, numerator=measure, window=metric.window, winsorise=cap
    )


def _value(counted: Counted, metric: Metric) -> ArmValue:
    sample = samples(counted.moments, metric, counted.columns, cuped=False).pooled
    return latest(arm_values(sample, CONFIDENCE), EVERYONE)[0]
