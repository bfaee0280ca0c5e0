"""The list of experiments, and the page of one in each of its states."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace
from pytest_django import DjangoAssertNumQueries

from experiments.models import Experiment, Placement
from recommenders.models import ModelVersion, Promotion, Recommender
from serving.models import Pulse
from tests.acting import stop_experiment
from tests.dashboard.factories import (
    AS_OF,
    BELOW_FLOOR,
    START,
    comparison,
    make_recommender,
    metric,
    ratio_check,
    scorecard,
    snapshot_of,
)

Make = Callable[..., Experiment]


def text(client: Client, address: str) -> str:
    """What a reader sees of a page: its words without tags and closed tips, in one line."""
    answer = client.get(address)
    assert answer.status_code == 200
    hidden = r"<(script|template|(?:div|span) popover class=.tip)\b.*?</(script|template|div|span)>"
    body = re.sub(hidden, " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_an_empty_list_says_what_to_do_next(browser: Client) -> None:
    assert "Make the first experiment" in text(browser, "/experiments/")


def test_the_list_says_what_each_experiment_says(browser: Client, make_experiment: Make) -> None:
    snapshot_of(make_experiment("Learned ranking"))
    make_experiment("A draft", running=False)
    make_experiment("Just started")

    page = text(browser, "/experiments/")

    assert "3 experiments, 2 running" in page
    assert "Ship item-knn lifts CTR by 8.9%. +8.9% +4.4 to +13.7%" in page
    assert "Draft Not started yet." in page
    assert "Collecting No exposure has been analysed yet." in page


@pytest.mark.parametrize("address", ["/experiments/", "/new-experiment/"])
def test_queries_do_not_grow_with_experiments_or_arms(
    browser: Client,
    make_experiment: Make,
    django_assert_num_queries: DjangoAssertNumQueries,
    address: str,
) -> None:
    snapshot_of(make_experiment("One"))
    with django_assert_num_queries(20 if address == "/experiments/" else 13):
        browser.get(address)

    for name in ("Two", "Three", "Four"):
        experiment = make_experiment(name, arms=4)
        snapshot_of(experiment)
        snapshot_of(experiment)

    with django_assert_num_queries(20 if address == "/experiments/" else 13):
        browser.get(address)


@pytest.mark.parametrize("arms", [2, 4])
def test_queries_of_the_page_do_not_grow_with_arms_or_snapshots(
    browser: Client,
    make_experiment: Make,
    django_assert_num_queries: DjangoAssertNumQueries,
    arms: int,
) -> None:
    experiment = make_experiment(arms=arms)
    others = [comparison(key) for key in ("item-knn", "conv-ctr", "ease")[: arms - 1]]
    for _ in range(arms):
        snapshot_of(experiment, scorecard(*others))

    with django_assert_num_queries(21):
        browser.get(experiment.get_absolute_url())


def test_the_page_tells_the_whole_story(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot = snapshot_of(
        experiment,
        scorecard(
            extra=(
                metric("clicks_per_user", name="Clicks per user", style="number", primary=False),
                metric("impressions_per_user", name="Impressions", style="number", primary=False),
            )
        ),
    )
    Pulse.objects.create(at=AS_OF, requests_per_minute=1, log_lag_seconds=6)

    page = text(browser, experiment.get_absolute_url())

    assert "Ship item-knn. It lifts CTR by 8.9%, and by at least 4.4%." in page
    assert "Sample ratio p = .374" in page
    assert "Log 6 s behind" in page
    assert "CTR clicks / impressions 5.51% B item-knn 6.00% +8.9% +4.4 to +13.7% < .0001" in (
        page.replace("&lt;", "<")
    )
    assert "Where the clicks come from" in page
    assert "Impressions per user differ: item-knn +8.9% (p " in page
    assert "item-knn@1 .231 .620 +8.9% 91,624 events" in page
    assert f"Snapshot {snapshot.pk}" in page
    assert "GET http://testserver/api/v1/experiments/learned-ranking/results" in page
    assert "As of 12 Nov 2026, 08:00 UTC" in page


def test_figures_travel_as_data_and_can_be_read_back(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)

    page = browser.get(experiment.get_absolute_url()).content.decode()
    found = re.search(r'<script id="over-time-figure" type="application/json">(.*?)</script>', page)

    assert found is not None
    assert len(json.loads(found[1])["data"]) == 6


def test_the_scale_is_kept_in_the_address(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)

    page = text(browser, f"{experiment.get_absolute_url()}?scale=absolute")

    assert "+0.89 pp" in page
    assert "+0.44 to +1.37 pp" in page


def test_an_unknown_scale_is_the_usual_one(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)

    assert "+4.4 to +13.7%" in text(browser, f"{experiment.get_absolute_url()}?scale=x")


def test_below_the_floor_nothing_is_judged_or_coloured(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    low = comparison(floor=BELOW_FLOOR, reading="collecting")
    snapshot_of(experiment, scorecard(low, state="collecting"))

    page = browser.get(experiment.get_absolute_url()).content.decode()

    assert "Collecting. item-knn has 71 of 100 users." in page
    assert "bar-better" not in page.split("How to read the bars")[0]
    assert "8.9%" not in page


def test_an_unhealthy_experiment_shows_no_winner(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(
        experiment, scorecard(state="unhealthy", health=(ratio_check(healthy=False, p=0.00002),))
    )

    page = text(browser, experiment.get_absolute_url())

    assert "Arms are out of ratio, so nothing is judged." in page
    assert "Not judged" in page
    assert "Better" not in page
    assert "Ship" not in page


def test_a_running_experiment_without_a_snapshot_says_what_comes(
    browser: Client, make_experiment: Make
) -> None:
    page = text(browser, make_experiment().get_absolute_url())

    assert "Collecting. No exposure has been analysed yet." in page


def test_a_draft_shows_its_checklist_and_may_start(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment(running=False)

    page = text(browser, experiment.get_absolute_url())

    assert "Ready to start." in page
    assert "item-knn answers with item-knn@1." in page
    assert "Snapshot" not in page


def test_a_draft_with_something_missing_cannot_start(
    browser: Client, home: Placement, make_experiment: Make
) -> None:
    make_recommender("item-knn", trained=False)
    experiment = make_experiment(running=False)

    answer = browser.get(experiment.get_absolute_url()).content.decode()
    refused = browser.post(f"{experiment.get_absolute_url()}start/", follow=True)

    assert "Not ready to start." in answer
    assert re.search(r"<button[^>]* disabled>Start the experiment", answer)
    assert b"item-knn has no trained model yet: train it first." in refused.content
    experiment.refresh_from_db()
    assert experiment.status == "draft"
    assert not experiment.phases.exists()


def test_starting_opens_the_first_phase(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment(running=False)

    answer = browser.post(f"{experiment.get_absolute_url()}start/")

    assert answer["Location"] == experiment.get_absolute_url()
    experiment.refresh_from_db()
    assert experiment.status == "running"
    assert [phase.number for phase in experiment.phases.all()] == [1]


def test_stopping_keeps_what_was_measured(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)

    browser.post(f"{experiment.get_absolute_url()}stop/")

    page = text(browser, experiment.get_absolute_url())
    assert "Stopped" in page
    assert "Ship item-knn. It lifts CTR by 8.9%" in page
    assert "Keep running" not in page


def test_a_stopped_experiment_shows_the_versions_of_its_end(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    knn = Recommender.objects.get(key="item-knn")
    first = knn.live
    assert first is not None
    second = retrained(knn, first, 2)
    for version, at in ((first, START), (second, AS_OF + timedelta(hours=1))):
        Promotion.objects.create(recommender=knn, version=version, kind="gate", at=at)
    snapshot_of(experiment)
    assert "item-knn@2" in text(browser, experiment.get_absolute_url())
    assert "Live version" in text(browser, experiment.get_absolute_url())

    stop_experiment(experiment, now=AS_OF)

    page = text(browser, experiment.get_absolute_url())
    assert "item-knn@1 .231" in page
    assert "item-knn@2" not in page
    assert "Version at the end" in page
    assert "popular version not known, control" in page


def retrained(recommender: Recommender, like: ModelVersion, number: int) -> ModelVersion:
    """A newer version, which is live."""
    like = ModelVersion.objects.get(pk=like.pk)
    like.pk, like.number = None, number
    like.save()
    recommender.live = like
    recommender.save()
    return like


@pytest.mark.parametrize("arms", [2, 4])
def test_queries_of_a_stopped_page_do_not_grow_with_arms(
    browser: Client,
    make_experiment: Make,
    django_assert_num_queries: DjangoAssertNumQueries,
    arms: int,
) -> None:
    experiment = stop_experiment(make_experiment(arms=arms), now=AS_OF)

    with django_assert_num_queries(18):
        browser.get(experiment.get_absolute_url())


def test_what_is_stopped_cannot_be_stopped_again(browser: Client, make_experiment: Make) -> None:
    experiment = stop_experiment(make_experiment(), now=AS_OF)

    answer = browser.post(f"{experiment.get_absolute_url()}stop/", follow=True)

    assert b"A stopped experiment cannot stop" in answer.content
    experiment.refresh_from_db()
    assert experiment.stopped_at == AS_OF


def test_the_live_part_sends_nothing_that_is_shown_already(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    address = f"{experiment.get_absolute_url()}live/"

    assert browser.get(address, {"status": "running", "snapshot": ""}).status_code == 204

    snapshot = snapshot_of(experiment)
    shown = {"status": "running", "snapshot": str(snapshot.pk)}

    assert browser.get(address, shown).status_code == 204
    assert browser.get(address, {"status": "running", "snapshot": ""}).status_code == 200


def test_the_next_analysis_is_never_said_to_be_in_the_past(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    address = experiment.get_absolute_url()
    now = timezone.now()
    late = replace(scorecard(), as_of=now - timedelta(minutes=7), period_seconds=900)
    shown = {"status": "running", "ahead": "1", "snapshot": str(snapshot_of(experiment, late).pk)}

    part = browser.get(f"{address}live/", shown).content.decode()
    assert "Analysed about every 5 min, the next is due" in part
    assert "ahead=1" not in part
    del shown["ahead"]
    assert browser.get(f"{address}live/", shown).status_code == 204

    fresh = snapshot_of(experiment, replace(late, as_of=now))
    page = browser.get(address).content.decode()
    assert "Analysed about every 5 min, next at " in page
    assert "ahead=1&amp;status=running" in page
    shown |= {"ahead": "1", "snapshot": str(fresh.pk)}
    assert browser.get(f"{address}live/", shown).status_code == 204


def test_the_live_part_brings_the_badge_along(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)

    part = browser.get(
        f"{experiment.get_absolute_url()}live/",
        {"status": "running", "snapshot": "", "scale": "absolute"},
        headers={"HX-Request": "true"},
    ).content.decode()

    assert '<span id="status" role="status" hx-swap-oob="true">' in part
    assert "+0.89 pp" in part
    assert "<html" not in part


def test_the_live_part_asks_for_the_page_when_the_experiment_moved(
    browser: Client, make_experiment: Make
) -> None:
    experiment = stop_experiment(make_experiment(), now=AS_OF)

    answer = browser.get(f"{experiment.get_absolute_url()}live/", {"status": "running"})

    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")
