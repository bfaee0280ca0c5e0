from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from pytest_django import DjangoCaptureOnCommitCallbacks

from people.actors import Actor
from people.models import AuditEntry
from recommenders import leases, searches
from recommenders.exceptions import InvalidRecommender, InvalidSearch, JobLost
from recommenders.models import Recommender, Search, Trial
from recommenders.searches import Wanted

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + Search.LEASE + timedelta(seconds=1)


@pytest.fixture
def recommender() -> Recommender:
    return Recommender.objects.create(key="ease", algorithm="ease", config={"l2": 250.0})


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The searches that Celery was told of."""
    told: list[int] = []

    def send_task(name: str, *, args: list[int], retry: bool) -> None:
        assert name == "pipelines.search"
        told.extend(args)

    monkeypatch.setattr(current_app, "send_task", send_task)
    return told


@pytest.fixture
def search(recommender: Recommender) -> Search:
    return searches.request_search(recommender, Wanted(trials=5), actor=Actor("maya"))


def claimed(search: Search, now: datetime = NOW) -> Search:
    found = searches.claim(search.pk, now=now)
    assert found is not None
    return found


def trial(search: Search, number: int, value: float | None, **settings: Any) -> Trial:
    state = "pruned" if value is None else "complete"
    return Trial(search=search, number=number, value=value, state=state, settings=settings)


def test_a_request_is_recorded_and_rings_once_committed(
    recommender: Recommender,
    rung: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        search = searches.request_search(recommender, Wanted(trials=5), actor=Actor("maya"))
        assert rung == []

    assert rung == [search.pk]
    assert (search.status, search.planned, search.sampler, search.by) == (
        "queued", 5, "tpe", "maya",
    )  # fmt: skip
    entry = AuditEntry.objects.get(verb="search settings")
    assert (entry.by, entry.kind, entry.key) == ("maya", "recommender", "ease")


def test_one_search_at_a_time(search: Search, recommender: Recommender) -> None:
    with pytest.raises(InvalidSearch, match="under way"):
        searches.request_search(recommender, Wanted())
    assert Search.objects.count() == 1
    searches.cancel(search, now=NOW)
    assert searches.request_search(recommender, Wanted()).pk != search.pk


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"sampler": "luck"}, "sampler"),
        ({"trials": 0}, "trials"),
        ({"trials": 501}, "trials"),
        ({"folds": 11}, "folds"),
        ({"measure": "coverage"}, "measure"),  # more of it is not better
        ({"measure": "logloss"}, "measure"),
    ],
)
def test_what_cannot_be_searched_by_names_the_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSearch) as raised:
        Wanted(**given)
    assert raised.value.field == field


def test_an_algorithm_with_nothing_to_vary_is_refused() -> None:
    plain = Recommender.objects.create(key="steps", algorithm="cold_start", config={})
    with pytest.raises(InvalidSearch, match="are not varied"):
        searches.request_search(plain, Wanted())
    assert Search.objects.count() == 0


def test_trials_stay_when_a_worker_dies_and_the_next_goes_on(search: Search) -> None:
    first = claimed(search)
    searches.remember(first, trial(first, 0, 0.2, l2=250.0), progress=0.2, message="Trial 1 of 5.")

    second = claimed(search, LATER)

    assert (second.attempts, second.progress) == (2, 0.2)
    assert [one.number for one in second.trials.all()] == [0]
    assert not leases.renew(first, now=LATER)
    with pytest.raises(JobLost):
        searches.remember(first, trial(first, 1, 0.3), progress=0.4, message="late")
    with pytest.raises(JobLost):
        searches.succeed(first, {}, message="late", now=LATER)
    assert second.trials.count() == 1
    search.refresh_from_db()
    assert (search.status, search.progress) == ("running", 0.2)


def test_the_sweep_rings_for_what_nobody_works_on_and_ends_what_was_tried_three_times(
    search: Search, rung: list[int]
) -> None:
    now = NOW
    for _ in range(3):
        claimed(search, now)
        assert searches.sweep(now=now) == []
        now += Search.LEASE + timedelta(seconds=1)
        left = searches.sweep(now=now)
        search.refresh_from_db()
        assert left == ([search] if search.attempts < 3 else [])
    assert (search.status, search.message) == ("failed", "Stopped after three attempts.")
    assert search.error == "The worker went away while searching."


def test_cancelling_ends_it_for_its_worker_too_and_keeps_what_was_tried(search: Search) -> None:
    mine = claimed(search)
    searches.remember(mine, trial(mine, 0, 0.2), progress=0.2, message="Trial 1 of 5.")

    assert searches.cancel(search, now=NOW, actor=Actor("maya"))

    assert not leases.renew(mine, now=NOW)
    assert not searches.give_up(mine, "ended by signal 15", now=NOW)
    search.refresh_from_db()
    assert (search.status, search.message, search.error) == ("cancelled", "Cancelled by maya.", "")
    assert search.trials.count() == 1
    assert not searches.cancel(search, now=NOW)
    assert AuditEntry.objects.filter(verb="cancel search").count() == 1


def test_the_best_is_the_first_of_the_highest_and_registered_only_on_request(
    search: Search, recommender: Recommender
) -> None:
    mine = claimed(search)
    for number, value in enumerate((0.2, 0.4, None, 0.4)):
        searches.remember(
            mine, trial(mine, number, value, l2=100.0 + number), progress=0.1, message="Trial."
        )
    assert Recommender.objects.count() == 1

    made = searches.register_best(search, key="ease-tuned", actor=Actor("maya"))

    assert (made.algorithm, made.config) == ("ease", {"l2": 101.0})
    recommender.refresh_from_db()
    assert recommender.config == {"l2": 250.0}
    with pytest.raises(InvalidRecommender, match="exists"):
        searches.register_best(search, key="ease-tuned")


def test_without_a_complete_trial_there_is_no_best(search: Search) -> None:
    with pytest.raises(InvalidSearch, match="no best one"):
        searches.register_best(search, key="ease-tuned")
    assert Recommender.objects.count() == 1
