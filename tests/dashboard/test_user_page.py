"""One user's page: every running experiment, with the reason why they see what they see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from experiments import overrides
from experiments.assignment import bucket
from experiments.models import Experiment
from serving import plans
from serving.lifecycle import routed
from tests.acting import MADE, TESTER, start_experiment

Make = Callable[..., Experiment]
PAGE = "/data/user/"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_process")]


def test_a_user_stands_somewhere_in_every_running_experiment(
    browser: Client, make_experiment: Make
) -> None:
    one, two = make_experiment("One", traffic="0.5"), make_experiment("Two", traffic="0.5")
    place = bucket(one.layer.seed, "u1")
    inside, outside = (one, two) if place < 5000 else (two, one)

    page = browser.get(PAGE, {"user": "u1"}).content.decode()

    rows = page.split("<tr>")[2:4]
    assert inside.key in rows[0]
    assert "in it, by chance" in rows[0]
    assert f"home {place:,}" in rows[0]
    assert f"{bucket(inside.seed, 'u1'):,}" in rows[0]
    assert outside.key in rows[1]
    assert "another experiment of a layer holds this user" in rows[1]
    assert f"By plan {plans.current().version}" in page


def test_conditions_are_judged_by_the_attributes_that_are_given(
    browser: Client, make_experiment: Make
) -> None:
    draft = make_experiment("One", traffic="1", running=False)
    draft.condition = {"country": "NL"}
    draft.save()
    start_experiment(draft, now=MADE)

    page = browser.get(PAGE, {"user": "u1"}).content.decode()
    assert "the attributes do not meet its condition" in page
    page = browser.get(PAGE, {"user": "u1", "attributes": '{"country": "NL"}'}).content.decode()
    assert "in it, by chance" in page


def test_an_override_is_said(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment("One", traffic="0.01")
    routed(
        overrides.set_override, experiment, user="qa", variant="item-knn", now=MADE, actor=TESTER
    )

    page = browser.get(PAGE, {"user": "qa"}).content.decode()

    assert "sees it by an override" in page
    assert "<strong>item-knn</strong>" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"user": "", "device": "d"}, "Give a user id."),
        ({"user": "u1", "attributes": "NL"}, "Give a JSON object of plain values"),
        ({"user": "u1", "attributes": '{"a": {"b": 1}}'}, "Give a JSON object of plain values"),
    ],
)
def test_what_cannot_be_asked_is_said(browser: Client, asked: dict[str, str], said: str) -> None:
    assert said in browser.get(PAGE, asked).content.decode()
