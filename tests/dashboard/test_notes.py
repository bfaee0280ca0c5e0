"""Quiet notes on the scorecard: each only where it applies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from msgspec.structs import replace

from dashboard.reading.notes import card_notes, metric_notes, phase_words
from experiments.metrics.results import MetricResult, PhaseResult, Scorecard
from experiments.models import Experiment
from tests.dashboard.factories import START, comparison, metric, phased_by, scorecard, snapshot_of


def phased(*numbers: int, card: Scorecard | None = None) -> Scorecard:
    """A scorecard over those phases."""
    phases = tuple(
        PhaseResult(number=n, started_at=START, weights=(0.5, 0.5), users=(2500, 2500))
        for n in numbers
    )
    return replace(card or scorecard(), phases=phases, phase=numbers[-1])


def weighed(*weights: tuple[float | None, ...]) -> MetricResult:
    """A metric with a treatment per tuple of phase weights."""
    names = ("item-knn", "conv-ctr")
    return metric(
        "ctr",
        *(
            replace(comparison(name), phase_weights=each)
            for name, each in zip(names, weights, strict=False)
        ),
    )


def test_an_arm_that_was_not_in_every_phase_says_so() -> None:
    card = phased_by(
        scorecard(comparison(), comparison("conv-ctr")), (1, 1, 0), (1, 1, 1), (1, 0, 1), (1, 0, 1)
    )

    assert card_notes(card)[1:] == (
        "item-knn was taken out in phase 3: compared is what was seen in phases 1 and 2.",
        "conv-ctr takes users in phases 2 to 4 only, and is compared with the control of then.",
    )
    assert card_notes(phased_by(card, (1, 1, 1), (1, 1, 1)))[1:] == ()


def test_a_metric_says_where_an_arm_was_not_and_what_the_control_came_to() -> None:
    card = phased_by(scorecard(comparison(), comparison("conv-ctr")), (1, 1, 0), (1, 0, 1))
    knn, conv = (comparison(name) for name in ("item-knn", "conv-ctr"))
    then = replace(metric().values[0], value=0.04)
    held = metric(
        "ctr",
        replace(knn, phase_weights=(1.0, None), left_out=(None, "not_in_phase")),
        replace(conv, phase_weights=(None, 1.0), left_out=("not_in_phase", None), against=then),
    )

    assert metric_notes(card, held) == (
        "item-knn: not in phase 2",
        "conv-ctr: not in phase 1, against 4.00% of popular then",
    )


def test_a_plain_metric_has_no_notes() -> None:
    assert metric_notes(scorecard(), metric()) == ()
    assert card_notes(scorecard()) == ()
    assert phase_words(scorecard()) == "phase 1"


def test_users_whose_window_has_not_passed_are_counted() -> None:
    waiting = replace(metric(), immature=(200, 112))

    assert metric_notes(scorecard(), waiting) == ("312 users not in: window not passed",)
    assert metric_notes(scorecard(), replace(metric(), immature=(0, 1))) == (
        "1 user not in: window not passed",
    )
    assert metric_notes(scorecard(), replace(metric(), immature=(0, 0))) == ()


@pytest.mark.parametrize(
    ("caps", "currency", "says"),
    [
        ((312.0,), None, "capped at 312 per user"),
        ((1240.0,), None, "capped at 1,240 per user"),
        ((2.5,), None, "capped at 2.50 per user"),
        ((99.5,), "EUR", "capped at 99.50 EUR per user"),
        ((12.0, 400.0), None, "capped at 12 / 400 per user"),
        ((99.5, 4.0), "EUR", "capped at 99.50 EUR / 4 per user"),
    ],
)
def test_where_totals_are_cut_off_is_said(
    caps: tuple[float, ...], currency: str | None, says: str
) -> None:
    capped = replace(metric(style="number"), caps=caps, currency=currency)

    assert metric_notes(scorecard(), capped) == (says,)


def test_without_a_cap_nothing_is_said() -> None:
    assert metric_notes(scorecard(), replace(metric(), caps=(None, None))) == ()


@pytest.mark.parametrize(("days", "says"), [(14.0, "14 days"), (1.0, "1 day"), (0.5, "0.5 days")])
def test_cuped_is_said_with_its_days(days: float, says: str) -> None:
    adjusted = replace(scorecard(), cuped=True, lookback_days=days)

    assert card_notes(adjusted) == (f"Adjusted by CUPED with the {says} before first exposure.",)
    assert card_notes(replace(adjusted, cuped=False)) == ()


def test_several_phases_are_combined_with_weights() -> None:
    card = phased(1, 2)

    assert card_notes(card) == (
        "Two phases, each compared within itself and combined: the more precise counts more.",
    )
    assert metric_notes(card, weighed((0.38, 0.62))) == ("phases count 38% and 62%",)
    assert metric_notes(card, weighed((None, 1.0))) == ("phase 1 left out",)
    assert metric_notes(card, weighed((None, None))) == ()


def test_a_phase_left_out_of_three_leaves_two_weights() -> None:
    assert metric_notes(phased(1, 2, 3), weighed((None, 0.25, 0.75))) == (
        "phase 1 left out, phases count 25% and 75%",
    )


def test_treatments_that_weigh_phases_otherwise_say_so_each() -> None:
    card = phased(1, 2)

    assert metric_notes(card, weighed((0.38, 0.62), (0.5, 0.5))) == (
        "item-knn: phases count 38% and 62%",
        "conv-ctr: phases count 50% and 50%",
    )
    assert metric_notes(card, weighed((0.4, 0.6), (0.4, 0.6))) == ("phases count 40% and 60%",)


def test_phases_are_named() -> None:
    assert phase_words(phased(2)) == "phase 2"
    assert phase_words(phased(1, 2)) == "phases 1 and 2"
    assert phase_words(phased(1, 2, 3, 4)) == "phases 1 to 4"
    assert phase_words(phased(1, 2, 4)) == "phases 1, 2 and 4"


def test_the_page_shows_them_under_the_metric_and_at_the_foot(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment()
    card = replace(phased(1, 2), cuped=True, lookback_days=14.0)
    goal = replace(weighed((0.38, 0.62)), immature=(200, 112), caps=(12.0, 400.0))
    adjusted = tuple(
        replace(c, results=(*c.results, *(replace(r, cuped=True) for r in c.results)))
        for c in goal.comparisons
    )
    snapshot_of(experiment, replace(card, metrics=(replace(goal, comparisons=adjusted),)))

    page = browser.get(experiment.get_absolute_url()).content.decode()

    assert (
        "<span>clicks / impressions</span><span>312 users not in: window not passed</span>" in page
    )
    assert "<span>capped at 12 / 400 per user</span>" in page
    assert "<span>phases count 38% and 62%</span>" in page
    assert "Adjusted by CUPED with the 14 days before first exposure. Two phases, " in page
    assert "Lift against A popular, phases 1 and 2, " in page
