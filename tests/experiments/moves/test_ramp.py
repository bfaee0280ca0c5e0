"""Ramps, as the clock and people move them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from experiments import moves, selectors
from experiments.assignment import assign_on
from experiments.checks import VariantSpec
from experiments.exceptions import ExperimentError
from experiments.measurement import Measurement
from experiments.metrics.results import Scorecard
from experiments.models import Experiment, Layer, Placement, Snapshot
from experiments.ramps import Advance, Hold, Ramp, RollBack, Step, ramp_of
from people.actors import Actor
from people.models import AuditEntry
from serving import building
from tests.acting import create_experiment
from tests.dashboard.factories import comparison, ratio_check, scorecard
from tests.experiments.conftest import MakeRecommender, halves

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ADA = Actor("ada")
RAMP = Ramp(
    steps=(
        Step(share=Decimal("0.01"), hours=24, users=1000),
        Step(share=Decimal("0.1"), hours=24),
        Step(share=Decimal("0.5")),
    )
)


@pytest.fixture
def ramped(draft: Experiment) -> Experiment:
    """Running, at the first of three steps."""
    Experiment.objects.filter(pk=draft.pk).update(ramp=msgspec.to_builtins(RAMP))
    return moves.start(draft, now=NOW, actor=ADA)


def look(experiment: Experiment, at: datetime, card: Scorecard | None = None) -> None:
    """A snapshot of that time, of 10,000 users with whom all is well unless the card says."""
    card = replace(card or scorecard(), as_of=at)
    Snapshot.objects.create(
        experiment=experiment,
        phase=1,
        as_of=at,
        settings={},
        scorecard=msgspec.to_builtins(card),
        log_versions={},
        log_until=at,
        code_version="test",
    )


def state(experiment: Experiment) -> Ramp:
    experiment.refresh_from_db()
    ramp = ramp_of(experiment)
    assert ramp is not None
    return ramp


def share(experiment: Experiment) -> tuple[Decimal, list[Any]]:
    experiment.refresh_from_db()
    return experiment.traffic, experiment.slots


def test_a_ramp_climbs_by_itself_to_its_end(ramped: Experiment) -> None:
    assert share(ramped) == (Decimal("0.01"), [[0, 100]])
    look(ramped, NOW + DAY)
    assert isinstance(moves.climb(ramped, now=NOW + DAY), Advance)
    assert share(ramped) == (Decimal("0.1"), [[0, 1000]])
    look(ramped, NOW + 2 * DAY)
    assert isinstance(moves.climb(ramped, now=NOW + 2 * DAY), Advance)
    assert share(ramped) == (Decimal("0.5"), [[0, 5000]])
    later = NOW + 2 * DAY + timedelta(minutes=1)
    look(ramped, later)

    moves.climb(ramped, now=later)

    assert state(ramped).state == "done"
    assert share(ramped) == (Decimal("0.5"), [[0, 5000]])
    assert moves.climb(ramped, now=later + DAY) is None
    entries = AuditEntry.objects.filter(by="ramp").order_by("id")
    assert [entry.verb for entry in entries] == ["advance ramp"] * 3
    assert entries[0].why.startswith("Held for 24 hours and met by 10,000 new users;")


def test_users_of_a_step_are_counted_from_the_first_look_after_it_began(
    ramped: Experiment,
) -> None:
    look(ramped, NOW + timedelta(minutes=1))
    facts = selectors.ramp_facts(ramped, since=NOW)
    assert facts is not None
    assert facts.users == 10_000

    later = NOW + timedelta(minutes=2)
    look(ramped, later)
    facts = selectors.ramp_facts(ramped, since=NOW + timedelta(seconds=90))
    assert facts is not None
    assert facts.users == 0


def test_why_it_holds_is_written_once(ramped: Experiment) -> None:
    first = moves.climb(ramped, now=NOW + timedelta(seconds=15))
    assert first == Hold("It was not analysed since the step began.")
    assert moves.climb(ramped, now=NOW + timedelta(seconds=30)) is None
    look(ramped, NOW + timedelta(minutes=1))
    assert moves.climb(ramped, now=NOW + timedelta(minutes=1)) == Hold(
        "The step is to be held for 24 hours."
    )

    assert [entry.why for entry in AuditEntry.objects.filter(verb="hold ramp").order_by("id")] == [
        "It was not analysed since the step began.",
        "The step is to be held for 24 hours.",
    ]
    assert state(ramped).why == "The step is to be held for 24 hours."
    assert share(ramped)[0] == Decimal("0.01")


def test_danger_pauses_the_experiment_which_keeps_its_users(ramped: Experiment) -> None:
    at = NOW + timedelta(hours=1)
    card = scorecard(health=(ratio_check(healthy=False),))
    look(ramped, at, card)

    assert moves.climb(ramped, now=at) == RollBack(card.health[0].detail)

    ended = state(ramped)
    assert (ramped.status, ended.state, ended.why) == (
        "paused",
        "rolled_back",
        card.health[0].detail,
    )
    assert ramped.reserved == [[0, 5000]]
    assert building.build(1).experiments == ()
    entry = AuditEntry.objects.get(verb="roll back ramp")
    assert (entry.by, entry.why) == ("ramp", card.health[0].detail)
    assert moves.climb(ramped, now=at + DAY) is None


def test_after_a_roll_back_people_resume_and_the_ramp_stays_off(ramped: Experiment) -> None:
    look(ramped, NOW + DAY, scorecard(health=(ratio_check(healthy=False),)))
    moves.climb(ramped, now=NOW + DAY)

    moves.resume(ramped, now=NOW + 2 * DAY, actor=ADA)

    assert state(ramped).state == "rolled_back"
    assert moves.climb(ramped, now=NOW + 3 * DAY) is None
    assert share(ramped)[0] == Decimal("0.01")


def test_a_pause_begins_the_step_anew(ramped: Experiment) -> None:
    look(ramped, NOW + DAY)
    moves.pause(ramped, now=NOW + DAY, actor=ADA)
    assert moves.climb(ramped, now=NOW + DAY) is None

    moves.resume(ramped, now=NOW + 2 * DAY, actor=ADA)

    assert state(ramped).since == NOW + 2 * DAY
    assert moves.climb(ramped, now=NOW + 2 * DAY + timedelta(minutes=1)) == Hold(
        "It was not analysed since the step began."
    )


def test_no_step_of_a_ramp_moves_anybody_from_arm_to_arm(ramped: Experiment) -> None:
    Layer.objects.update(seed="4be07a1c93d25f68")  # another would come to other shares
    users = [f"u{n}" for n in range(3000)]
    seen: dict[str, str] = {}
    shares = []
    for step in range(3):
        plan = building.build(1)
        held = {u: a.variant for u in users if (a := assign_on(plan, u, "home")).variant}
        assert seen.items() <= held.items()
        seen = {user: variant for user, variant in held.items() if variant}
        shares.append(len(seen) / len(users))
        if step < 2:
            moves.advance_now(ramped, now=NOW, actor=ADA)
    assert shares == pytest.approx([0.01, 0.1, 0.5], abs=0.02)
    assert ramped.phases.count() == 1


def test_people_advance_a_ramp_without_waiting(ramped: Experiment) -> None:
    moves.advance_now(ramped, now=NOW + timedelta(hours=1), actor=ADA, why="All quiet.")

    assert share(ramped)[0] == Decimal("0.1")
    assert (state(ramped).at, state(ramped).since) == (1, NOW + timedelta(hours=1))
    assert AuditEntry.objects.get(verb="advance ramp").why == "All quiet."


def test_a_cancelled_ramp_stays_at_its_share(ramped: Experiment) -> None:
    moves.cancel_ramp(ramped, now=NOW, actor=ADA)

    assert (state(ramped).state, state(ramped).why) == ("cancelled", "Cancelled by ada.")
    assert share(ramped)[0] == Decimal("0.01")
    for move in (moves.cancel_ramp, moves.advance_now):
        with pytest.raises(ExperimentError, match="home-ctr has no ramp under way to"):
            move(ramped, now=NOW, actor=ADA)


def test_traffic_changed_by_hand_and_a_stop_end_a_ramp(
    ramped: Experiment, home: Placement, make_recommender: MakeRecommender
) -> None:
    moves.change_traffic(ramped, traffic=Decimal("0.3"), now=NOW, actor=ADA)
    assert (state(ramped).state, state(ramped).why) == (
        "cancelled",
        "Traffic was changed by hand.",
    )

    other = create_experiment(
        name="Other",
        placement=home,
        variants=halves(home.default_recommender, make_recommender("ease")),
        measurement=ramped.measured,
        ramp=Ramp(steps=(Step(share=Decimal("0.1")), Step(share=Decimal("0.2")))),
    )
    moves.stop(moves.start(other, now=NOW, actor=ADA), now=NOW, actor=ADA)
    assert (state(other).state, state(other).why) == ("cancelled", "The experiment was stopped.")


def test_an_experiment_under_way_gets_a_ramp_that_claims_what_it_comes_to(
    draft: Experiment,
) -> None:
    Experiment.objects.filter(pk=draft.pk).update(traffic=Decimal("0.05"))
    running = moves.start(draft, now=NOW, actor=ADA)
    ramp = Ramp(steps=(Step(share=Decimal("0.05"), hours=1), Step(share=Decimal("0.9"))))

    moves.set_ramp(running, ramp=ramp, now=NOW + DAY, actor=ADA)

    assert share(running) == (Decimal("0.05"), [[0, 500]])
    assert running.reserved == [[0, 500], [500, 9000]]
    assert state(running) == replace(ramp, state="climbing", since=NOW + DAY)


@pytest.mark.parametrize(
    ("shares", "field", "message"),
    [
        (("0.5", "0.9"), "ramp/steps/0/share", "It has 80.00% of the layer's users: begin with"),
        (("0.8", "0.95"), "ramp/steps/1/share", "Layer home has 10.00% of its users free: give"),
        (("0.9",), "ramp/steps", "Give 2 to 10 steps."),
    ],
)
def test_a_ramp_that_cannot_be_climbed_changes_nothing(
    draft: Experiment,
    home: Placement,
    make_recommender: MakeRecommender,
    shares: tuple[str, ...],
    field: str,
    message: str,
) -> None:
    running = moves.start(draft, now=NOW, actor=ADA)
    tenth = create_experiment(
        name="Other",
        placement=home,
        variants=halves(home.default_recommender, make_recommender("ease")),
        measurement=running.measured,
        traffic=Decimal("0.1"),
    )
    moves.start(tenth, now=NOW, actor=ADA)
    before = Experiment.objects.values().get(pk=running.pk)
    ramp = Ramp(steps=tuple(Step(share=Decimal(share)) for share in shares))

    with pytest.raises(ExperimentError) as refused:
        moves.set_ramp(running, ramp=ramp, now=NOW, actor=ADA)

    assert refused.value.field == field
    assert refused.value.message.startswith(message)
    assert Experiment.objects.values().get(pk=running.pk) == before


def test_a_killed_arm_does_not_hold_the_floor_back(
    home: Placement, make_recommender: MakeRecommender
) -> None:
    thirds = {"popular": "0.4", "item-knn": "0.3", "ease": "0.3"}
    made = {key: make_recommender(key) for key in ("item-knn", "ease")}
    made["popular"] = home.default_recommender
    experiment = create_experiment(
        name="Three",
        placement=home,
        variants=[
            VariantSpec(recommender=made[key], weight=Decimal(weight))
            for key, weight in thirds.items()
        ],
        measurement=Measurement(goals=("ctr",)),
        ramp=RAMP,
    )
    running = moves.start(experiment, now=NOW, actor=ADA)
    moves.kill_arm(running, variant="ease", now=NOW, actor=ADA)
    card = scorecard(comparison(), comparison("ease"))
    arms = tuple(replace(a, users=9 if a.variant == "ease" else a.users) for a in card.arms)
    look(running, NOW + DAY, replace(card, arms=arms))

    facts = selectors.ramp_facts(running, since=NOW)

    assert facts is not None
    assert facts.counted
