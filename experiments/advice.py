"""What is worth a second look before an experiment starts, and keeps nothing from starting."""

from __future__ import annotations

from experiments import baselines
from experiments.assignment import BUCKETS
from experiments.models import Experiment, Variant

LONG_DAYS = 60


def advice(experiment: Experiment) -> list[tuple[bool, str]]:
    """Lines in words, each with whether it is fine as it is."""
    variants = list(experiment.variants.select_related("recommender"))
    lines = [
        _hypothesis(experiment),
        _same_recommender(variants),
        _thin_arm(variants),
        _shared_training(experiment),
        _days(experiment, variants),
    ]
    return [line for line in lines if line is not None]


def _hypothesis(experiment: Experiment) -> tuple[bool, str] | None:
    if experiment.hypothesis:
        return None
    return False, "No hypothesis is written down: say what you expect before you see figures."


def _same_recommender(variants: list[Variant]) -> tuple[bool, str] | None:
    names = [variant.recommender.key for variant in variants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not twice:
        return None
    return False, f"{' and '.join(twice)} serves two arms: between them this is an A/A test."


def _thin_arm(variants: list[Variant]) -> tuple[bool, str] | None:
    thin = [v.key for v in variants if v.weight * BUCKETS < BUCKETS // 100]
    if not thin:
        return None
    return False, f"{' and '.join(thin)} gets under 1% of the users, and decides late if ever."


def _shared_training(experiment: Experiment) -> tuple[bool, str] | None:
    if experiment.measured.training_data != "shared":
        return None
    return False, "Arms learn from each other's clicks, so nothing is decided automatically."


def _days(experiment: Experiment, variants: list[Variant]) -> tuple[bool, str] | None:
    """At the pace of the newest counted days, for the control and the smallest treatment."""
    row = baselines.row_of(experiment.placement)
    counted = None if row is None else baselines.baseline_of(row)
    newest = counted.new_users[-7:] if counted is not None else ()
    pair = variants[0].weight + min(variant.weight for variant in variants[1:])
    a_day = sum(newest) / len(newest) * float(experiment.traffic * pair) if newest else 0.0
    if not a_day:
        return None
    planned = experiment.measured.planned_users
    days = planned / a_day
    said = f"At the pace of the last days the planned {planned:,} users come in {days:,.0f} days"
    if days <= LONG_DAYS:
        return True, f"{said}."
    return False, f"{said}: give it more traffic, or plan for a larger effect."
