"""The overview: what needs people first, the pulse, and a card for each experiment under way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from msgspec.structs import replace
from pytest_django import DjangoAssertNumQueries

from dashboard import overview_reads
from dashboard.views import overview
from experiments import moves
from experiments.metrics.results import Scorecard
from experiments.models import Experiment, Placement
from experiments.ramps import Ramp, Step, kept
from experiments.selectors import scorecard_of
from people import trail
from people.actors import RAMP, SCHEDULE
from people.models import Person
from people.roles import Role
from recommenders.models import Recommender, Training
from serving.models import Pulse
from tests.acting import TESTER, create_placement, stop_experiment
from tests.dashboard.factories import (
    AS_OF,
    BELOW_FLOOR,
    START,
    comparison,
    make_recommender,
    ratio_check,
    scorecard,
    snapshot_of,
)
from tests.dashboard.test_experiment_pages import text
from tests.dashboard.test_reading import guarded

Make = Callable[..., Experiment]
NOW = AS_OF + timedelta(minutes=10)
WORSE = comparison(effect=-0.051, low=-0.083, high=-0.019, reading="worse")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "now", lambda: NOW)


@pytest.fixture
def measured(db: None) -> Pulse:
    """The workers report, and all is well."""
    return pulse()


def pulse(at: datetime = NOW - timedelta(seconds=10), **figures: Any) -> Pulse:
    usual = {"requests_per_minute": 418, "p95_ms": 14, "fallback_share": 0.0, "log_lag_seconds": 6}
    return Pulse.objects.create(at=at, **(usual | figures))


def attention(browser: Client) -> list[str]:
    """The lines that ask for a person, each with its time and button, in their order."""
    page = browser.get("/").content.decode()
    found = re.findall(r'<li>\s*<span class="attention-icon.*?</li>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()).replace(" :", ":") for line in found]


def looked_at(make: Make, name: str, card: Scorecard, **changes: Any) -> Experiment:
    experiment = make(name)
    snapshot_of(experiment, replace(card, experiment=experiment.key, **changes))
    return experiment


def test_what_needs_people_comes_by_how_pressing_it_is(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    looked_at(make_experiment, "Waiting", scorecard(state="keep_running"))
    looked_at(make_experiment, "Ready", scorecard(state="ship"))
    looked_at(make_experiment, "Harmful", scorecard(WORSE, state="roll_back"))
    sick = scorecard(state="unhealthy", health=(ratio_check(healthy=False),))
    looked_at(make_experiment, "Sick", sick)
    stop_experiment(make_experiment("Over"), now=AS_OF)

    since = "since 12 Nov, 08:00 UTC"
    assert attention(browser) == [
        "Sick: arms are out of ratio, so nothing is judged. popular has 5,400 users where 5,000 "
        f"were expected. {since} Open health: Sick",
        "Harmful: roll back item-knn. It lowers CTR by 5.1%, and by at least 1.9%. "
        f"{since} Roll back: Harmful",
        f"Ready: ship item-knn. It lifts CTR by 8.9%, and by at least 4.4%. {since} Decide: Ready",
        f"Over: stopped, and waits for a decision. {since} Decide: Over",
    ]
    assert "4 things need a look" in text(browser, "/")
    assert re.findall(
        r'id="attention-[^"]*" href="([^"]*)"', browser.get("/").content.decode()
    ) == [
        "/experiments/sick/health/",
        *(f"/experiments/{key}/" for key in ("harmful", "ready", "over")),
    ]


def test_a_viewer_may_open_what_others_decide(
    client: Client, make_experiment: Make, measured: Pulse
) -> None:
    looked_at(make_experiment, "Ready", scorecard(state="ship"))
    viewer = User.objects.create_user("vera", password="x")
    Person.objects.create(user=viewer, role=Role.VIEWER.value)
    client.force_login(viewer)

    [line] = attention(client)

    assert line.endswith("Open: Ready")
    assert "New experiment" not in text(client, "/")


def test_a_decision_stands_since_the_first_look_in_a_row_that_says_so(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    experiment = make_experiment("Ready")
    for hours, state in ((0, "ship"), (1, "keep_running"), (2, "ship"), (3, "ship")):
        card = scorecard(state=state)  # type: ignore[arg-type]
        snapshot_of(experiment, replace(card, as_of=AS_OF - timedelta(hours=3 - hours)))

    [line] = attention(browser)

    assert "since 12 Nov, 07:00 UTC" in line


def test_harm_that_nothing_is_decided_by_is_told_too(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    watched = replace(guarded("harm_shown"), required=False)
    looked_at(make_experiment, "Slow", scorecard(state="keep_running", extra=(watched,)))

    assert attention(browser) == [
        "Slow: item-knn got worse on slow slates, which is only watched. Look: Slow"
    ]


def test_harm_that_decided_is_told_once(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    card = scorecard(state="roll_back", rule="guardrail_harmed", extra=(guarded("harm_shown"),))
    line = replace(card.decision.headline, metric="slow_slates", name="Slow slates")
    decided = replace(card, decision=replace(card.decision, headline=line))
    looked_at(make_experiment, "Slow", decided)

    [said] = attention(browser)

    assert said.startswith("Slow: roll back item-knn. It harms slow slates:")


def test_a_running_experiment_that_nobody_analyses_is_told(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    late = timedelta(minutes=31)
    waiting = scorecard(state="keep_running")
    looked_at(make_experiment, "Left", waiting, as_of=NOW - late)
    looked_at(make_experiment, "Followed", waiting, as_of=NOW - timedelta(minutes=29))
    never = make_experiment("Never")
    Experiment.objects.filter(pk=never.pk).update(started_at=NOW - late - late)

    assert attention(browser) == [
        "Never: runs, and was never analysed. since 12 Nov, 07:08 UTC Open: Never",
        "Left: not analysed any more. since 12 Nov, 07:39 UTC Open: Left",
    ]


def test_workers_that_are_silent_are_told_once_and_not_by_each_experiment(
    browser: Client, make_experiment: Make
) -> None:
    looked_at(make_experiment, "One", scorecard(state="keep_running"), as_of=START)
    make_experiment("Two")
    pulse(at=NOW - timedelta(hours=3), log_lag_seconds=900)

    [line] = attention(browser)

    assert line.startswith("Background workers do not report: nothing is analysed, trained,")
    assert "since 12 Nov, 05:10 UTC" in line


def test_a_start_that_was_missed_and_a_ramp_that_turned_back_are_told_until_somebody_acts(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    make_experiment("Missed", running=False)
    ramped = make_experiment("Ramped")
    moves.pause(ramped, now=AS_OF, actor=RAMP)
    for key, verb, actor, why in (
        ("missed", "miss start", SCHEDULE, "Train ease first."),
        ("ramped", "roll back ramp", RAMP, "Harm is shown on clicks."),
    ):
        trail.record(at=AS_OF, actor=actor, verb=verb, kind="experiment", key=key, why=why)

    since = "since 12 Nov, 08:00 UTC"
    assert attention(browser) == [
        f"Ramped: paused by its ramp. Harm is shown on clicks. {since} Look: Ramped",
        f"Missed: not started at its time. Train ease first. {since} Open draft: Missed",
    ]

    moves.resume(ramped, now=AS_OF, actor=TESTER)
    trail.record(at=AS_OF, actor=TESTER, verb="edit", kind="experiment", key="missed")
    snapshot_of(ramped, replace(scorecard(state="keep_running"), experiment="ramped"))
    assert attention(browser) == []


def test_what_the_clock_left_undone_is_told(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    draft = make_experiment("Due", running=False)
    running = looked_at(make_experiment, "Ending", scorecard(state="keep_running"))
    Experiment.objects.filter(pk=draft.pk).update(starts_at=NOW - timedelta(minutes=3))
    Experiment.objects.filter(pk=running.pk).update(ends_at=NOW - timedelta(minutes=1))

    assert attention(browser) == [
        "Due: due to start, and not started. since 12 Nov, 08:07 UTC Open: Due"
    ]


def test_a_failed_training_is_told_until_another_follows(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    looked_at(make_experiment, "Waiting", scorecard(state="keep_running"))
    knn = Recommender.objects.get(key="item-knn")
    Training.objects.create(
        recommender=knn,
        status=Training.Status.FAILED,
        attempts=2,
        error="Traceback\nMemoryError: it needs 4 GiB.\n",
        finished_at=AS_OF,
    )

    assert attention(browser) == [
        "item-knn failed in training after 2 attempts: MemoryError: it needs 4 GiB. "
        "since 12 Nov, 08:00 UTC Open training: item-knn"
    ]

    Training.objects.create(recommender=knn)
    assert attention(browser) == []


def test_a_default_without_a_model_is_told(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    looked_at(make_experiment, "Waiting", scorecard(state="keep_running"))
    bare = make_recommender("ease", trained=False)
    create_placement(key="cart", name="Cart", default_recommender=bare)

    assert attention(browser) == [
        "ease is the default of cart and has no model: train it. Open model: ease"
    ]


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"log_lag_seconds": 59.9}, []),
        (
            {"log_lag_seconds": 840},
            ["The log is 14 min behind: what came since waits in the journals. Open data: The log"],
        ),
        ({"fallback_share": 0.049}, []),
        (
            {"fallback_share": 0.12},
            ["Fallbacks are 12.0% of slates in the last 5 minutes. Open data: Fallbacks"],
        ),
        ({"fallbacks": {"ease": {"model_loading": 3, "model_timeout": 1}}}, []),
        (
            {"fallbacks": {"ease": {"model_unavailable": 3}}, "fallback_share": 0.3},
            ["ease cannot be loaded: others' slates are served in its place. Open model: ease"],
        ),
        ({"requests_per_minute": 0, "fallback_share": None, "p95_ms": None}, []),
    ],
)
def test_the_newest_minutes_tell_of_log_fallbacks_and_models(
    browser: Client, make_experiment: Make, figures: dict[str, Any], said: list[str]
) -> None:
    looked_at(make_experiment, "Waiting", scorecard(state="keep_running"))
    pulse(**figures)

    assert [line.replace("&#x27;", "'") for line in attention(browser)] == said


def test_more_than_eight_lines_are_folded(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    for n in range(10):
        stop_experiment(make_experiment(f"Over {n}"), now=AS_OF)

    page = browser.get("/").content.decode()
    shown, _, folded = page.partition('id="attention-more"')

    assert (shown.count('class="attention-icon'), folded.count('class="attention-icon')) == (8, 2)
    assert "2 more" in folded


def cards(browser: Client) -> list[str]:
    page = browser.get("/").content.decode()
    found = re.findall(r'<li class="card tile.*?</li>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", card).split()) for card in found]


def test_cards_say_the_verdict_and_what_needs_people_comes_first(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    ready = looked_at(make_experiment, "Ready", scorecard(state="ship"))
    Experiment.objects.filter(pk=ready.pk).update(ends_at=START + timedelta(days=14))
    young = scorecard(comparison(floor=BELOW_FLOOR, reading="collecting"), state="collecting")
    few = tuple(replace(arm, users=n) for arm, n in zip(young.arms, (148, 71), strict=True))
    looked_at(make_experiment, "Young", young, arms=few)
    sick = scorecard(state="unhealthy", health=(ratio_check(healthy=False, p=0.00002),))
    looked_at(make_experiment, "Sick", sick)
    make_experiment("New")
    moves.pause(make_experiment("Resting"), now=AS_OF, actor=TESTER)
    idea = make_experiment("Idea", running=False)
    Experiment.objects.filter(pk=idea.pk).update(created_at=AS_OF)

    assert cards(browser) == [
        "Unhealthy day 3 Sick Arms are out of ratio, so nothing is judged. A popular 5,000 users "
        "B item-knn 5,000 users Sample ratio p &lt; .0001. No winner while unhealthy "
        "10,000 users home",
        "Ship day 3 of 14 Ready Ship item-knn. It lifts CTR by 8.9%, and by at least 4.4%. "
        "CTR 0 +5% +10% B item-knn +8.9% +4.4 to +13.7%, Better 10,000 users home",
        "Paused day 3 Resting Everybody gets popular. Before: Collecting. No exposure has been "
        "analysed yet. The first analysis follows the first request Nobody counted yet home",
        "Collecting day 3 New Collecting. No exposure has been analysed yet. The first analysis "
        "follows the first request Nobody counted yet home",
        "Collecting day 3 Young Collecting. item-knn has 71 of 100 users. A 148 of 100 B 71 of "
        "100 No verdict and no colour before the floor 219 users home",
        "Draft made 12 Nov Idea It has no hypothesis yet. Go on : Idea Not launched home",
    ]


def test_an_arm_that_came_after_the_last_look_is_not_counted_yet(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    sick = scorecard(state="unhealthy", health=(ratio_check(healthy=False, p=0.00002),))
    snapshot_of(make_experiment("Sick", arms=4), sick)

    [card] = cards(browser)

    assert "A popular 5,000 users B item-knn 5,000 users C conv-ctr not counted yet" in card


def test_intervals_of_all_cards_are_drawn_on_one_scale(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    looked_at(make_experiment, "Up", scorecard(state="ship"))
    looked_at(make_experiment, "Down", scorecard(WORSE, state="roll_back"))

    page = browser.get("/").content.decode()

    zeros = re.findall(r'class="zero" x1="([\d.]+)%"', page)
    assert len(zeros) == 2
    assert len(set(zeros)) == 1
    dots = re.findall(r'class="dot" cx="([\d.]+)%"', page)
    assert float(dots[0]) < float(zeros[0]) < float(dots[1])


def test_cards_can_be_of_one_placement(
    browser: Client, make_experiment: Make, home: Placement, measured: Pulse
) -> None:
    make_experiment("On home")
    cart = create_placement(key="cart", name="Cart", default_recommender=home.default_recommender)
    Experiment.objects.filter(pk=make_experiment("On cart").pk).update(placement=cart)

    def shown(query: str) -> list[str]:
        page = browser.get(f"/{query}").content.decode()
        return re.findall(r'id="card-([^"]*)"', page)

    assert shown("") == ["on-cart", "on-home"]
    assert shown("?placement=cart") == ["on-cart"]
    assert shown("?placement=nowhere") == ["on-cart", "on-home"]
    page = browser.get("/?placement=cart").content.decode()
    assert re.findall(r'hx-get="/overview/live/\?seen=\w+&amp;placement=(\w+)"', page) == ["cart"]
    assert 'id="placement-cart" href="/?placement=cart"' in page


def test_what_is_shown_already_is_not_sent_again(
    browser: Client, make_experiment: Make, measured: Pulse
) -> None:
    experiment = make_experiment()
    page = browser.get("/").content.decode()
    [address] = re.findall(r'hx-get="(/overview/live/[^"]*)"', page)

    assert browser.get(address.replace("&amp;", "&")).status_code == 204

    snapshot_of(experiment)
    answer = browser.get(address)
    assert answer.status_code == 200
    assert "Ship item-knn." in answer.content.decode()


@pytest.fixture
def steps(browser: Client) -> Callable[[], tuple[str, str]]:
    def step() -> tuple[str, str]:
        page = browser.get("/").content.decode()
        [(href, button)] = re.findall(r'id="first-step" href="([^"]*)">([^<]*)<', page)
        return href, button

    return step


def test_an_empty_installation_is_told_one_step_at_a_time(
    steps: Callable[[], tuple[str, str]],
) -> None:
    assert steps() == ("/new-recommender/", "Register the first recommender")
    bare = make_recommender("ease", trained=False)
    assert steps() == ("/recommenders/ease/", "Train ease")
    bare.delete()
    popular = make_recommender("popular")
    assert steps() == ("/settings/layers/", "Add the first placement")
    create_placement(key="home", name="Home", default_recommender=popular)
    assert steps() == ("/new-experiment/", "Make the first experiment")


def test_where_all_has_ended_another_may_be_made(
    steps: Callable[[], tuple[str, str]], make_experiment: Make
) -> None:
    stop_experiment(make_experiment(), now=AS_OF)

    assert steps() == ("/new-experiment/", "Make an experiment")


def test_a_scorecard_is_read_without_what_only_charts_draw(make_experiment: Make) -> None:
    snapshot = snapshot_of(make_experiment())
    [experiment] = overview_reads.under_way()

    [look] = overview_reads.looks([experiment]).values()

    whole = scorecard_of(snapshot)
    assert (look.card.decision, look.card.metrics) == (whole.decision, whole.metrics)
    assert whole.series
    assert not look.card.series
    assert not look.card.exposures


def test_queries_do_not_grow_with_experiments(
    browser: Client,
    make_experiment: Make,
    home: Placement,
    measured: Pulse,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def more(n: int) -> None:
        looked_at(make_experiment, f"Ready {n}", scorecard(state="ship"))
        make_experiment(f"Idea {n}", running=False)
        stop_experiment(make_experiment(f"Over {n}"), now=AS_OF)
        turned = make_experiment(f"Turned {n}", traffic="0.02")
        moves.pause(turned, now=AS_OF, actor=RAMP)
        ramp = Ramp(steps=(Step(share=turned.traffic), Step(share=1)))  # type: ignore[arg-type]
        Experiment.objects.filter(pk=turned.pk).update(ramp=kept(ramp))
        trail.record(at=AS_OF, actor=RAMP, verb="roll back ramp", kind="experiment", key=turned.key)
        failed = make_recommender(f"failed-{n}")
        Training.objects.create(recommender=failed, status="failed", finished_at=AS_OF)

    more(0)
    with django_assert_num_queries(28):
        browser.get("/")

    for n in range(1, 5):
        more(n)
    with django_assert_num_queries(28):
        browser.get("/")
