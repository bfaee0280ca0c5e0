"""The page of an experiment's ramp and end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils.timezone import now
from msgspec.structs import replace

from experiments import moves
from experiments.models import Experiment
from experiments.moves.row import moving
from experiments.ramps import Ramp, Step, kept, ramp_of
from people.actors import RAMP
from people.models import AuditEntry
from serving import plans
from tests.acting import TESTER
from tests.dashboard.factories import START
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

PAGE = "/experiments/learned-ranking/"
CLOCK = f"{PAGE}clock/"
STEPS = (
    Step(share=Decimal("0.1"), hours=24, users=1000),
    Step(share=Decimal("0.25")),
    Step(share=Decimal("0.5")),
)


@pytest.fixture
def running(make_experiment: Callable[..., Experiment]) -> Experiment:
    """At 10% of the layer, without a ramp."""
    return make_experiment(traffic="0.1")


@pytest.fixture
def climbing(running: Experiment) -> Experiment:
    return moves.set_ramp(running, ramp=Ramp(steps=STEPS), now=START, actor=TESTER)


def steps(*shares: str) -> dict[str, str]:
    return {f"ramp-{n}-share": share for n, share in enumerate(shares)}


def test_without_a_ramp_one_can_be_begun_from_the_present_share(
    browser: Client, running: Experiment
) -> None:
    page = browser.get(CLOCK).content.decode()
    assert 'name="ramp-0-share" value="10"' in page
    assert "It has 10% of home now: begin with that or more; 90% is free" in text(browser, CLOCK)

    sent = steps("10", "", "25", "50") | {"ramp-0-hours": "24", "ramp-0-users": "1000"}
    answer = browser.post(f"{CLOCK}ramp/", sent | {"why": "Slowly."}, follow=True)

    assert b"The ramp is at its first step." in answer.content
    running.refresh_from_db()
    ramp = ramp_of(running)
    assert ramp is not None
    assert (ramp.steps, ramp.state) == (STEPS, "climbing")
    entry = AuditEntry.objects.get(verb="set ramp")
    assert (entry.by, entry.why) == ("maya", "Slowly.")


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        (steps("5", "50"), "id_ramp_ramp-0-share", "It has 10.00% of the layer"),
        (
            steps("20", "", "15"),
            "id_ramp_ramp-2-share",
            "Give a larger share than the step before.",
        ),
        (steps("20"), "id_ramp_ramp-0-share", "Give 2 to 10 steps."),
        (steps(), "id_ramp_ramp-0-share", "Give 2 to 10 steps."),
        (steps("20", "much"), "id_ramp_ramp-1-share", "Give a number."),
        (
            steps("20", "30") | {"ramp-1-hours": "-1"},
            "id_ramp_ramp-1-hours",
            "Give 0 to 2,160 hours.",
        ),
    ],
)
def test_a_ramp_that_cannot_be_is_said_in_its_place(
    browser: Client, running: Experiment, sent: dict[str, str], field: str, says: str
) -> None:
    page = browser.post(f"{CLOCK}ramp/", sent).content.decode()

    assert error_of(page, field).startswith(says)
    running.refresh_from_db()
    assert running.ramp is None


def test_a_ramp_of_more_steps_than_rows_is_kept_whole(browser: Client, running: Experiment) -> None:
    shares = ("10", "12", "14", "16", "18", "20", "22")

    browser.post(f"{CLOCK}ramp/", steps(*shares))

    running.refresh_from_db()
    ramp = ramp_of(running)
    assert ramp is not None
    assert [step.share for step in ramp.steps] == [Decimal(share) / 100 for share in shares]


def test_a_climbing_ramp_says_where_it_stands_and_what_it_waits_for(
    browser: Client, climbing: Experiment
) -> None:
    moves.climb(climbing, now=START + timedelta(minutes=1))

    said = text(browser, CLOCK)

    assert "It is at step 1 of 3." in said
    assert "It was not analysed since the step began." in said
    assert "1 10% 24 1,000 now , since" in said
    assert "2 25% 0 0 to come" in said
    assert "Ramp climbing: it was not analysed since the step began." in text(browser, PAGE)


def test_it_is_advanced_and_cancelled_by_hand_and_routing_follows(
    browser: Client, climbing: Experiment
) -> None:
    assert "It takes 25% of the layer from the next request on" in text(browser, CLOCK)

    browser.post(f"{CLOCK}advance/", {"why": "All quiet."})

    climbing.refresh_from_db()
    assert climbing.traffic == Decimal("0.25")
    [planned] = plans._newest().experiments
    assert sum(high - low for low, high in planned.gates[0].slots) == 2500
    assert AuditEntry.objects.get(verb="advance ramp").why == "All quiet."

    answer = browser.post(f"{CLOCK}cancel/", follow=True)

    assert b"The ramp is cancelled: the share stays." in answer.content
    assert "It was cancelled at step 2 of 3. Cancelled by maya." in text(browser, CLOCK)
    again = browser.post(f"{CLOCK}advance/", follow=True)
    assert b"learned-ranking has no ramp under way to advance." in again.content


def test_a_ramp_that_was_rolled_back_says_why(browser: Client, climbing: Experiment) -> None:
    ramp = ramp_of(climbing)
    assert ramp is not None
    with moving(climbing, "roll back ramp", now=START, actor=RAMP) as row:
        row.status = "paused"
        row.ramp = kept(replace(ramp, state="rolled_back", why="Arms are out of ratio."))

    said = text(browser, CLOCK)

    assert "It took the experiment back at step 1 of 3 and is over." in said
    assert "Arms are out of ratio." in said
    assert "Advance now" not in said
    assert "Ramp rolled back" in text(browser, PAGE)


def test_an_end_is_set_and_taken_away(browser: Client, running: Experiment) -> None:
    tomorrow = (now() + timedelta(days=1)).replace(second=0, microsecond=0)

    browser.post(f"{CLOCK}schedule/", {"ends_at": f"{tomorrow:%Y-%m-%dT%H:%M}"})

    running.refresh_from_db()
    assert running.ends_at == tomorrow.astimezone(UTC)
    assert "Ends" in text(browser, PAGE)
    browser.post(f"{CLOCK}schedule/", {"ends_at": ""})
    running.refresh_from_db()
    assert running.ends_at is None


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2020-01-01T00:00", "Give an end that is still to come"),
        ("soon", "Give a day and a time"),
    ],
)
def test_an_end_that_cannot_be_is_said_in_its_place(
    browser: Client, running: Experiment, at: str, says: str
) -> None:
    page = browser.post(f"{CLOCK}schedule/", {"ends_at": at}).content.decode()

    assert error_of(page, "id_schedule_ends_at").startswith(says)
    running.refresh_from_db()
    assert running.ends_at is None


def test_what_is_not_under_way_has_no_such_page(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    make_experiment(running=False)

    assert browser.get(CLOCK).status_code == 404
    assert browser.post(f"{CLOCK}advance/").status_code == 404
