"""The Metrics pages: the list, defining and changing one, and what is said before it is saved."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from experiments import metric_definitions
from experiments.metrics import METRICS
from experiments.models import Experiment, MetricDefinition
from people.models import Person
from tests.acting import start_experiment, stop_experiment
from tests.dashboard.factories import AS_OF, metric, scorecard, snapshot_of
from tests.dashboard.test_data_page import event, exposure, write
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text
from tests.dashboard.test_metric_form import SPEND, TYPED
from tests.dashboard.walking import ADDRESS, send

NOW = datetime.now(UTC).replace(microsecond=0)
CHANGED = "The sum of purchase values per user"
Make = Callable[..., Experiment]
replace = msgspec.structs.replace


@pytest.fixture
def spend(db: None) -> MetricDefinition:
    return metric_definitions.define(metric=SPEND, now=AS_OF)


def words(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def by_spend(make_experiment: Make, name: str, status: str = "running") -> Experiment:
    experiment = make_experiment(name, running=False)
    experiment.measurement = {"goals": ["spend_per_user"]}
    experiment.save()
    if status != "draft":
        experiment = start_experiment(experiment, now=AS_OF)
    return stop_experiment(experiment, now=AS_OF) if status == "stopped" else experiment


def test_the_list_says_of_each_metric_what_it_counts_and_who_chose_it(
    browser: Client, spend: MetricDefinition, make_experiment: Make
) -> None:
    make_experiment("Learned ranking")
    by_spend(make_experiment, "On spend")

    page = text(browser, "/metrics/")

    assert (
        "Spend per user spend_per_user mean over users The sum of purchase values per user, in "
        "the first 7 days after first exposure. Users&#x27; totals are cut off at percentile "
        "99.5. More is better. What people spend. On spend Copy"
    ) in page
    assert "CTR ctr ratio of sums over users The number of clicks divided by the number of" in page
    assert "clicked at most once. Learned ranking Copy" in page
    assert page.count(" Copy") == len(METRICS) + 1


def test_without_own_metrics_the_list_says_what_to_do(browser: Client) -> None:
    assert "Define the first metric" in text(browser, "/metrics/")


def test_queries_do_not_grow_with_metrics_or_experiments(
    browser: Client,
    spend: MetricDefinition,
    make_experiment: Make,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(8):
        browser.get("/metrics/")

    for n in range(4):
        metric_definitions.define(metric=replace(SPEND, key=f"m{n}", name=f"M{n}"), now=AS_OF)
        by_spend(make_experiment, f"Number {n}", status="draft")

    with django_assert_num_queries(8):
        browser.get("/metrics/")


def measurement_step(browser: Client) -> str:
    """Where an experiment's metrics are chosen."""
    answer = send(browser, ADDRESS, {}, to="measurement", follow=True)
    return str(answer.content.decode())


def test_a_form_that_is_right_defines_a_metric_that_can_be_chosen(
    browser: Client, person: User, make_experiment: Make
) -> None:
    make_experiment()

    answer = browser.post("/new-metric/", TYPED)

    assert answer["Location"] == "/metrics/spend_per_user/"
    assert metric_definitions.metric_named("spend_per_user") == SPEND
    assert MetricDefinition.objects.get().created_by == person
    choice = measurement_step(browser)
    assert 'name="primary_metric" value="spend_per_user"' in choice
    assert "What people spend." in choice


def test_without_a_description_the_goal_says_what_it_counts(
    browser: Client, make_experiment: Make
) -> None:
    make_experiment()
    browser.post("/new-metric/", TYPED | {"description": ""})

    assert f"{CHANGED}, in the first 7 days" in measurement_step(browser)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": ""}, "id_name", "Give the metric a name."),
        ({"name": "CTR"}, "id_name", "A metric named “CTR” exists. Choose another name."),
        ({"key": "ctr"}, "id_key", "“ctr” is built in. Choose another key."),
        ({"winsorise": "10"}, "id_winsorise", "Give a percentile from 50 to less than 100."),
        (
            {"numerator-where-0-place": "value", "numerator-where-0-to": "much"},
            "id_numerator-where-0-to",
            "Give a number, such as 9.50.",
        ),
    ],
)
def test_an_error_stands_at_its_field_and_what_was_typed_is_kept(
    browser: Client, change: dict[str, str], field: str, message: str
) -> None:
    page = browser.post("/new-metric/", TYPED | change).content.decode()

    assert error_of(page, field) == message
    assert 'value="What people spend."' in page
    assert 'name="numerator-type" value="purchase"' in page
    assert not MetricDefinition.objects.exists()


def test_a_copy_of_a_built_in_metric_has_a_limit_of_its_own(browser: Client) -> None:
    page = browser.get("/new-metric/?like=slow_slates").content.decode()

    assert 'name="numerator-slower_than_ms" value="200"' in page
    assert '<option value="slates" selected>' in page
    assert 'name="kind" value="ratio" checked' in page
    assert 'name="name" value' not in page


