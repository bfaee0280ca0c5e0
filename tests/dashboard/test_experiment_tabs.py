"""The tabs of an experiment: addresses of their own, and what each holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from experiments.models import Experiment
from serving.models import Pulse
from tests.dashboard.factories import AS_OF, comparison, ratio_check, scorecard, snapshot_of
from tests.dashboard.test_experiment_pages import text

Make = Callable[..., Experiment]
TABS = ("health", "traffic", "settings", "history")


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_says_where_one_is(browser: Client, make_experiment: Make, tab: str) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)
    address = f"{experiment.get_absolute_url()}{tab}/"

    page = browser.get(address).content.decode()

    assert f'<a href="{address}" aria-current="page">{tab.capitalize()}' in page
    assert page.count('aria-current="page">') == 3, (
        "the place in the rail and the menu, and the tab"
    )
    assert f"<title>Learned ranking: {tab.capitalize()}" in page


@pytest.mark.parametrize("tab", TABS)
def test_a_draft_has_one_page(browser: Client, make_experiment: Make, tab: str) -> None:
    draft = make_experiment(running=False)

    answer = browser.get(f"{draft.get_absolute_url()}{tab}/")

    assert answer["Location"] == draft.get_absolute_url()
    assert 'class="tabs"' not in browser.get(draft.get_absolute_url()).content.decode()


def test_the_long_page_is_split(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)
    results = text(browser, experiment.get_absolute_url())
    parts = {
        "health": "Arms must fill in the ratio of their weights.",
        "traffic": "A change of arms or of their ratio opens one",
        "settings": "How it is measured",
        "history": "What was done to it, by whom and why, newest first",
    }

    for tab, said in parts.items():
        assert said not in results
        assert said in text(browser, f"{experiment.get_absolute_url()}{tab}/")


def test_a_failing_check_says_what_it_means_and_where_to_look(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    failing = ratio_check(healthy=False, p=0.00002)
    snapshot_of(experiment, scorecard(state="unhealthy", health=(failing,)))

    for address in ("", "health/"):
        page = text(browser, f"{experiment.get_absolute_url()}{address}")
        assert "popular has 5,400 users where 5,000 were expected." in page
        assert "users went missing from one of them, and those who are left are not alike." in page
        assert "Look for what loses users of one arm before they are counted" in page


def test_a_passing_check_raises_no_banner(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)
    Pulse.objects.create(at=AS_OF, requests_per_minute=1, log_lag_seconds=6)

    assert "failing-check" not in browser.get(experiment.get_absolute_url()).content.decode()
    page = text(browser, f"{experiment.get_absolute_url()}health/")
    assert "Sample ratio Passes p = .374" in page
    assert "popular 5,000 5,000" in page
    assert "Log: 6 s behind." in page


def test_health_before_the_first_analysis_says_what_comes(
    browser: Client, make_experiment: Make
) -> None:
    page = text(browser, f"{make_experiment().get_absolute_url()}health/")

    assert "Nothing to check yet." in page


def test_the_live_part_is_that_of_the_tab(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)
    asked = {"status": "running", "snapshot": "", "tab": "health"}

    part = browser.get(f"{experiment.get_absolute_url()}live/", asked).content.decode()

    assert "Sample ratio" in part
    assert "Scorecard" not in part


@pytest.mark.parametrize("arms", [2, 4])
@pytest.mark.parametrize(
    ("tab", "queries"), [("health", 16), ("traffic", 17), ("settings", 15), ("history", 17)]
)
def test_queries_of_a_tab_do_not_grow_with_arms_or_snapshots(
    browser: Client,
    make_experiment: Make,
    django_assert_num_queries: DjangoAssertNumQueries,
    tab: str,
    queries: int,
    arms: int,
) -> None:
    experiment = make_experiment(arms=arms)
    others = [comparison(key) for key in ("item-knn", "conv-ctr", "ease")[: arms - 1]]
    for _ in range(arms):
        snapshot_of(experiment, scorecard(*others))

    with django_assert_num_queries(queries):
        browser.get(f"{experiment.get_absolute_url()}{tab}/")
