"""How an experiment is measured and decided: chosen before it starts, then frozen. Pure.

Metrics are named by their keys, so that a metric that is defined otherwise is so in every
experiment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from experiments.exceptions import Invalid
from experiments.metrics import GUARDRAILS, Metric, Tracked
from experiments.metrics.spec import Correction, TrainingData
from experiments.stats.settings import Method

EXPLAINING = ("ctr", "clicks_per_user", "impressions_per_user", "clicked")
"""Shown with every experiment, chosen or not: what a change of a goal comes from."""

WATCHED_MARGIN = 0.1
"""Of a guardrail that nobody chose: beyond it there is no talk of safe."""

MOST_GOALS = 5
MOST_METRICS = 30
MOST_SEGMENTS = 5
LONGEST_NAME = 64
PLANNED_USERS = (200, 1_000_000_000)
CONFIDENCE = (0.8, 0.999)
LONGEST_LOOKBACK = 90
ONLY_ONCE = "a metric is a goal, a secondary or a guardrail, and only once."
E_BH_NEEDS_SEQUENTIAL = "e-BH needs the sequential method: the others have no e-value. Choose Holm."


class Guarded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A guardrail: a winner must be shown to be no worse by `margin`, a share of the control's."""

    metric: str
    margin: float = 0.05


class Measurement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first goal is the primary one. `planned_users` are those of control and a treatment.

    `lookback_days` before first exposure are CUPED's pre-period, and adjust where `cuped` says so.
    `segments` name attributes of requests.
    """

    goals: tuple[str, ...]
    secondaries: tuple[str, ...] = ()
    guardrails: tuple[Guarded, ...] = ()
    method: Method = "sequential"
    confidence: float = 0.95
    planned_users: int = 5000
    correction: Correction = "holm"
    lookback_days: int = 0
    cuped: bool = False
    segments: tuple[str, ...] = ()
    training_data: TrainingData = "own_arm"

    @property
    def chosen(self) -> tuple[str, ...]:
        """Every metric that somebody chose."""
        return (*self.goals, *self.secondaries, *(g.metric for g in self.guardrails))

    def tracked(self, metrics: Mapping[str, Metric]) -> tuple[Tracked, ...]:
        """Every metric of the scorecard: those chosen, what explains them, and what is watched.

        `metrics` has all of `needed`.
        """
        explaining = [key for key in EXPLAINING if key not in self.chosen]
        watched = [key for key in GUARDRAILS if key not in self.chosen]
        return (
            *(Tracked(metric=metrics[key], role="goal") for key in self.goals),
            *(Tracked(metric=metrics[key]) for key in (*self.secondaries, *explaining)),
            *(
                Tracked(metric=metrics[g.metric], role="guardrail", margin=g.margin)
                for g in self.guardrails
            ),
            *(
                Tracked(
                    metric=metrics[key], role="guardrail", margin=WATCHED_MARGIN, required=False
                )
                for key in watched
            ),
        )

    @property
    def needed(self) -> tuple[str, ...]:
        """The keys of all metrics that `tracked` asks for."""
        return tuple(dict.fromkeys((*self.chosen, *EXPLAINING, *GUARDRAILS)))


def check(measurement: Measurement, known: Iterable[str]) -> None:
    """Raise Invalid, naming the field, for what no experiment could be started with."""
    for fault in faults(measurement, known):
        raise fault


def faults(measurement: Measurement, known: Iterable[str]) -> tuple[Invalid, ...]:
    """All that keeps it from being started with, each with its field: `guardrails/0/margin`."""
    looked_at = (
        *_metric_faults(measurement, tuple(known)),
        *_figure_faults(measurement),
        *_method_faults(measurement),
    )
    return tuple(Invalid(remedy, field=field) for field, remedy, wrong in looked_at if wrong)


Faults = Iterable[tuple[str, str, bool]]


def _metric_faults(measurement: Measurement, known: tuple[str, ...]) -> Faults:
    one_of = f"Choose one of {', '.join(known)}."
    margin = "Give a margin above 0% and below 100%."
    chosen, places = measurement.chosen, tuple(_places(measurement))
    by_place = tuple(zip(places, chosen, strict=True))
    return (
        ("goals", "Choose the metric that decides.", not measurement.goals),
        ("goals", f"Choose at most {MOST_GOALS} goals.", len(measurement.goals) > MOST_GOALS),
        *((place, one_of, key not in known) for place, key in by_place),
        *(
            (f"guardrails/{n}/margin", margin, not 0 < guarded.margin < 1)
            for n, guarded in enumerate(measurement.guardrails)
        ),
        *(
            (place, f"{key}: {ONLY_ONCE}", key in chosen[:n])
            for n, (place, key) in enumerate(by_place)
        ),
        *(
            (place.partition("/")[0], f"Choose at most {MOST_METRICS} metrics.", True)
            for place in places[MOST_METRICS : MOST_METRICS + 1]
        ),
    )


def _places(measurement: Measurement) -> Iterator[str]:
    """Of every chosen metric, where it stands."""
    yield from (f"goals/{n}" for n in range(len(measurement.goals)))
    yield from (f"secondaries/{n}" for n in range(len(measurement.secondaries)))
    yield from (f"guardrails/{n}/metric" for n in range(len(measurement.guardrails)))


def _figure_faults(measurement: Measurement) -> Faults:
    (least, most), (low, high) = PLANNED_USERS, CONFIDENCE
    names = measurement.segments
    return (
        (
            "planned_users",
            f"Give a number of users from {least:,} to {most:,}.",
            not least <= measurement.planned_users <= most,
        ),
        (
            "confidence",
            f"Give a confidence from {low:.0%} to {high:.1%}.",
            not low <= measurement.confidence <= high,
        ),
        (
            "lookback_days",
            f"Give 0 to {LONGEST_LOOKBACK} days.",
            not 0 <= measurement.lookback_days <= LONGEST_LOOKBACK,
        ),
        ("segments", f"Choose at most {MOST_SEGMENTS} attributes.", len(names) > MOST_SEGMENTS),
        ("segments", "Name each attribute once.", len(set(names)) < len(names)),
        (
            "segments",
            f"Give each attribute's name in 1 to {LONGEST_NAME} characters.",
            not all(1 <= len(name.strip()) <= LONGEST_NAME and "\0" not in name for name in names),
        ),
    )


def _method_faults(measurement: Measurement) -> Faults:
    return (
        (
            "correction",
            E_BH_NEEDS_SEQUENTIAL,
            measurement.correction == "e_bh" and measurement.method != "sequential",
        ),
        (
            "cuped",
            "CUPED needs days before the first exposure to learn from: give 1 or more.",
            measurement.cuped and not measurement.lookback_days,
        ),
    )
