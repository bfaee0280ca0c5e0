"""Searches as workers run them, on a log of two tastes."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from events.importing import import_events
from pipelines import child, learning, search_work, searching
from recommenders import searches
from recommenders.dataset import Dataset
from recommenders.evaluation import Judged, Protocol, judge
from recommenders.models import Recommender, Search
from recommenders.searches import Wanted
from recommenders.services import register
from tests.installation import NOW
from tests.pipelines.test_evaluate import world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)


@pytest.fixture
def knn(tmp_path: Path) -> Recommender:
    path = tmp_path / "log.csv"
    world().to_csv(path, index=False)
    import_events(path, log_dir=configured.LOG_DIR, journal_dir=configured.JOURNAL_DIR, now=NOW)
    return register(key="item-knn", algorithm="item_knn", config={"k_neighbours": 30})


def claimed(knn: Recommender, **wanted: Any) -> Search:
    usual: dict[str, Any] = {"trials": 4, "protocol": Protocol(name="leave-one-out"), "k": 3}
    asked = Wanted(**usual | wanted)
    found = searches.claim(searches.request_search(knn, asked).pk, now=NOW)
    assert found is not None
    return found


def test_a_search_tries_its_own_settings_first_and_keeps_every_trial(knn: Recommender) -> None:
    search = claimed(knn)

    search_work.run(search)

    search.refresh_from_db()
    trials = list(search.trials.all())
    best = searches.best_of(search)
    assert best is not None
    assert [one.number for one in trials] == [0, 1, 2, 3]
    assert trials[0].settings["k_neighbours"] == 30
    assert {len(one.folds) for one in trials if one.state == "complete"} == {2}
    assert best.value == max(one.value for one in trials if one.value is not None)
    assert (search.status, search.progress) == ("succeeded", 1.0)
    assert search.message == f"4 trials; the best is number {best.number}."
    assert search.outcome is not None
    assert search.outcome["measure"] == "ndcg@3"
    assert search.outcome["own"]["n"] == search.outcome["best"]["n"] == 40
    assert Recommender.objects.count() == 1


def test_settings_are_never_chosen_on_what_is_held_out(
    knn: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fold is judged on rows of the training part; the rest is looked at twice, at the end."""
    asked: list[set[tuple[str, str]]] = []
    fitted: list[set[tuple[str, str]]] = []

    def pairs(data: Dataset) -> set[tuple[str, str]]:
        users, items = data.users.ids(data.user_codes), data.items.ids(data.item_codes)
        return set(zip(users, items, strict=True))

    def spy(model: Any, train: Dataset, held_out: Dataset, **options: Any) -> Judged:
        fitted.append(pairs(train))
        asked.append(pairs(held_out))
        return judge(model, train, held_out, **options)

    monkeypatch.setattr(search_work, "judge", spy)
    data, _ = learning.learn(knn, now=NOW)
    held_out = pairs(Protocol(name="leave-one-out").split(data)[1])

    search_work.run(claimed(knn))

    assert asked[-2:] == [held_out, held_out]
    assert all(not held_out & seen for seen in (*asked[:-2], *fitted))
    assert len(asked) >= 2 + 2 * 2


class Killed(Exception):
    """The worker went away."""


