"""Searches of settings on a recommender's page."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app
from django.test import Client

from people.models import AuditEntry
from recommenders import searches
from recommenders.models import Recommender, Search, Trial
from recommenders.searches import Wanted
from tests.dashboard.factories import make_recommender
from tests.dashboard.test_experiment_pages import text

pytestmark = pytest.mark.django_db

PAGE = "/recommenders/item-knn/"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)


@pytest.fixture
def knn() -> Recommender:
    return make_recommender("item-knn")


def searched(knn: Recommender, **changes: Any) -> Search:
    search = searches.request_search(knn, Wanted(trials=3))
    Search.objects.filter(pk=search.pk).update(**changes)
    for number, (state, value) in enumerate(
        [("complete", 0.0634), ("complete", 0.0701), ("pruned", None)]
    ):
        settings = {"k_neighbours": 100 + number, "shrinkage": 12.34567}
        Trial.objects.create(
            search=search, number=number, state=state, value=value, settings=settings
        )
    search.refresh_from_db()
    return search


DONE = {
    "status": "succeeded",
    "progress": 1.0,
    "message": "3 trials; the best is number 1.",
    "outcome": {
        "measure": "ndcg@10",
        "own": {"n": 612, "value": 0.0634, "low": 0.05, "high": 0.07},
        "best": {"n": 612, "value": 0.0701, "low": 0.06, "high": 0.08},
        "difference": {"difference": 0.0067, "p_value": 0.012},
    },
}


def test_a_search_is_started_from_the_page_and_recorded(browser: Client, knn: Recommender) -> None:
    page = text(browser, PAGE)
    assert "Its settings were never searched." in page

    reply = browser.post(f"{PAGE}search/", {"trials": "12", "sampler": "random"}, follow=True)

    search = Search.objects.get()
    assert (search.planned, search.sampler, search.status) == (12, "random", "queued")
    assert "The search is queued." in reply.content.decode()
    assert AuditEntry.objects.get(verb="search settings").key == "item-knn"


@pytest.mark.parametrize("trials", ["0", "501", "many", ""])
def test_a_number_of_trials_that_cannot_be_is_refused(
    browser: Client, knn: Recommender, trials: str
) -> None:
    reply = browser.post(f"{PAGE}search/", {"trials": trials, "sampler": "tpe"}, follow=True)
    assert "Settings to try: Give a whole number from 1 to 500." in reply.content.decode()
    assert Search.objects.count() == 0


def test_a_running_search_shows_how_far_it_is_and_is_cancelled(
    browser: Client, knn: Recommender
) -> None:
    search = searched(knn, status="running", progress=0.4, message="Trial 3 of 3.")
    page = text(browser, PAGE)
    assert "Searching Trial 3 of 3." in page
    assert "40%" in page
    assert "3 tried, 1 of them given up early, 0 could not be fitted." in page
    assert "Register the best as" not in page

    browser.post(f"{PAGE}searches/{search.pk}/cancel/")

    search.refresh_from_db()
    assert search.status == "cancelled"
    assert "Register the best as" in text(browser, PAGE)


def test_a_search_that_is_done_shows_the_best_and_what_it_came_to(
    browser: Client, knn: Recommender
) -> None:
    searched(knn, **DONE)
    page = text(browser, PAGE)
    assert "Best is number 1, nDCG@10 .070 on the folds: Neighbours 101 , Shrinkage 12.35" in page
    assert (
        "On 612 users held out of the search: .070, with its own settings .063, "
        "a difference of +.007, which is significant."
    ) in page


def test_the_best_becomes_a_recommender_only_on_request(browser: Client, knn: Recommender) -> None:
    search = searched(knn, **DONE)
    assert Recommender.objects.count() == 1

    browser.post(f"{PAGE}searches/{search.pk}/register/", {"key": "item-knn-tuned"})

    made = Recommender.objects.get(key="item-knn-tuned")
    assert made.algorithm == knn.algorithm
    assert made.config == {**knn.config, "k_neighbours": 101, "shrinkage": 12.34567}
    again = browser.post(
        f"{PAGE}searches/{search.pk}/register/", {"key": "item-knn-tuned"}, follow=True
    )
    assert "exists" in again.content.decode()
    assert Recommender.objects.count() == 2


def test_what_the_browser_shows_already_is_not_sent_again(
    browser: Client, knn: Recommender
) -> None:
    searched(knn, status="running", progress=0.4, message="Trial 3 of 3.")
    [seen] = [
        part.split('"')[0]
        for part in browser.get(PAGE).content.decode().split("searches/?seen=")[1:]
    ]
    assert browser.get(f"{PAGE}searches/?seen={seen}").status_code == 204
    Search.objects.update(message="Trial 4 of 4.")
    assert browser.get(f"{PAGE}searches/?seen={seen}").status_code == 200


def test_an_algorithm_with_nothing_to_vary_has_no_search(browser: Client) -> None:
    Recommender.objects.create(key="steps", algorithm="cold_start")
    assert "Better settings" not in text(browser, "/recommenders/steps/")
