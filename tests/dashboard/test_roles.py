"""Which role opens which page and takes which form, and that nobody is shown a button in vain."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dashboard import urls
from dashboard.access import Needs
from experiments.models import Experiment
from people.models import Person
from people.roles import Role
from serving.keys import create_key
from serving.models import ApiKey
from tests.dashboard.factories import snapshot_of

VIEWER, ANALYST, EXPERIMENTER, ADMIN = Role
# The least role that opens the page, and that sends it a form.
TABLE = {
    "pulse": (VIEWER, VIEWER),
    "overview": (VIEWER, VIEWER),
    "overview-live": (VIEWER, VIEWER),
    "experiments": (VIEWER, VIEWER),
    "experiment": (VIEWER, VIEWER),
    "experiment-live": (VIEWER, VIEWER),
    "experiment-scorecard": (VIEWER, VIEWER),
    "experiment-csv": (VIEWER, VIEWER),
    "experiment-health": (VIEWER, VIEWER),
    "experiment-traffic": (VIEWER, VIEWER),
    "experiment-settings": (VIEWER, VIEWER),
    "experiment-history": (VIEWER, VIEWER),
    "experiment-metric": (VIEWER, VIEWER),
    "report-new": (ANALYST, ANALYST),
    "report-revoke": (ANALYST, ANALYST),
    "experiment-new": (EXPERIMENTER, EXPERIMENTER),
    "sketch": (EXPERIMENTER, EXPERIMENTER),
    "sketch-discard": (EXPERIMENTER, EXPERIMENTER),
    "wizard-buckets": (EXPERIMENTER, EXPERIMENTER),
    "wizard-newcomers": (EXPERIMENTER, EXPERIMENTER),
    "wizard-slates": (EXPERIMENTER, EXPERIMENTER),
    "experiment-edit": (EXPERIMENTER, EXPERIMENTER),
    "experiment-edit-step": (EXPERIMENTER, EXPERIMENTER),
    "changes-discard": (EXPERIMENTER, EXPERIMENTER),
    "outlook": (VIEWER, VIEWER),
    "outlook-count": (EXPERIMENTER, EXPERIMENTER),
    "experiment-keep": (EXPERIMENTER, EXPERIMENTER),
    "experiment-start": (EXPERIMENTER, EXPERIMENTER),
    "experiment-pause": (EXPERIMENTER, EXPERIMENTER),
    "experiment-resume": (EXPERIMENTER, EXPERIMENTER),
    "experiment-stop": (EXPERIMENTER, EXPERIMENTER),
    "experiment-ship": (EXPERIMENTER, EXPERIMENTER),
    "experiment-archive": (EXPERIMENTER, EXPERIMENTER),
    "experiment-delete": (EXPERIMENTER, EXPERIMENTER),
    "clock": (EXPERIMENTER, EXPERIMENTER),
    "clock-schedule": (EXPERIMENTER, EXPERIMENTER),
    "clock-ramp": (EXPERIMENTER, EXPERIMENTER),
    "clock-advance": (EXPERIMENTER, EXPERIMENTER),
    "clock-cancel": (EXPERIMENTER, EXPERIMENTER),
    "changes": (EXPERIMENTER, EXPERIMENTER),
    "changes-traffic": (EXPERIMENTER, EXPERIMENTER),
    "changes-traffic-preview": (EXPERIMENTER, EXPERIMENTER),
    "changes-arms": (EXPERIMENTER, EXPERIMENTER),
    "changes-preview": (EXPERIMENTER, EXPERIMENTER),
    "changes-kill": (EXPERIMENTER, EXPERIMENTER),
    "changes-words": (EXPERIMENTER, EXPERIMENTER),
    "changes-override": (EXPERIMENTER, EXPERIMENTER),
    "changes-override-remove": (EXPERIMENTER, EXPERIMENTER),
    "draft-overrides": (EXPERIMENTER, EXPERIMENTER),
    "draft-override-remove": (EXPERIMENTER, EXPERIMENTER),
    "experiment-analyse": (ANALYST, ANALYST),
    "recommenders": (VIEWER, VIEWER),
    "recommender": (VIEWER, VIEWER),
    "recommender-live": (VIEWER, VIEWER),
    "recommender-new": (EXPERIMENTER, EXPERIMENTER),
    "version-promote": (EXPERIMENTER, EXPERIMENTER),
    "recommender-back": (EXPERIMENTER, EXPERIMENTER),
    "recommender-version": (VIEWER, VIEWER),
    "recommender-training": (EXPERIMENTER, EXPERIMENTER),
    "recommender-train": (EXPERIMENTER, EXPERIMENTER),
    "metrics": (VIEWER, VIEWER),
    "metric": (VIEWER, ANALYST),
    "metric-new": (ANALYST, ANALYST),
    "metric-preview": (ANALYST, ANALYST),
    "metric-archive": (ANALYST, ANALYST),
    "metric-restore": (ANALYST, ANALYST),
    "recommender-compare": (VIEWER, VIEWER),
    "recommender-cancel": (EXPERIMENTER, EXPERIMENTER),
    "recommender-searches": (VIEWER, VIEWER),
    "recommender-search": (EXPERIMENTER, EXPERIMENTER),
    "recommender-search-cancel": (EXPERIMENTER, EXPERIMENTER),
    "recommender-search-register": (EXPERIMENTER, EXPERIMENTER),
    "recommender-try": (VIEWER, VIEWER),
    "data": (VIEWER, VIEWER),
    "data-live": (VIEWER, VIEWER),
    "data-rule": (ANALYST, ANALYST),
    "data-rule-remove": (ANALYST, ANALYST),
    "data-audit": (VIEWER, VIEWER),
    "data-import": (EXPERIMENTER, EXPERIMENTER),
    "data-import-job": (EXPERIMENTER, EXPERIMENTER),
    "data-import-live": (EXPERIMENTER, EXPERIMENTER),
    "data-import-check": (EXPERIMENTER, EXPERIMENTER),
    "data-import-start": (EXPERIMENTER, EXPERIMENTER),
    "data-import-cancel": (EXPERIMENTER, EXPERIMENTER),
    "data-rows": (VIEWER, VIEWER),
    "data-user": (VIEWER, VIEWER),
    "data-audit-live": (VIEWER, VIEWER),
    "data-audit-run": (ANALYST, ANALYST),
    "data-audit-cancel": (ANALYST, ANALYST),
    "keys": (VIEWER, ADMIN),
    "key": (VIEWER, ADMIN),
    "key-revoke": (ADMIN, ADMIN),
    "layers": (VIEWER, VIEWER),
    "layer-new": (ADMIN, ADMIN),
    "placement-new": (ADMIN, ADMIN),
    "placement-default": (ADMIN, ADMIN),
    "placement-rules": (VIEWER, VIEWER),
    "placement-pin": (ADMIN, ADMIN),
    "placement-bury": (ADMIN, ADMIN),
    "placement-rule-remove": (ADMIN, ADMIN),
    "holdout-new": (ADMIN, ADMIN),
    "holdout-share": (ADMIN, ADMIN),
    "holdout-end": (ADMIN, ADMIN),
    "notices": (VIEWER, VIEWER),
    "notice-webhook-new": (ADMIN, ADMIN),
    "notice-webhook": (ADMIN, ADMIN),
    "notice-webhook-test": (ADMIN, ADMIN),
    "notice-webhook-gone": (ADMIN, ADMIN),
    "notice-again": (ADMIN, ADMIN),
    "notice-email": (VIEWER, VIEWER),
    "notice-email-test": (VIEWER, VIEWER),
    "people": (VIEWER, ADMIN),
    "person-role": (ADMIN, ADMIN),
    "person-deactivate": (ADMIN, ADMIN),
    "person-reactivate": (ADMIN, ADMIN),
    "person-password": (ADMIN, ADMIN),
    "password": (VIEWER, VIEWER),
    "trail": (VIEWER, VIEWER),
    "design": (VIEWER, VIEWER),
}
OPEN = {"login", "logout", "report"}
"""Needed by whoever has no role yet, or goes; test_reports.py says who reads a report."""


@pytest.fixture
def as_role(client: Client, db: None) -> Callable[[Role], Client]:
    """A client of a person with that role."""

    def log_in(role: Role) -> Client:
        user = User.objects.create_user(role.value, password="x")
        Person.objects.create(user=user, role=role.value)
        client.force_login(user)
        return client

    return log_in


def address(name: str) -> str:
    key = {"metric": "gmv", "recommender": "popular", "version": "popular"}.get(
        name.split("-")[0], "learned-ranking"
    )
    [pattern] = [p for p in urls.urlpatterns if p.name == name]
    values: dict[str, Any] = {
        "key": key,
        "pk": 1,
        "metric": "ctr",
        "number": 1,
        "step": "setup",
        "token": "none",
    }
    takes = pattern.pattern.converters
    return reverse(f"dashboard:{name}", kwargs={k: v for k, v in values.items() if k in takes})


def test_every_view_says_what_it_needs_and_this_table_knows_it() -> None:
    said = {}
    for pattern in urls.urlpatterns:
        if pattern.name in OPEN:
            continue
        needs = getattr(pattern.callback, "needs", None)
        assert isinstance(needs, Needs), f"{pattern.name} says nothing: use @needs"
        said[pattern.name] = (needs.read, needs.write)
    assert said == TABLE


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("role", Role)
def test_a_page_opens_from_its_role_on(
    as_role: Callable[[Role], Client], name: str, role: Role
) -> None:
    browser = as_role(role)
    read, write = TABLE[name]

    statuses = {
        "GET": browser.get(address(name)).status_code,
        "POST": browser.post(address(name), {}).status_code,
    }

    assert {method: status == 403 for method, status in statuses.items()} == {
        "GET": role < read,
        "POST": role < write,
    }


def test_whoever_is_refused_is_told_which_role_it_takes_and_whom_to_ask(
    as_role: Callable[[Role], Client], make_experiment: Callable[..., Experiment], person: User
) -> None:
    experiment = make_experiment()
    browser = as_role(Role.ANALYST)

    answer = browser.post(f"{experiment.get_absolute_url()}stop/")

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "It needs the role <strong>experimenter</strong> or above" in page
    assert "yours is <strong>analyst</strong>. Nothing was changed." in page
    assert "Ask for it: maya can give roles." in page
    experiment.refresh_from_db()
    assert experiment.status == Experiment.Status.RUNNING


def test_what_is_refused_is_not_done(as_role: Callable[[Role], Client]) -> None:
    key, _ = create_key("shop")
    browser = as_role(Role.EXPERIMENTER)

    browser.post(reverse("dashboard:keys"), {"name": "mine", "kind": "server", "role": "admin"})
    browser.post(reverse("dashboard:key-revoke", args=[key.pk]))

    assert list(ApiKey.objects.filter(revoked_at=None)) == [key]


def buttons(page: str) -> set[str]:
    """The words of everything that looks like a button."""
    found = re.findall(r'<(button|a class="button)[^>]*>(.*?)</(?:button|a)>', page, re.DOTALL)
    return {" ".join(re.sub(r"<[^>]+>", " ", inside).split()) for _, inside in found}


BUTTONS = {
    "New experiment": ("/experiments/", EXPERIMENTER),
    "Stop": ("/experiments/learned-ranking/", EXPERIMENTER),
    "Analyse now": ("/experiments/learned-ranking/", ANALYST),
    "Start the experiment": ("/experiments/a-draft/", EXPERIMENTER),
    "Set the override": ("/experiments/a-draft/", EXPERIMENTER),
    "Register a recommender": ("/recommenders/", EXPERIMENTER),
    "Train": ("/recommenders/popular/", EXPERIMENTER),
    "Define a metric": ("/metrics/", ANALYST),
    "Leave out by attribute": ("/data/", ANALYST),
    "Import a file": ("/data/", EXPERIMENTER),
    "Run an audit": ("/data/audit/", ANALYST),
    "Make the key": ("/settings/keys/", ADMIN),
    "Revoke it": ("/settings/keys/1/", ADMIN),
    "Invite": ("/settings/people/", ADMIN),
    "Switch off": ("/settings/people/", ADMIN),
    "Change it": ("/settings/password/", VIEWER),
}


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("role", Role)
def test_a_button_is_shown_to_whom_it_works_for(
    as_role: Callable[[Role], Client],
    make_experiment: Callable[..., Experiment],
    button: str,
    role: Role,
) -> None:
    snapshot_of(make_experiment(traffic="0.1"))
    make_experiment("A draft", running=False)
    key, _ = create_key("shop")
    address, least = BUTTONS[button]

    page = as_role(role).get(address.replace("keys/1", f"keys/{key.pk}")).content.decode()

    assert (button in buttons(page)) == (role >= least)


def test_an_account_without_a_role_sees_and_changes_nothing(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("new"))

    assert client.get("/experiments/").status_code == 200
    assert client.get("/new-experiment/").status_code == 403
