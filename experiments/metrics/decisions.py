"""From a scorecard's parts to what to do, with the figures to say along with it."""

from collections.abc import Sequence

from msgspec.structs import asdict

from experiments.metrics.deciding import decide, decide_experiment
from experiments.metrics.evidence import Evidence, Goal, Guard
from experiments.metrics.presence import gone_since
from experiments.metrics.results import Check, Decision, Headline, MetricResult, Verdict
from experiments.metrics.spec import ScorecardSpec


def decisions(
    spec: ScorecardSpec,
    metrics: Sequence[MetricResult],
    checks: Sequence[Check],
) -> tuple[Verdict, tuple[Verdict, ...]]:
    """About the experiment, and about each treatment."""
    found = [_evidence(spec, metrics, checks, i) for i in range(len(spec.treatments))]
    each = {e.variant: _verdict(decide(e), spec, metrics) for e in found}
    return each[decide_experiment(found).variant], tuple(each.values())


def _evidence(
    spec: ScorecardSpec,
    metrics: Sequence[MetricResult],
    checks: Sequence[Check],
    treatment: int,
) -> Evidence:
    return Evidence(
        variant=spec.treatments[treatment],
        goals=tuple(_goal(m, treatment) for m in metrics if m.role == "goal"),
        guardrails=tuple(g for m in metrics if (g := _guard(m, treatment)) is not None),
        failed_checks=tuple(check.name for check in checks if check.healthy is False),
        planned_reached=planned_users(metrics, treatment) >= spec.tuning,
        method=spec.method,
        training_data=spec.training_data,
        gone_since=gone_since(spec, treatment + 1),
    )


def planned_users(metrics: Sequence[MetricResult], treatment: int) -> int:
    """Users of a treatment, and of the control in its phases, who count in every metric that
    decides.

    Of one with a window those whose window has passed: the others may still change what it says.
    """
    deciding = [m for m in metrics if m.role == "goal" or (m.role == "guardrail" and m.required)]
    return min(_users_of_pair(m, treatment) for m in deciding)


def _users_of_pair(metric: MetricResult, treatment: int) -> int:
    control = metric.comparisons[treatment].against or metric.values[0]
    return control.users + metric.values[treatment + 1].users


def _goal(metric: MetricResult, treatment: int) -> Goal:
    found = metric.comparisons[treatment]
    return Goal(
        metric=metric.metric,
        name=metric.name,
        reading=found.reading,
        adjusted_p_value=found.adjusted_p_value,
        effect=found.decided("absolute").effect,
    )


def _guard(metric: MetricResult, treatment: int) -> Guard | None:
    found = metric.comparisons[treatment].guardrail
    if found is None:
        return None
    return Guard(
        metric=metric.metric, name=metric.name, state=found.state, required=metric.required
    )


def _verdict(decision: Decision, spec: ScorecardSpec, metrics: Sequence[MetricResult]) -> Verdict:
    key = decision.metrics[0] if decision.metrics else spec.primary
    metric = next(m for m in metrics if m.metric == key)
    found = metric.comparison(decision.variant)
    lift = found.decided("relative")
    return Verdict(
        **asdict(decision),
        headline=Headline(
            metric=metric.metric,
            name=metric.name,
            effect=lift.effect,
            low=lift.low,
            high=lift.high,
            p_value=found.adjusted_p_value,
            floor=found.floor,
        ),
    )
