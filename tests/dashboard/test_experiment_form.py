"""Making an experiment: what is typed is kept, and an error stands at its field."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from msgspec.structs import replace

from dashboard.forms.measurement import MeasurementForm
from experiments.measurement import Guarded, Measurement
from experiments.metrics import METRICS
from experiments.models import Experiment, Placement, Sketch
from tests.dashboard.factories import make_recommender
from tests.dashboard.walking import ADDRESS, send, walk

MEASURED = {
    "primary_metric": "ctr",
    "method": "sequential",
    "planned_users": "5000",
    "confidence": "95",
    "correction": "holm",
    "lookback_days": "0",
    "segments": "",
    "training_data": "own_arm",
}


@pytest.fixture
def typed(home: Placement) -> dict[str, Any]:
    """A form filled in as it should be; its third row is left empty."""
    make_recommender("item-knn")
    return {
        "name": "Learned ranking",
        "hypothesis": "It follows what people did.",
        "placement": str(home.pk),
        "traffic": "50",
        **MEASURED,
        "variants-TOTAL_FORMS": "3",
        "variants-0-recommender": "popular",
        "variants-0-weight": "60",
        "variants-1-recommender": "item-knn",
        "variants-1-weight": "40",
        "variants-2-recommender": "",
        "variants-2-weight": "",
    }


def error_of(page: str, field: str) -> str:
    """The message that stands at a field."""
    found = re.search(rf'id="{field}_error">.*?<span>(.*?)</span>', page, re.DOTALL)
    return found[1] if found else ""


def test_a_form_that_is_right_makes_a_draft(
    browser: Client, person: User, typed: dict[str, Any]
) -> None:
    answer = walk(browser, typed)

    experiment = Experiment.objects.get()
    assert answer["Location"] == "/experiments/learned-ranking/"
    assert (experiment.status, experiment.traffic) == ("draft", Decimal("0.5"))
    assert (experiment.created_by, experiment.measured) == (person, Measurement(goals=("ctr",)))
    assert [(v.recommender.key, v.weight) for v in experiment.variants.all()] == [
        ("popular", Decimal("0.6")),
        ("item-knn", Decimal("0.4")),
    ]


def test_every_choice_of_the_measurement_is_kept(browser: Client, typed: dict[str, Any]) -> None:
    walk(
        browser,
        typed
        | {
            "role_conversion": "goal",
            "role_clicked": "secondary",
            "role_revenue_per_user": "guardrail",
            "margin_revenue_per_user": "2.5",
            "role_ctr": "guardrail",  # the primary goal is nothing else
            "method": "fixed",
            "planned_users": "20000",
            "confidence": "90",
            "correction": "none",
            "lookback_days": "14",
            "cuped": "on",
            "segments": "country, device,",
            "training_data": "frozen",
        },
    )

    assert Experiment.objects.get().measured == Measurement(
        goals=("ctr", "conversion"),
        secondaries=("clicked",),
        guardrails=(Guarded(metric="revenue_per_user", margin=0.025),),
        method="fixed",
        confidence=0.9,
        planned_users=20000,
        correction="none",
        lookback_days=14,
        cuped=True,
        segments=("country", "device"),
        training_data="frozen",
    )


def test_the_form_offers_three_rows_and_says_what_is_free(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    make_experiment("Running", traffic="0.4")

    setup = browser.get(ADDRESS).content.decode()
    page = send(browser, ADDRESS, {}, to="variants", follow=True).content.decode()

    assert "home (layer home, 60% free)" in setup
    assert page.split("<template>")[0].count("data-variant>") == 3
    assert '<option value="item-knn" data-version="item-knn@1">item-knn</option>' in page


def test_without_a_placement_the_form_says_what_to_do(browser: Client) -> None:
    assert b"there is none yet" in browser.get(ADDRESS).content


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": ""}, "id_name", "Give the experiment a name."),
        ({"name": "123"}, "id_name", "Give a name that begins with a letter."),
        ({"name": "x" * 121}, "id_name", "Give a name of at most 120 characters."),
        ({"placement": ""}, "id_placement", "Choose a placement."),
        ({"placement": "999"}, "id_placement", "This placement is gone. Choose another."),
        ({"traffic": ""}, "id_traffic", "Give a share from 1 to 100."),
        ({"traffic": "0.5"}, "id_traffic", "Give at least 1%."),
        ({"traffic": "101"}, "id_traffic", "Give at most 100%."),
        ({"traffic": "NaN"}, "id_traffic", "Give a number from 1 to 100."),
        ({"primary_metric": "x"}, "primary_metric", "There is no such metric."),
        (
            {"planned_users": "10"},
            "id_planned_users",
            "Give a number of users from 200 to 1,000,000,000.",
        ),
        ({"confidence": "100"}, "id_confidence", "Give a confidence from 80% to 99.9%."),
        (
            {"role_revenue_per_user": "guardrail", "margin_revenue_per_user": "0"},
            "id_margin_revenue_per_user",
            "Give a margin above 0 and below 100. With 0, no amount of data",
        ),
        (
            {"role_revenue_per_user": "guardrail", "margin_revenue_per_user": "x"},
            "id_margin_revenue_per_user",
            "Give a number above 0 and below 100.",
        ),
        ({"cuped": "on"}, "id_cuped", "CUPED needs days before the first exposure"),
        (
            {"correction": "e_bh", "method": "fixed"},
            "id_correction",
            "e-BH needs the sequential method",
        ),
        ({"segments": "country, country"}, "id_segments", "Name each attribute once."),
        ({"lookback_days": "91"}, "id_lookback_days", "Give 0 to 90 days."),
        ({"variants-1-weight": "30"}, "variants", "The weights sum to 90.00%."),
        (
            {"variants-1-weight": ""},
            "id_variants-1-weight",
            "Give a weight, such as 50.",
        ),
        ({"variants-1-weight": "abc"}, "id_variants-1-weight", "Give a number."),
        (
            {"variants-1-weight": "40.001"},
            "id_variants-1-weight",
            "Give at most two decimals: 0.01% is one bucket.",
        ),
        (
            {"variants-0-weight": "140", "variants-1-weight": "-40"},
            "id_variants-0-weight",
            "Give a weight above 0% and at most 100%.",
        ),
        (
            {"variants-1-recommender": ""},
            "id_variants-1-recommender",
            "Choose a recommender, or clear the weight.",
        ),
        (
            {"variants-1-recommender": "", "variants-1-weight": ""},
            "variants",
            "An experiment compares 2 to 6 variants; this one has 1.",
        ),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_made(
    browser: Client, typed: dict[str, Any], change: dict[str, str], field: str, message: str
) -> None:
    page = walk(browser, typed | change).content.decode()

    assert error_of(page, field).startswith(message)
    assert Sketch.objects.get().fields["hypothesis"] == "It follows what people did."
    assert not Experiment.objects.exists()


def test_all_faults_of_the_measurement_stand_at_their_fields_at_once(
    browser: Client, typed: dict[str, Any]
) -> None:
    wrong = {
        "planned_users": "10",
        "confidence": "high",
        "lookback_days": "some",
        "cuped": "on",
        "segments": "country, country",
        "role_revenue_per_user": "guardrail",
        "margin_revenue_per_user": "0",
    }

    page = walk(browser, typed | wrong).content.decode()

    said = {field: error_of(page, f"id_{field}") for field in wrong if not field.startswith("role")}
    assert said == {
        "planned_users": "Give a number of users from 200 to 1,000,000,000.",
        "confidence": "Give a number from 80 to 99.9.",
        "lookback_days": "Give a whole number of days.",
        "cuped": "",  # it cannot be told before the days are
        "segments": "Name each attribute once.",
        "margin_revenue_per_user": "Give a margin above 0 and below 100. With 0, no amount of data "
        "can show that the metric is safe.",
    }
    assert not Experiment.objects.exists()


def test_a_name_that_is_taken_keeps_all_that_was_typed(
    browser: Client, typed: dict[str, Any], make_experiment: Callable[..., Experiment]
) -> None:
    make_experiment("learned RANKING", running=False)

    page = walk(browser, typed).content.decode()

    assert error_of(page, "id_name") == (
        "An experiment named “Learned ranking” exists. Choose another name."
    )
    assert 'value="Learned ranking"' in page
    assert "It follows what people did." in page
    assert Experiment.objects.count() == 1


def test_an_error_is_tied_to_its_field_for_screen_readers(
    browser: Client, typed: dict[str, Any]
) -> None:
    page = walk(browser, typed | {"name": ""}).content.decode()
    (field,) = re.findall(r'<input[^>]*name="name"[^>]*>', page)

    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_name_helptext id_name_error"' in field


def test_rows_beyond_the_first_three_are_taken(browser: Client, typed: dict[str, Any]) -> None:
    make_recommender("conv-ctr")
    more = {
        "variants-TOTAL_FORMS": "4",
        "variants-0-weight": "50",
        "variants-3-recommender": "conv-ctr",
        "variants-3-weight": "10",
    }

    walk(browser, typed | more)

    assert [v.key for v in Experiment.objects.get().variants.all()] == [
        "popular",
        "item-knn",
        "conv-ctr",
    ]


def test_the_service_counts_rows_as_the_form_shows_them(
    browser: Client, typed: dict[str, Any]
) -> None:
    make_recommender("conv-ctr")
    gap = {
        "variants-TOTAL_FORMS": "4",
        "variants-3-recommender": "conv-ctr",
        "variants-3-weight": "0",
    }

    page = walk(browser, typed | gap).content.decode()

    assert error_of(page, "id_variants-3-weight") == "Give a weight above 0% and at most 100%."


@pytest.mark.parametrize("total", ["x", "-1", "1000000"])
def test_a_nonsense_number_of_rows_breaks_nothing(
    browser: Client, typed: dict[str, Any], total: str
) -> None:
    page = walk(browser, typed | {"variants-TOTAL_FORMS": total, "name": ""})

    assert page.status_code == 200


def test_a_metric_says_where_its_definition_winsorises_it() -> None:
    clicks = METRICS["clicks_per_user"]
    capped = replace(clicks, key="capped", winsorise=0.995)

    rows = MeasurementForm(None, metrics={"capped": capped, clicks.key: clicks}).rows

    assert [row.note for row in rows] == [
        "Winsorised at the 99.5th percentile, by its definition",
        "Shown in any case",
    ]
