"""Which version is live, who made it so, and what is there to go back to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from people import trail
from people.actors import Actor
from recommenders import promotions
from recommenders.exceptions import NotPromotable
from recommenders.gate import GateVerdict, Stage, said, stage_of
from recommenders.models import ModelVersion, Promotion, Recommender
from tests.recommenders.test_jobs import make_version

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MAYA = Actor("maya")
PASSED = GateVerdict(
    against="item-knn@1",
    measure="ndcg@10",
    users=412,
    bound=0.05,
    passed=True,
    live=0.24,
    candidate=0.238,
    loss=0.031,
    needed=30,
)
FAILED = msgspec.structs.replace(PASSED, passed=False, candidate=0.231, loss=0.072)


@pytest.fixture
def recommender() -> Recommender:
    return Recommender.objects.create(key="item-knn", algorithm="item_knn")


@pytest.fixture
def first(recommender: Recommender) -> ModelVersion:
    """Live."""
    version = make_version(recommender, 1)
    assert promotions.settle(version, now=NOW)
    return version


def judged(recommender: Recommender, number: int, verdict: GateVerdict | None) -> ModelVersion:
    version = make_version(recommender, number)
    version.gate = msgspec.to_builtins(verdict)
    version.save()
    return version


def live(recommender: Recommender) -> ModelVersion | None:
    recommender.refresh_from_db()
    return recommender.live


def test_the_first_goes_live_whatever_it_is_worth(first: ModelVersion) -> None:
    assert live(first.recommender) == first
    [entry] = trail.entries(kind="recommender", key="item-knn")
    assert (entry.verb, entry.by) == ("promote", "training")
    assert (entry.before, entry.after) == ({"live": None}, {"live": "item-knn@1"})


@pytest.mark.parametrize(
    ("verdict", "how", "goes"),
    [
        (PASSED, {}, True),
        (FAILED, {}, False),
        (None, {}, False),
        (PASSED, {"promote": "hand"}, False),
        (msgspec.structs.replace(PASSED, against="item-knn@7"), {}, False),
    ],
)
def test_another_goes_live_by_the_gate_alone(
    first: ModelVersion, verdict: GateVerdict | None, how: dict[str, Any], goes: bool
) -> None:
    Recommender.objects.update(training_settings=how)
    second = judged(first.recommender, 2, verdict)

    assert promotions.settle(second, now=NOW) is goes

    assert live(first.recommender) == (second if goes else first)
    assert Promotion.objects.count() == 1 + goes


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (
            FAILED,
            "nDCG@10 0.2310 against 0.2400 of item-knn@1 over 412 users: the data leave open a "
            "loss of up to 7.2%, and at most 5.0% may be lost.",
        ),
        (None, "It was never compared with item-knn@1."),
        (
            msgspec.structs.replace(PASSED, against="item-knn@7"),
            "It was compared with item-knn@7, and item-knn@1 is live by now.",
        ),
        (
            msgspec.structs.replace(FAILED, reason="too_few_users", users=12),
            "12 users whom item-knn@1 knew did something new since it was trained; 30 are needed "
            "to compare. Train again when there are more.",
        ),
    ],
)
def test_by_hand_the_gate_refuses_with_its_numbers(
    first: ModelVersion, verdict: GateVerdict | None, why: str
) -> None:
    second = judged(first.recommender, 2, verdict)

    with pytest.raises(NotPromotable) as refusal:
        promotions.promote(second, now=NOW, actor=MAYA, why="I like it.")

    assert str(refusal.value) == f"The gate does not let item-knn@2 go live. {why}"
    assert live(first.recommender) == first
    assert Promotion.objects.count() == 1


def test_despite_the_gate_takes_a_reason(first: ModelVersion) -> None:
    second = judged(first.recommender, 2, FAILED)

    with pytest.raises(NotPromotable) as refusal:
        promotions.promote(second, now=NOW, actor=MAYA, why=" ", despite_gate=True)
    assert refusal.value.field == "why"
    assert live(first.recommender) == first

    promotions.promote(second, now=NOW, actor=MAYA, why="A relaunch.", despite_gate=True)

    assert live(first.recommender) == second
    entry = trail.entries(kind="recommender", key="item-knn")[0]
    assert (entry.verb, entry.by, entry.why) == ("promote", "maya", "A relaunch.")
    assert (entry.before, entry.after) == ({"live": "item-knn@1"}, {"live": "item-knn@2"})


def test_what_is_live_is_not_made_so_again(first: ModelVersion) -> None:
    with pytest.raises(NotPromotable, match="item-knn@1 is live already"):
        promotions.promote(first, now=NOW, actor=MAYA)
    assert Promotion.objects.count() == 1


def test_without_a_live_version_by_hand_needs_no_gate(recommender: Recommender) -> None:
    version = make_version(recommender, 1)

    promotions.promote(version, now=NOW, actor=MAYA)

    assert live(recommender) == version


def promoted(recommender: Recommender, number: int) -> ModelVersion:
    version = make_version(recommender, number)
    promotions.promote(version, now=NOW, actor=MAYA, why="x", despite_gate=True)
    return version


def test_a_roll_back_leads_past_what_was_rolled_back(first: ModelVersion) -> None:
    recommender = first.recommender
    second, third = promoted(recommender, 2), promoted(recommender, 3)

    assert promotions.roll_back(recommender, now=NOW, actor=MAYA, why="Worse.") == second
    assert live(recommender) == second
    entry = trail.entries(kind="recommender", key="item-knn")[0]
    assert (entry.verb, entry.why) == ("roll back", "Worse.")
    assert (entry.before, entry.after) == ({"live": "item-knn@3"}, {"live": "item-knn@2"})

    promoted(recommender, 4)
    assert promotions.previous(recommender) == second
    assert promotions.roll_back(recommender, now=NOW, actor=MAYA) == second
    assert promotions.roll_back(recommender, now=NOW, actor=MAYA) == first
    assert promotions.previous(recommender) is None
    with pytest.raises(NotPromotable, match="No version of item-knn was live before this one"):
        promotions.roll_back(recommender, now=NOW, actor=MAYA)
    assert live(recommender) == first
    assert third.promotions.count() == 1


def test_stages(first: ModelVersion) -> None:
    recommender = first.recommender
    second = promoted(recommender, 2)
    third = make_version(recommender, 3)
    were_live = promotions.were_live(recommender)

    stages: list[Stage] = [
        stage_of(one.pk, live=second.pk, were_live=were_live) for one in (first, second, third)
    ]
    assert stages == ["retired", "live", "candidate"]


def test_one_that_is_better_is_said_to_be() -> None:
    better = msgspec.structs.replace(PASSED, candidate=0.26, loss=-0.02)

    assert "item-knn@1 over 412 users: it is better by at least 2.0%, and at most" in said(better)
