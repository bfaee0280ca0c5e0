"""What each move does to an experiment, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from experiments import moves, selectors
from experiments.exceptions import ExperimentError, Invalid, NotAllowed
from experiments.models import Experiment, Placement
from people.actors import Actor
from people.models import AuditEntry
from tests.acting import create_experiment
from tests.experiments.conftest import MakeRecommender, halves

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADA = Actor("ada")


@pytest.fixture
def running(draft: Experiment) -> Experiment:
    return moves.start(draft, now=NOW, actor=ADA)


@pytest.fixture
def stopped(running: Experiment) -> Experiment:
    return moves.stop(running, now=NOW, actor=ADA)


def refused(move: Callable[..., Any], experiment: Experiment, **given: Any) -> ExperimentError:
    """The error, after a look that nothing was changed and nothing written down."""
    before = Experiment.objects.values().get(pk=experiment.pk)
    written = AuditEntry.objects.count()
    with pytest.raises(ExperimentError) as caught:
        move(experiment, now=LATER, actor=ADA, **given)
    assert Experiment.objects.values().get(pk=experiment.pk) == before
    assert AuditEntry.objects.count() == written
    return caught.value


def test_a_pause_keeps_the_users_and_a_resumption_gives_them_their_arms_back(
    running: Experiment,
) -> None:
    paused = moves.pause(running, now=LATER, actor=ADA, why="The shop is down.")

    assert (paused.status, paused.slots, paused.reserved) == ("paused", [[0, 8000]], [[0, 8000]])
    assert selectors.free_share(paused.layer) == Decimal("0.2")
    assert list(selectors.running()) == []

    resumed = moves.resume(paused, now=LATER, actor=ADA)

    assert (resumed.status, resumed.slots) == ("running", [[0, 8000]])
    assert resumed.phases.get().ended_at is None


def test_a_stop_ends_the_phase_and_gives_the_users_back(running: Experiment) -> None:
    stopped = moves.stop(running, now=LATER, actor=ADA)

    assert (stopped.status, stopped.slots, stopped.reserved) == ("stopped", [], [])
    assert stopped.phases.get().ended_at == LATER
    assert selectors.free_share(stopped.layer) == 1


def test_a_paused_experiment_can_be_stopped(running: Experiment) -> None:
    moves.pause(running, now=NOW, actor=ADA)

    assert moves.stop(running, now=LATER, actor=ADA).stopped_at == LATER


def test_shipping_makes_the_winner_the_default_for_everybody(
    stopped: Experiment, home: Placement
) -> None:
    shipped = moves.ship(
        stopped, winner="item-knn", rationale=" CTR rose by 9%. ", now=LATER, actor=ADA
    )

    assert (shipped.status, shipped.decision, shipped.rationale) == (
        "shipped",
        "ship",
        "CTR rose by 9%.",
    )
    assert (shipped.decided_by, shipped.decided_at) == ("ada", LATER)
    assert shipped.winner is not None
    assert shipped.winner.key == "item-knn"
    home.refresh_from_db()
    assert home.default_recommender.key == "item-knn"
    entry = AuditEntry.objects.get(kind="placement", verb="change")
    assert (entry.before, entry.after) == (
        {"default_recommender": "popular"},
        {"default_recommender": "item-knn"},
    )


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"winner": "item-knn", "rationale": " "}, "rationale", "Say why, in 1 to 4,000"),
        ({"winner": "luck", "rationale": "x"}, "winner", "There is no variant “luck”. Choose one"),
    ],
)
def test_shipping_wants_a_variant_and_a_reason(
    stopped: Experiment, home: Placement, given: dict[str, str], field: str, message: str
) -> None:
    error = refused(moves.ship, stopped, **given)

    assert (error.field, error.message.startswith(message)) == (field, True)
    home.refresh_from_db()
    assert home.default_recommender.key == "popular"


def test_a_killed_arm_is_not_shipped(stopped: Experiment) -> None:
    stopped.phases.update(killed=["item-knn"])

    error = refused(moves.ship, stopped, winner="item-knn", rationale="x")

    assert (error.field, error.message[:35]) == ("winner", "item-knn was killed in this experim")


def test_archiving_what_was_stopped_takes_a_decision(stopped: Experiment) -> None:
    assert refused(moves.archive, stopped).field == "decision"
    assert refused(moves.archive, stopped, decision="ship", rationale="x").field == "decision"
    assert refused(moves.archive, stopped, decision="roll_back").field == "rationale"

    archived = moves.archive(
        stopped, decision="inconclusive", rationale="Too small to see.", now=LATER, actor=ADA
    )

    assert (archived.status, archived.decision) == ("archived", "inconclusive")
    assert archived.rationale == "Too small to see."


def test_of_a_draft_there_is_nothing_to_decide(draft: Experiment) -> None:
    assert refused(moves.archive, draft, decision="roll_back", rationale="x").field == "decision"

    assert moves.archive(draft, now=LATER, actor=ADA).status == "archived"


ALLOWED = {
    "draft": {"start", "archive"},
    "running": {"pause", "stop"},
    "paused": {"resume", "stop"},
    "stopped": {"ship", "archive"},
    "shipped": {"archive"},
    "archived": set(),
}


@pytest.mark.parametrize("status", ALLOWED)
@pytest.mark.parametrize("move", ["start", "pause", "resume", "stop", "ship", "archive"])
def test_a_move_that_the_state_does_not_allow_is_refused(
    draft: Experiment, status: str, move: str
) -> None:
    if move in ALLOWED[status]:
        return
    Experiment.objects.filter(pk=draft.pk).update(status=status)
    given = {"winner": "item-knn", "rationale": "x"} if move == "ship" else {}

    error = refused(getattr(moves, move), draft, **given)

    assert isinstance(error, NotAllowed)
    assert error.message.startswith(
        f"A{'n' * (status[0] == 'a')} {status} experiment cannot {move}"
    )


def test_every_move_is_written_down_with_who_why_and_what_became_of_it(
    draft: Experiment,
) -> None:
    moves.start(draft, now=NOW, actor=ADA)
    moves.pause(draft, now=LATER, actor=Actor.key("shop"), why="Errors.")

    entry = AuditEntry.objects.filter(verb="pause").get()
    assert (entry.by, entry.at, entry.why) == ("key shop", LATER, "Errors.")
    assert (entry.kind, entry.key) == ("experiment", "home-ctr")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["status"], entry.after["status"]) == ("running", "paused")
    assert entry.before["ranges"] == {"popular": [[0, 5000]], "item-knn": [[5000, 10000]]}
    draft.refresh_from_db()
    assert draft.version == 3


def test_raising_traffic_adds_users_and_lowering_only_removes_some(running: Experiment) -> None:
    assert running.slots == [(0, 8000)]

    lowered = moves.change_traffic(running, traffic=Decimal("0.3"), now=LATER, actor=ADA)
    assert [tuple(pair) for pair in lowered.slots] == [(0, 3000)]
    assert lowered.phases.get().ranges == {"popular": [[0, 5000]], "item-knn": [[5000, 10000]]}

    raised = moves.change_traffic(running, traffic=Decimal("0.95"), now=LATER, actor=ADA)
    assert [tuple(pair) for pair in raised.slots] == [(0, 8000), (8000, 9500)]
    assert selectors.free_share(raised.layer) == Decimal("0.05")


def test_traffic_that_another_experiment_holds_is_refused(
    running: Experiment, home: Placement, make_recommender: MakeRecommender
) -> None:
    other = create_experiment(
        name="Other",
        placement=home,
        variants=halves(home.default_recommender, make_recommender("ease")),
        measurement=running.measured,
        traffic=Decimal("0.15"),
    )
    moves.start(other, now=NOW, actor=ADA)

    error = refused(moves.change_traffic, running, traffic=Decimal("0.9"))

    assert isinstance(error, Invalid)
    assert error.field == "traffic"
    assert "has 5.00% of its users free: give at most 85.00%" in error.message
