"""Somebody sees one variant whatever the split says."""

from __future__ import annotations

import pytest

from experiments.models import Experiment
from tests.api.management.conftest import Caller, Draft, assert_refused, everything

KEY = "experiments/home-ctr/overrides"


@pytest.mark.django_db(transaction=True)
def test_an_override_is_set_changed_listed_and_removed(admin: Caller, started: Experiment) -> None:
    first = admin.post(KEY, {"user": "qa/ü 1", "variant": "popular"})
    again = admin.post(KEY, {"user": "qa/ü 1", "variant": "item-knn"})
    admin.post(KEY, {"user": "a", "variant": "popular"})

    assert (first.status_code, again.status_code) == (200, 200)
    assert admin.get(KEY).json() == {
        "data": [
            {"user": "a", "variant": "popular"},
            {"user": "qa/ü 1", "variant": "item-knn"},
        ],
        "next": None,
    }
    one = admin.get(f"{KEY}/qa%2F%C3%BC%201")
    assert one.json() == {"user": "qa/ü 1", "variant": "item-knn"}
    [seen] = admin.post("assign", {"user": "qa/ü 1"}).json()["assignments"]
    assert (seen["variant"], seen["reason"]) == ("item-knn", "override")

    gone = admin.send("DELETE", f"{KEY}/qa%2F%C3%BC%201", tag=one["ETag"])

    assert gone.status_code == 204
    assert admin.get(f"{KEY}/qa%2F%C3%BC%201").status_code == 404
    [seen] = admin.post("assign", {"user": "qa/ü 1"}).json()["assignments"]
    assert seen["reason"] != "override"


def test_an_override_to_no_variant_is_refused(admin: Caller, started: Experiment) -> None:
    before = everything()
    assert_refused(
        admin.post(KEY, {"user": "qa", "variant": "none"}),
        400,
        "/variant",
        "There is no variant “none”. Choose one of popular, item-knn.",
        before=before,
    )


def test_an_ended_experiment_shows_nobody_anything(admin: Caller, started: Experiment) -> None:
    admin.post("experiments/home-ctr/stop")
    before = everything()
    assert_refused(
        admin.post(KEY, {"user": "qa", "variant": "popular"}),
        409,
        None,
        "A stopped experiment shows nobody anything.",
        before=before,
    )


def test_a_change_of_a_draft_keeps_the_overrides_to_arms_that_stay(
    admin: Caller, draft: Draft
) -> None:
    draft()
    admin.post(KEY, {"user": "a", "variant": "popular"})
    admin.post(KEY, {"user": "b", "variant": "item-knn"})

    admin.patch("experiments/home-ctr", {"hypothesis": "People click more."})

    assert [one["user"] for one in admin.get(KEY).json()["data"]] == ["a", "b"]

    arms = [{"recommender": "popular", "weight": 0.5}] * 2
    admin.patch("experiments/home-ctr", {"variants": arms})

    assert admin.get(KEY).json()["data"] == [{"user": "a", "variant": "popular"}]
