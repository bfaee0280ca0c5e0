"""What must hold before a start, and what is only worth a second look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from experiments.checklist import launch_checklist, missing
from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.metrics.forecasts import Baseline
from experiments.models import Experiment, Placement, PlacementBaseline
from tests.acting import create_experiment

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def advised(experiment: Experiment) -> dict[str, bool]:
    checks = launch_checklist(experiment, now=NOW)
    return {check.text: check.ok for check in checks if not check.must}


def counted(home: Placement, *new_users: int) -> None:
    baseline = Baseline(
        placement="home",
        since=NOW - timedelta(days=len(new_users)),
        until=NOW,
        users=sum(new_users),
        new_users=new_users,
        lookback_days=0,
        lookback_covered=0,
        measured=(),
    )
    PlacementBaseline.objects.create(placement=home, body=msgspec.to_builtins(baseline))


def test_what_must_hold_comes_first(draft: Experiment) -> None:
    lines = [(c.ok, c.must) for c in launch_checklist(draft, now=NOW)]

    assert lines == [(True, True)] * 4 + [(False, False)]
    assert missing(draft, now=NOW) == []
    assert advised(draft) == {
        "No hypothesis is written down: say what you expect before you see figures.": False
    }


def test_an_end_that_has_passed_keeps_it_from_starting(draft: Experiment) -> None:
    draft.ends_at = NOW

    assert missing(draft, now=NOW) == ["Its scheduled end has passed: give a later one, or none."]


def test_odd_arms_and_shared_learning_are_pointed_out(home: Placement) -> None:
    arms = [
        VariantSpec(recommender=home.default_recommender, weight=Decimal(weight), key=key)
        for key, weight in (("control", "0.995"), ("same", "0.005"))
    ]
    draft = create_experiment(
        name="Odd",
        placement=home,
        variants=arms,
        measurement=Measurement(goals=("ctr",), training_data="shared"),
        hypothesis="Nothing happens.",
    )

    assert advised(draft) == {
        "popular serves two arms: between them this is an A/A test.": False,
        "same gets under 1% of the users, and decides late if ever.": False,
        "Arms learn from each other's clicks, so nothing is decided automatically.": False,
    }


@pytest.mark.parametrize(
    ("a_day", "ok", "said"),
    [
        (625, True, "the planned 5,000 users come in 10 days."),
        (50, False, "the planned 5,000 users come in 125 days: give it more traffic"),
    ],
)
def test_the_days_to_the_planned_users_follow_from_the_log(
    draft: Experiment, home: Placement, a_day: int, ok: bool, said: str
) -> None:
    counted(home, 9999, 9999, *[a_day] * 7)  # the first days see everybody for the first time

    found = {text: fine for text, fine in advised(draft).items() if "planned" in text}

    assert list(found.values()) == [ok]
    assert said in next(iter(found))
