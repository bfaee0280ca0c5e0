"""How long will it take: the part of the create page that reads a stored baseline."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.test import Client

from dashboard import figures
from dashboard.reading.outlook import outlook_view
from experiments import baselines
from experiments.metrics import METRICS
from experiments.metrics.forecasts import (
    Baseline,
    LiftCurve,
    Measured,
    Terms,
    forecast,
    forecast_around,
    safe_by,
)
from experiments.models import Placement, PlacementBaseline
from experiments.stats import RatioSample
from tests.dashboard.plotted import plotted
from tests.dashboard.walking import send

ADDRESS = "/new-experiment/outlook/"
UNTIL = datetime(2026, 3, 15, tzinfo=UTC)
CLICKED = METRICS["clicked"]
YES_OR_NO = {"n": 10_000.0, "total": 1_000.0, "total_squares": 1_000.0}


def counted(**changes: Any) -> Baseline:
    """10% of users click, 1,000 new ones a day; their pre-period explains 36% of it."""
    found = Baseline(
        placement="home",
        since=UNTIL - timedelta(days=14),
        until=UNTIL,
        users=14_000,
        new_users=(1_000,) * 14,
        lookback_days=14.0,
        lookback_covered=14.0,
        measured=(
            Measured(
                metric=CLICKED,
                sums={"n": 10_000.0, "successes": 1_000.0},
                cuped_sums={"post": YES_OR_NO, "pre": YES_OR_NO, "product": 640.0},
            ),
        ),
    )
    return msgspec.structs.replace(found, **changes)


def curves() -> tuple[LiftCurve, ...]:
    return forecast_around(counted(), "clicked", lift=0.1)[1]


@pytest.fixture
def ask(browser: Client, home: Placement) -> Callable[..., str]:
    """The part for a form that is filled in, with changes."""

    def get(**changes: str) -> str:
        typed = {
            "placement": str(home.pk),
            "traffic": "100",
            "primary_metric": "clicked",
            "variants-0-weight": "50",
            "variants-1-weight": "50",
            "method": "sequential",
            "planned_users": "5000",
            "confidence": "95",
            "correction": "holm",
            "outlook-lift": "10",
        }
        return browser.get(ADDRESS, typed | changes).content.decode()

    return get


def row(page: str, lift: str) -> list[str]:
    """The cells of the table beside a lift."""
    [cells] = re.findall(rf'<th scope="row">{re.escape(lift)}</th>(.*?)</tr>', page, re.DOTALL)
    return re.findall(r">([^<]+)</td>", cells)


def test_the_lift_is_answered_from_the_stored_count(
    ask: Callable[..., str], home: Placement
) -> None:
    baselines.store(home, counted(), now=UNTIL)
    found = forecast(counted(), "clicked", lift=0.1)

    page = ask()

    sequential, fixed = (found.outlook(m, cuped=False) for m in ("sequential", "fixed"))
    assert f"A change of +10.0% takes about {sequential.days} days" in page
    assert row(page, "+10.0%") == [
        f"{sequential.days} days",
        f"{fixed.days} days",
        f"{sequential.users:,}",
    ]
    assert 'id="outlook-chart-figure"' in page
    assert "(CUPED, dashed) takes 36% fewer users" in page
    assert "Users who clicked 10.00% over 10,000 users of home" in page


@pytest.mark.parametrize(
    ("changes", "terms"),
    [
        ({"traffic": "50"}, Terms(traffic=0.5)),
        ({"variants-0-weight": "80", "variants-1-weight": "20"}, Terms(weights=(0.8, 0.2))),
        (
            {"variants-0-weight": "60", "variants-1-weight": "20", "variants-2-weight": "20"},
            Terms(weights=(0.6, 0.2, 0.2)),
        ),
    ],
)
def test_traffic_and_weights_of_the_form_count(
    ask: Callable[..., str], home: Placement, changes: dict[str, str], terms: Terms
) -> None:
    baselines.store(home, counted(), now=UNTIL)

    expected = forecast(counted(), "clicked", terms, lift=0.1).outlook("sequential", cuped=False)

    assert row(ask(**changes), "+10.0%")[0] == f"{expected.days} days"


THREE = {"variants-0-weight": "34", "variants-1-weight": "33", "variants-2-weight": "33"}
SECOND_GOAL = {"role_ctr": "goal", "role_clicks_per_user": "secondary"}


@pytest.mark.parametrize(
    ("changes", "comparisons"),
    [
        ({}, 1),
        (THREE, 2),
        (THREE | {"correction": "none"}, 1),
        (SECOND_GOAL, 2),
        (SECOND_GOAL | THREE, 4),
        (SECOND_GOAL | THREE | {"correction": "e_bh"}, 4),
        (SECOND_GOAL | {"method": "fixed"}, 2),
        (SECOND_GOAL | {"method": "bayesian"}, 1),
        ({"role_clicked": "goal"}, 1),
    ],
)
def test_goals_and_treatments_share_the_error_as_the_form_corrects_them(
    ask: Callable[..., str], home: Placement, changes: dict[str, str], comparisons: int
) -> None:
    baselines.store(home, counted(), now=UNTIL)
    weights = (0.34, 0.33, 0.33) if "variants-2-weight" in changes else (1.0, 1.0)
    method = "sequential" if changes.get("method", "sequential") == "sequential" else "fixed"
    terms = Terms(weights=weights, comparisons=comparisons)
    expected = forecast(counted(), "clicked", terms, lift=0.1).outlook(
        "fixed" if method == "fixed" else "sequential", cuped=False
    )

    page = ask(**changes)

    assert row(page, "+10.0%")[2] == f"{expected.users:,}"
    assert ("share the error" in page) == (comparisons > 1)


def test_what_sharing_the_error_costs_is_said(ask: Callable[..., str], home: Placement) -> None:
    baselines.store(home, counted(), now=UNTIL)

    assert "Four comparisons share the error: each is planned at 98.75%." in ask(
        **SECOND_GOAL, **THREE
    )


def test_the_confidence_of_the_form_counts(ask: Callable[..., str], home: Placement) -> None:
    baselines.store(home, counted(), now=UNTIL)
    expected = forecast(counted(), "clicked", Terms(confidence=0.9), lift=0.1)

    page = ask(confidence="90")

    assert row(page, "+10.0%")[2] == f"{expected.outlook('sequential', cuped=False).users:,}"
    assert "with 80% power at 90% confidence, looking as often as you like" in page


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("fixed", "confidence, at the one look, when the planned users have come"),
        ("bayesian", "confidence, at the one look: a posterior with a weak prior takes about"),
    ],
)
def test_a_method_of_one_look_is_planned_as_one(
    ask: Callable[..., str], home: Placement, method: str, words: str
) -> None:
    baselines.store(home, counted(), now=UNTIL)
    expected = forecast(counted(), "clicked", lift=0.1).outlook("fixed", cuped=False)

    page = ask(method=method)

    assert f"A change of +10.0% takes about {expected.days} days" in page
    assert row(page, "+10.0%")[2] == f"{expected.users:,}"
    assert words in page
    assert ">Users</button>, fixed</th>" in page
    assert f'data-plan="{expected.tuning}"' in page


def test_its_users_can_be_planned_with(ask: Callable[..., str], home: Placement) -> None:
    baselines.store(home, counted(), now=UNTIL)
    found = forecast(counted(), "clicked", Terms(weights=(0.34, 0.33, 0.33)), lift=0.1)
    users = found.outlook("sequential", cuped=False).tuning
    assert users is not None
    asked, taken = ask(**THREE), ask(**THREE, planned_users=str(users))

    assert f"Control and one treatment together take {users:,} users." in asked
    assert f'data-plan="{users}">Plan with {users:,} users</button>' in asked
    assert f"Planned with these {users:,} users of control and one treatment." in taken
    assert "data-plan" not in taken


def test_without_users_there_is_nothing_to_plan_with(
    ask: Callable[..., str], home: Placement
) -> None:
    baselines.store(home, counted(), now=UNTIL)

    assert "data-plan" not in ask(**{"outlook-lift": "1000"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"placement": ""}, "Choose a placement"),
        ({"placement": "999999"}, "Choose a placement"),
        ({"placement": "²"}, "Choose a placement"),
        ({"primary_metric": "nope"}, "Choose the metric"),
        ({"traffic": ""}, "Give a share of traffic"),
        ({"traffic": "nan"}, "Give a share of traffic"),
        ({"traffic": "120"}, "Give a share of traffic"),
        ({"outlook-lift": "0"}, "Give a change of at most 1,000%"),
        ({"outlook-lift": "-100"}, "Give a change of at most 1,000%"),
        ({"outlook-lift": "much"}, "Give a change of at most 1,000%"),
        ({"variants-1-weight": ""}, "Give two variants a weight"),
        ({"method": "guess"}, "Choose a method"),
        ({"confidence": ""}, "Give a confidence from 80% to 99.9%"),
        ({"confidence": "100"}, "Give a confidence from 80% to 99.9%"),
        ({"confidence": "nan"}, "Give a confidence from 80% to 99.9%"),
        ({"correction": "luck"}, "Choose a correction"),
        ({"correction": "e_bh", "method": "fixed"}, "e-BH needs the sequential method"),
    ],
)
def test_a_form_that_is_not_filled_in_yet_is_told_what_to_do(
    ask: Callable[..., str], changes: dict[str, str], words: str
) -> None:
    assert words in ask(**changes)


def test_before_the_first_count_one_can_be_asked_for(
    ask: Callable[..., str], browser: Client, home: Placement
) -> None:
    assert "What users of home do was not counted yet." in ask()

    answer = browser.post(f"{ADDRESS}count/", {"placement": str(home.pk)})

    assert PlacementBaseline.objects.get(placement=home).is_awaited
    assert answer.status_code == 200
    page = ask()
    assert "The log is being counted" in page
    assert 'hx-trigger="every 3s"' in page
    baselines.store(home, counted(), now=datetime.now(UTC))
    assert "every 3s" not in ask()


def test_why_a_count_found_nothing_is_said(ask: Callable[..., str], home: Placement) -> None:
    baselines.store_problem(home, "The log has nobody.", now=UNTIL)

    page = ask()

    assert "The log has nobody." in page
    assert "Count it now" in page


def test_a_metric_newer_than_the_count_asks_for_another(
    ask: Callable[..., str], home: Placement
) -> None:
    baselines.store(home, counted(), now=UNTIL)

    assert "This metric is newer than the last count." in ask(primary_metric="ctr")


def test_without_two_whole_days_users_are_told_and_days_are_not(
    ask: Callable[..., str], home: Placement
) -> None:
    baselines.store(home, counted(new_users=()), now=UNTIL)
    users = forecast(counted(), "clicked", lift=0.1).outlook("sequential", cuped=False).users

    page = ask()

    assert f"A change of +10.0% takes {users:,} users" in page
    assert "fewer than two whole days" in page
    assert "outlook-chart-figure" not in page


def test_each_metric_says_what_it_came_to_and_a_guardrail_when_it_is_safe(
    ask: Callable[..., str], home: Placement
) -> None:
    bought = msgspec.structs.replace(counted().measured[0], metric=METRICS["conversion"])
    nothing: dict[str, Any] = {field.name: 0.0 for field in fields(RatioSample)} | {"n": 100.0}
    seen = Measured(metric=METRICS["ctr_seen"], sums=nothing)
    both = counted(measured=(*counted().measured, bought, seen))
    baselines.store(home, both, now=UNTIL)

    guarded = {"role_conversion": "guardrail", "margin_conversion": "8"}
    page = ask(
        margin_clicked="5", margin_slate_ctr="5", margin_ctr_seen="5", method="fixed", **guarded
    )
    zero = ask(**guarded | {"margin_conversion": "0"})

    day = safe_by(both, "conversion", margin=0.08, method="fixed").days
    assert line(page, "clicked") == "10.00% over 14 days"
    assert line(page, "conversion") == f"10.00% over 14 days. Safe on day {day} at the earliest"
    assert line(page, "slate_ctr") == "Newer than the last count"
    assert line(page, "ctr_seen") == "No value so far"
    assert 'id="so-far-ctr"' not in page  # the form had no row of it
    assert line(zero, "conversion") == "10.00% over 14 days"


def test_without_whole_days_a_guardrail_says_with_how_many_users_it_is_safe(
    ask: Callable[..., str], home: Placement
) -> None:
    bought = msgspec.structs.replace(counted().measured[0], metric=METRICS["conversion"])
    early = counted(measured=(*counted().measured, bought), new_users=())
    baselines.store(home, early, now=UNTIL)

    page = ask(role_conversion="guardrail", margin_conversion="10")

    users = safe_by(early, "conversion", margin=0.1, method="sequential").users
    assert line(page, "conversion").endswith(f". Safe with {users:,} users at the earliest")


def line(page: str, key: str) -> str:
    """What is said beside the row of a metric."""
    return page.split(f'id="so-far-{key}" hx-swap-oob="true">')[1].split("<")[0]


def test_the_create_page_holds_the_part(browser: Client, home: Placement) -> None:
    page = send(browser, "/new-experiment/", {}, to="measurement", follow=True).content.decode()

    assert f'hx-get="{ADDRESS}"' in page
    assert 'name="outlook-lift"' in page
    assert page.count('class="hint so-far"') == page.count("data-metric=")
    [included] = re.findall(r'hx-include="([^"]+)"', page)
    fields = set(re.findall(r'name="([^"]+)"', page))
    for name in ("method", "planned_users", "confidence", "correction", "primary_metric"):
        assert f"[name={name}]" in included
        assert name in fields
    assert "[name^=role_]" in included
    assert "role_ctr" in fields


def test_who_is_not_signed_in_sees_nothing(client: Client, home: Placement) -> None:
    assert client.get(ADDRESS).status_code == 302
    assert client.post(f"{ADDRESS}count/", {"placement": str(home.pk)}).status_code == 302
    assert not PlacementBaseline.objects.exists()


def test_each_test_has_a_line_and_cuped_is_dashed() -> None:
    figure = plotted(figures.days_to_detect(curves(), 0.1))

    lines = figure.data[:4]
    assert [line.name for line in lines] == [
        "sequential",
        "sequential with CUPED",
        "fixed",
        "fixed with CUPED",
    ]
    assert [line.line.dash for line in lines] == ["solid", "4px,3px", "solid", "4px,3px"]
    assert [note.text for note in figure.layout.annotations[:2]] == ["sequential", "fixed"]


def test_the_dot_is_the_lift_asked_about_on_the_sequential_line() -> None:
    expected = forecast(counted(), "clicked", lift=0.1).outlook("sequential", cuped=False)

    figure = plotted(figures.days_to_detect(curves(), 0.1))

    dot = figure.data[4]
    assert (list(dot.x), list(dot.y)) == ([10.0], [expected.days])
    assert figure.layout.annotations[2].text == f"<b>{expected.days} days, +10%</b>"
    assert figure.layout.yaxis.range == (0, 56)
    assert figure.layout.xaxis.type == "linear"


def test_of_a_method_of_one_look_that_line_is_the_strong_one_with_the_dot() -> None:
    expected = forecast(counted(), "clicked", lift=0.1).outlook("fixed", cuped=False)

    figure = plotted(figures.days_to_detect(curves(), 0.1, main="fixed"))

    assert list(figure.data[4].y) == [expected.days]
    assert [line.line.width for line in figure.data[:4]] == [1.5, 1, 2.5, 1]
    assert [line.line.color for line in figure.data[:4]] == [
        "var(--ink-3)",
        "var(--ink-3)",
        "var(--ink)",
        "var(--ink)",
    ]


def test_the_axis_ends_where_all_lines_have_come_down() -> None:
    _, about = forecast_around(counted(), "clicked", lift=0.4)
    slowest = [p for p in about[0].points if p.days is not None]

    figure = plotted(figures.days_to_detect(about, 0.4))

    high = figure.layout.xaxis.range[1]
    assert high == pytest.approx(max(p.lift or 0.0 for p in slowest if (p.days or 0) > 1) * 110)
    assert high < max(p.lift or 0.0 for p in slowest) * 100


def test_without_days_there_is_no_figure() -> None:
    assert figures.days_to_detect((), 0.1) is None


def test_a_fall_is_shown_as_a_fall() -> None:
    view = outlook_view(counted(), CLICKED, Terms(), -0.1)

    assert view.title.startswith("A change of \N{MINUS SIGN}10.0% takes about")
    assert view.rows[0].lift == "\N{MINUS SIGN}20.0%"
    assert [r.chosen for r in view.rows] == [False, False, True, False, False]
