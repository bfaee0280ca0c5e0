"""Whom a draft takes, when and how fast; and drafts made otherwise on their page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from experiments.checks import VariantSpec
from experiments.measurement import Guarded, Measurement
from experiments.models import Experiment, Layer, Placement
from experiments.ramps import Step, ramp_of
from tests.acting import create_experiment
from tests.dashboard.test_experiment_form import error_of, typed
from tests.dashboard.walking import walk

__all__ = ["typed"]

Make = Callable[..., Experiment]
GIVEN = {
    "condition": '{"country": {"$in": ["NL", "BE"]}}',
    "starts_at": "2199-12-01T08:00",
    "ends_at": "2199-12-15T08:00",
    "layer-search": "50",
    "ramp-0-share": "1",
    "ramp-0-hours": "24",
    "ramp-0-users": "1000",
    "ramp-2-share": "50",
}


@pytest.fixture
def search(db: None) -> Layer:
    return Layer.objects.create(key="search")


def test_all_of_it_is_kept_with_the_draft(
    browser: Client, typed: dict[str, Any], search: Layer
) -> None:
    walk(browser, typed | GIVEN)

    experiment = Experiment.objects.get()
    assert experiment.condition == {"country": {"$in": ["NL", "BE"]}}
    assert experiment.starts_at == datetime(2199, 12, 1, 8, tzinfo=UTC)
    assert experiment.ends_at == datetime(2199, 12, 15, 8, tzinfo=UTC)
    assert [(m.layer.key, m.share) for m in experiment.memberships.all()] == [
        ("search", Decimal("0.5"))
    ]
    ramp = ramp_of(experiment)
    assert ramp is not None
    assert ramp.steps == (
        Step(share=Decimal("0.01"), hours=24, users=1000),
        Step(share=Decimal("0.5")),
    )


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"condition": "{country}"}, "condition", "This is not JSON:"),
        ({"condition": '{"a": {"$near": 1}}'}, "condition", "At a/$near:"),
        ({"condition": "[1]"}, "condition", ""),
        ({"layer-search": "0.5"}, "layer-search", "Give a share of traffic from 1% to 100%."),
        ({"layer-home": "50"}, "layer-home", "home is among its layers already"),
        ({"ramp-1-share": "10"}, "ramp-0-share", "Give 2 to 10 steps."),
        (
            {"ramp-1-share": "10", "ramp-3-share": "5"},
            "ramp-3-share",
            "Give a larger share than the step before.",
        ),
    ],
)
def test_what_cannot_be_is_said_in_its_place(
    browser: Client,
    typed: dict[str, Any],
    search: Layer,
    given: dict[str, str],
    field: str,
    message: str,
) -> None:
    page = walk(browser, typed | given).content.decode()

    said = error_of(page, f"id_{field}")
    assert said.startswith(message)
    assert said
    assert not Experiment.objects.exists()
    assert '<details class="folded" open>' in page


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"starts_at": "2001-01-01T00:00"}, "starts_at", "Give a start that is still to come"),
        ({"ends_at": "2001-01-01T00:00"}, "ends_at", "Give an end that is still to come"),
        ({"starts_at": "soon"}, "starts_at", "Give a day and a time"),
        ({}, "starts_at", "Give the time of the start, or start it now."),
    ],
)
def test_a_time_that_cannot_be_is_said_in_its_place_and_schedules_nothing(
    browser: Client, typed: dict[str, Any], given: dict[str, str], field: str, message: str
) -> None:
    page = walk(browser, typed | given, last="schedule").content.decode()

    assert error_of(page, f"id_{field}").startswith(message)
    draft = Experiment.objects.get()
    assert (draft.status, draft.starts_at, draft.ends_at) == ("draft", None, None)


def test_a_draft_is_shown_as_it_stands_and_saved_as_it_is_shown(
    browser: Client, home: Placement, typed: dict[str, Any], search: Layer
) -> None:
    walk(
        browser,
        typed | GIVEN | {"role_conversion": "guardrail", "margin_conversion": "2.5"},
    )
    draft = Experiment.objects.get()
    fields = form_fields(browser.get(f"{draft.get_absolute_url()}edit/").context)

    walk(browser, fields, f"{draft.get_absolute_url()}edit/")

    saved = Experiment.objects.get()
    for name in ("name", "hypothesis", "traffic", "condition", "starts_at", "ends_at", "ramp"):
        assert getattr(saved, name) == getattr(draft, name), name
    assert saved.measured == Measurement(
        goals=("ctr",), guardrails=(Guarded(metric="conversion", margin=0.025),)
    )
    assert [(v.key, v.weight) for v in saved.variants.all()] == [
        ("popular", Decimal("0.6")),
        ("item-knn", Decimal("0.4")),
    ]
    assert [(m.layer.key, m.share) for m in saved.memberships.all()] == [("search", Decimal("0.5"))]
    assert saved.version == 2


def form_fields(page: Any) -> dict[str, Any]:
    """What a browser would send of all steps as they came."""
    return dict(page["place"].fields)


def test_arms_of_one_recommender_are_named_by_their_order(browser: Client, home: Placement) -> None:
    draft = create_experiment(
        name="Keys",
        placement=home,
        measurement=Measurement(goals=("ctr",)),
        variants=[
            VariantSpec(recommender=home.default_recommender, weight=Decimal("0.5"), key="old"),
            VariantSpec(recommender=home.default_recommender, weight=Decimal("0.5"), key="same"),
        ],
    )
    fields = form_fields(browser.get(f"{draft.get_absolute_url()}edit/").context)

    walk(browser, fields | {"traffic": "50"}, f"{draft.get_absolute_url()}edit/")

    assert [v.key for v in draft.variants.all()] == ["popular", "popular-arm-2"]


def test_a_draft_becomes_an_a_a_test_and_back(browser: Client, typed: dict[str, Any]) -> None:
    walk(browser, typed)
    draft = Experiment.objects.get()
    page = f"{draft.get_absolute_url()}edit/"

    same = walk(browser, typed | {"variants-1-recommender": "popular"}, page)

    assert same.status_code == 302
    assert [v.key for v in draft.variants.all()] == ["popular", "popular-arm-2"]

    walk(browser, typed, page)

    assert [v.key for v in draft.variants.all()] == ["popular", "item-knn"]


def test_only_a_draft_is_edited(browser: Client, make_experiment: Make) -> None:
    running = make_experiment()

    assert browser.get(f"{running.get_absolute_url()}edit/").status_code == 404