def test_a_changed_metric_is_saved_and_what_follows_is_said(
    browser: Client, spend: MetricDefinition, make_experiment: Make
) -> None:
    by_spend(make_experiment, "On spend")
    by_spend(make_experiment, "Over", status="stopped")

    before = text(browser, "/metrics/spend_per_user/")
    answer = browser.post("/metrics/spend_per_user/", TYPED | {"until_days": "3"}, follow=True)

    said = (
        "1 running experiment (On spend): its history is counted anew at the next analysis. "
        "1 stopped experiment (Over): its numbers stay those of the old definition."
    )
    assert f"Where you change what is counted: {said}" in before
    assert f"Saved. {said}" in words(answer.content)
    assert metric_definitions.metric_named("spend_per_user").window is not None
    spend.refresh_from_db()
    assert spend.updated_at > AS_OF


def test_a_change_that_cannot_be_changes_nothing(browser: Client, spend: MetricDefinition) -> None:
    page = browser.post("/metrics/spend_per_user/", TYPED | {"name": "CTR"}).content.decode()

    assert error_of(page, "id_name") == "A metric named “CTR” exists. Choose another name."
    assert metric_definitions.metric_named("spend_per_user") == SPEND


def test_archiving_is_refused_while_an_experiment_goes_by_it(
    browser: Client, spend: MetricDefinition, make_experiment: Make
) -> None:
    running = by_spend(make_experiment, "On spend")

    refused = browser.post("/metrics/spend_per_user/archive/", follow=True)
    assert "is measured by On spend (running). Archive it once" in words(refused.content)
    stop_experiment(running, now=AS_OF)
    done = browser.post("/metrics/spend_per_user/archive/", follow=True)

    assert "no new experiment can choose it" in words(done.content)
    assert 'value="spend_per_user"' not in measurement_step(browser)
    browser.post("/metrics/spend_per_user/restore/")
    assert "spend_per_user" in metric_definitions.metrics()


def test_a_built_in_metric_has_a_page_that_says_how_it_is_counted_and_who_chose_it(
    browser: Client, make_experiment: Make
) -> None:
    make_experiment("Learned ranking")

    page = text(browser, "/metrics/ctr/")

    assert "Built in: it never changes" in page
    assert "Formula number of clicks ÷ number of impressions" in page
    assert "Compared as Ratio of sums over users" in page
    assert "Counted From first exposure on" in page
    assert "Good direction More is better" in page
    assert "Judged From 100 users in every arm on" in page
    assert "Written as A share in percent" in page
    assert "It is shown with every experiment, chosen or not: it explains others." in page
    assert "Learned ranking goal running" in page
    assert 'href="/new-metric/?like=ctr"' in browser.get("/metrics/ctr/").content.decode()
    unchosen = text(browser, "/metrics/conversion/")
    assert "Formula users with any purchase events ÷ users" in unchosen
    assert "No experiment has chosen it." in unchosen
    assert "It is watched in every experiment" in text(browser, "/metrics/slow_slates/")


@pytest.mark.parametrize("key", METRICS)
def test_every_built_in_metric_has_a_page_and_takes_no_form(browser: Client, key: str) -> None:
    assert browser.get(f"/metrics/{key}/").status_code == 200
    assert browser.post(f"/metrics/{key}/", TYPED).status_code == 405
    assert not MetricDefinition.objects.exists()


