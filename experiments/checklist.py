"""What must hold before an experiment starts, each line in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from experiments import metric_definitions, selectors
from experiments.advice import advice
from experiments.measurement import faults
from experiments.models import Experiment, Layer
from experiments.ramps import ramp_of


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line: whether it holds, and in words what does or what to do. One that is no `must` is
    said, and keeps nothing from starting.
    """

    ok: bool
    text: str
    must: bool = True


def launch_checklist(experiment: Experiment, *, now: datetime) -> list[Check]:
    """Every check, those that hold too."""
    return [
        *_required(experiment, now),
        *(Check(ok=ok, text=text, must=False) for ok, text in advice(experiment)),
    ]


def missing(experiment: Experiment, *, now: datetime) -> list[str]:
    """What keeps it from starting, in words."""
    return [check.text for check in _required(experiment, now) if not check.ok]


def _required(experiment: Experiment, now: datetime) -> list[Check]:
    return [
        *_models(experiment),
        *_traffic(experiment),
        _measurement(experiment),
        *_schedule(experiment, now),
    ]


def _models(experiment: Experiment) -> list[Check]:
    return [
        Check(ok=True, text=f"{variant.recommender.key} answers with {variant.recommender.live}.")
        if variant.recommender.live
        else Check(
            ok=False,
            text=f"{variant.recommender.key} has no trained model yet: train it first.",
        )
        for variant in experiment.variants.select_related("recommender__live__recommender")
    ]


def _traffic(experiment: Experiment) -> list[Check]:
    ramp = ramp_of(experiment)
    wanted = max(step.share for step in ramp.steps) if ramp else experiment.traffic
    return [
        _free(experiment.layer, wanted),
        *(
            _free(membership.layer, membership.share)
            for membership in experiment.memberships.select_related("layer")
        ),
    ]


def _free(layer: Layer, wanted: Decimal) -> Check:
    free = selectors.free_share(layer)
    if wanted <= free:
        return Check(ok=True, text=f"Layer {layer} has {free:.0%} of its users free.")
    return Check(
        ok=False,
        text=(
            f"Layer {layer} has {free:.0%} of its users free and this experiment wants "
            f"{wanted:.0%}: lower its traffic or stop another experiment."
        ),
    )


def _measurement(experiment: Experiment) -> Check:
    wrong = faults(experiment.measured, metric_definitions.metrics())
    if wrong:
        return Check(ok=False, text=" ".join(fault.message for fault in wrong))
    goals = metric_definitions.named(experiment.measured.goals)
    return Check(ok=True, text=f"{goals[experiment.measured.goals[0]].name} decides.")


def _schedule(experiment: Experiment, now: datetime) -> list[Check]:
    ends_at = experiment.ends_at
    if ends_at is None or ends_at > now:
        return []
    return [Check(ok=False, text="Its scheduled end has passed: give a later one, or none.")]