def test_a_killed_search_goes_on_after_the_trials_that_were_over(
    knn: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = claimed(knn)
    remember = searches.remember

    def dies_after_two(search: Search, trial: Any, **told: Any) -> None:
        if trial.number == 2:
            raise Killed
        remember(search, trial, **told)

    monkeypatch.setattr(searches, "remember", dies_after_two)
    with pytest.raises(Killed):
        search_work.run(first)
    monkeypatch.setattr(searches, "remember", remember)
    before = [(one.pk, one.settings, one.value) for one in first.trials.all()]
    assert len(before) == 2

    second = searches.claim(first.pk, now=NOW + Search.LEASE * 2)
    assert second is not None
    search_work.run(second)

    after = [(one.pk, one.settings, one.value) for one in second.trials.all()]
    assert after[:2] == before
    assert len(after) == 4
    second.refresh_from_db()
    assert (second.status, second.attempts) == ("succeeded", 2)


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_other_samplers_come_to_an_end_too(knn: Recommender, sampler: str) -> None:
    search = claimed(knn, sampler=sampler, trials=3)
    search_work.run(search)
    assert search.trials.count() == 3


def test_a_cancelled_search_stops_its_process_and_is_no_failure(
    knn: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = searches.request_search(knn, Wanted())
    children: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        assert command[-2:] == ["search_job", str(job.pk)]
        children.append(popen([sys.executable, "-c", "import time; time.sleep(600)"], **options))
        searches.cancel(job, now=NOW)
        return children[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(child, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(child, "POLL_SECONDS", 0.05)

    searching.attempt(job.pk)

    job.refresh_from_db()
    assert (job.status, job.attempts, job.error) == ("cancelled", 1, "")
    assert [one.poll() for one in children] == [-9]


def test_a_search_that_outgrows_the_memory_of_trainings_ends_for_good(
    knn: Recommender, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    job = searches.request_search(knn, Wanted())
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        return popen([sys.executable, "-c", "import time; time.sleep(600)"], **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(child, "POLL_SECONDS", 0.05)
    settings.TRAIN_MEMORY_BYTES = 1

    searching.attempt(job.pk)

    job.refresh_from_db()
    assert (job.status, job.attempts) == ("failed", 1)
    assert job.message == "Stopped: another attempt would end alike."
    assert "WINNOW_TRAIN_MEMORY_MB" in job.error


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that takes a search as soon as it is asked for, in this process."""

    def send_task(name: str, *, args: list[int], retry: bool) -> None:
        search = searches.claim(args[0], now=NOW)
        assert search is not None
        search_work.run(search)

    monkeypatch.setattr(current_app, "send_task", send_task)


def test_the_command_prints_the_best_and_registers_it_on_request(
    knn: Recommender, at_once: None
) -> None:
    out = StringIO()

    call_command(
        "search", "item-knn", "--trials", "3", "--protocol", "leave-one-out", "--k", "3",
        "--register", "item-knn-tuned", stdout=out,
    )  # fmt: skip

    lines = out.getvalue().splitlines()
    best = searches.best_of(Search.objects.get())
    assert best is not None
    made = Recommender.objects.get(key="item-knn-tuned")
    assert lines[0] == f"3 trials; the best is number {best.number}."
    assert lines[1].startswith("Best: ")
    assert f"k_neighbours {best.settings['k_neighbours']}" in lines[1]
    assert lines[2].startswith("On 40 users held out of the search: ndcg@3 ")
    assert lines[3] == "Registered item-knn-tuned."
    assert made.config == knn.config | best.settings


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("nobody",), "There is no recommender “nobody”. Registered: item-knn."),
        (("item-knn", "--trials", "0"), "--trials: Give 1 to 500 trials."),
        (("item-knn", "--measure", "gini"), "--measure: Give one of ndcg, map"),
        (("item-knn", "--held-out", "2"), "--held-out: give a share above 0"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_queued(
    knn: Recommender, options: tuple[str, ...], says: str
) -> None:
    with pytest.raises(CommandError) as raised:
        call_command("search", *options)
    assert says in str(raised.value)
    assert Search.objects.count() == 0


def test_web_processes_import_no_optuna() -> None:
    asked = "import sys, pipelines.searching, recommenders.searches; print('optuna' in sys.modules)"
    code = f"import django; django.setup(); {asked}"
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=configured.BASE_DIR,
        env={"PYTHONPATH": "platform:.", "DJANGO_SETTINGS_MODULE": "config.settings", "PATH": ""},
    )
    assert out.stdout.strip() == "False"