def test_where_a_metric_is_named_its_page_is_one_click_away(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment("Learned ranking")
    snapshot_of(experiment, scorecard())
    where = experiment.get_absolute_url()

    for address in ("/metrics/", where, f"{where}settings/", f"{where}metrics/ctr/"):
        assert 'href="/metrics/ctr/"' in browser.get(address).content.decode(), address
    settings = browser.get(f"{where}settings/").content.decode()
    assert '<a href="/metrics/slow_slates/">Slow slates</a>, ' in settings
    assert settings.count("; no winner waits for them") == 1


def test_who_may_not_change_a_metric_reads_how_it_is_counted(
    browser: Client, person: User, spend: MetricDefinition
) -> None:
    User.objects.filter(pk=person.pk).update(is_superuser=False)
    Person.objects.update_or_create(user=person, defaults={"role": "viewer"})

    page = text(browser, "/metrics/spend_per_user/")

    assert "Formula sum of purchase values ÷ number of users" in page
    assert "Counted In the first 7 days after first exposure" in page
    assert "Above percentile 99.5" in page


def test_an_unknown_metric_has_no_page(browser: Client) -> None:
    assert browser.get("/metrics/luck/").status_code == 404


class TestPreview:
    """What the definition in the form counts, before it is saved."""

    @pytest.fixture(autouse=True)
    def log(self, fresh_process: object, db: None) -> None:
        hours = timedelta(hours=1)
        served = [exposure(f"r{n}", f"u{n}", at=NOW - 30 * hours) for n in range(4)]
        before = exposure("r9", "u9", at=NOW - 24 * 20 * hours)
        bought = event("e1", "u1", type="purchase", value=30.0, at=NOW - 29 * hours)
        write(*served, before, bought)

    def see(self, browser: Client, **typed: str) -> str:
        return words(browser.post("/metric-preview/", TYPED | {"until_days": "1"} | typed).content)

    def test_users_value_and_share_with_any_are_those_of_the_log(self, browser: Client) -> None:
        page = self.see(browser)

        assert page.startswith("The sum of purchase values per user, in the first day after first")
        assert "Users 4" in page
        assert "Spend per user 7.50 EUR" in page
        assert "Users with any 25.00%" in page
        assert "Fewer users than an arm needs" in page
        assert not MetricDefinition.objects.exists()

    def test_of_a_ratio_both_sums_are_told(self, browser: Client) -> None:
        ratio = {"kind": "ratio", "denominator-source": "items", "winsorise": ""}

        page = self.see(browser, **ratio)

        assert "Numerator per user 7.50 EUR Denominator per user 1.00" in page

    def test_more_days_may_be_looked_at(self, browser: Client) -> None:
        assert "Users 5" in self.see(browser, days="28")
        assert "Users 4" in self.see(browser, days="a year")

    def test_an_event_that_nobody_sends_is_doubted(self, browser: Client) -> None:
        page = self.see(browser, **{"numerator-type": "purchased"})

        assert "Nobody has any. Check the event type and the conditions" in page

    def test_a_window_longer_than_the_days_is_said(self, browser: Client) -> None:
        page = self.see(browser, until_days="14")

        assert "Users 0 4 users too late for the window" in page
        assert "Nobody's window has passed within 7 days" in page.replace("&#x27;", "'")

    def test_what_is_missing_is_said_instead(self, browser: Client) -> None:
        page = self.see(browser, minimum_users="9")

        assert page == "No figures yet. Must be 100 to 1,000,000,000."

    def test_a_metric_still_without_a_name_shows_its_figures(self, browser: Client) -> None:
        assert "This metric 7.50 EUR" in self.see(browser, name="")

    def test_the_consequence_of_a_change_is_said_before_it_is_saved(
        self, browser: Client, make_experiment: Make
    ) -> None:
        metric_definitions.define(metric=replace(SPEND, window=None), now=AS_OF)
        for name in ("One", "Two", "Three"):
            by_spend(make_experiment, name)

        page = self.see(browser, of="spend_per_user")
        same = self.see(browser, of="spend_per_user", until_days="", name="Spending")

        assert (
            "3 running experiments (Three, Two, One): their history is counted anew at the next "
            "analysis."
        ) in page
        assert "3 running experiments (Three, Two, One): no number changes." in same

    def test_a_log_that_cannot_be_read_is_said(self, browser: Client, settings: Settings) -> None:
        settings.LOG_DIR = settings.LOG_DIR.parent / "broken"
        broken = settings.LOG_DIR / "events" / "_delta_log"
        broken.mkdir(parents=True)
        (broken / f"{0:020}.json").write_text("no json")

        assert "The log cannot be read just now." in self.see(browser)


def test_a_metric_defined_otherwise_since_is_said_beside_the_numbers(
    browser: Client, spend: MetricDefinition, make_experiment: Make
) -> None:
    made_by = metric("spend_per_user", name="Spend per user", style="money", primary=False)
    made_by = replace(made_by, currency="EUR", fingerprint=SPEND.fingerprint)
    running = by_spend(make_experiment, "On spend")
    snapshot_of(running, scorecard(extra=(made_by,)))
    before = text(browser, "/experiments/on-spend/")

    metric_definitions.change(spend, metric=replace(SPEND, winsorise=None), now=AS_OF)

    after = text(browser, "/experiments/on-spend/")
    stop_experiment(running, now=AS_OF)
    stopped = text(browser, "/experiments/on-spend/")
    assert "is defined otherwise since" not in before
    assert "is defined otherwise since 12 Nov, 08:00 UTC . The next analysis counts" in after
    assert "These numbers are by the definition this experiment was decided by." in stopped


def test_money_is_written_with_its_currency(
    browser: Client, spend: MetricDefinition, make_experiment: Make
) -> None:
    made_by: Any = metric(
        "spend_per_user", name="Spend per user", style="money", primary=False, control=12.5
    )
    running = by_spend(make_experiment, "On spend")
    snapshot_of(running, scorecard(extra=(replace(made_by, currency="EUR"),)))

    page = text(browser, "/experiments/on-spend/")

    assert "Spend per user mean over users Numbers of Spend per user: B Better" in page
    assert "Better 12.50 EUR B item-knn 13.61 EUR" in page
