"""Changes of arms open a phase and move as few users as they can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from experiments import moves, overrides, selectors
from experiments.assignment import ranges
from experiments.checks import VariantSpec
from experiments.exceptions import ExperimentError, Invalid, NotAllowed
from experiments.measurement import Measurement
from experiments.models import Experiment, Override, Phase, Placement
from experiments.moves.arms import rearranged
from people.actors import Actor
from tests.acting import create_experiment
from tests.experiments.conftest import MakeRecommender

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADA = Actor("ada")


@pytest.fixture
def three(home: Placement, make_recommender: MakeRecommender) -> Experiment:
    """A running experiment of popular 40%, ease 30%, als 30%."""
    arms = [
        VariantSpec(recommender=home.default_recommender, weight=Decimal("0.4")),
        VariantSpec(recommender=make_recommender("ease"), weight=Decimal("0.3")),
        VariantSpec(recommender=make_recommender("als"), weight=Decimal("0.3")),
    ]
    draft = create_experiment(
        name="Three", placement=home, variants=arms, measurement=Measurement(goals=("ctr",))
    )
    return moves.start(draft, now=NOW, actor=ADA)


def weights(**given: str) -> dict[str, Decimal]:
    return {key: Decimal(weight) for key, weight in given.items()}


def sizes(phase: Phase) -> dict[str, int]:
    return {key: ranges.size(held) for key, held in phase.ranges.items()}


def test_another_ratio_opens_a_phase_and_moves_only_whom_it_must(three: Experiment) -> None:
    wanted = weights(popular="0.5", ease="0.3", als="0.2")
    assert rearranged(three, wanted).moved == 0.1

    moves.change_arms(three, weights=wanted, now=LATER, actor=ADA, why="als is slow.")

    first, second = three.phases.all()
    assert (first.ended_at, second.started_at, second.number) == (LATER, LATER, 2)
    assert (second.seed, second.why) == (first.seed, "als is slow.")
    assert sizes(second) == {"popular": 5000, "ease": 3000, "als": 2000}
    assert first.ranges["ease"] == second.ranges["ease"]
    assert [v.weight for v in three.variants.all()] == [
        Decimal("0.5"),
        Decimal("0.3"),
        Decimal("0.2"),
    ]


def test_a_new_arm_takes_its_share_and_nobody_else_moves(
    three: Experiment, make_recommender: MakeRecommender
) -> None:
    new = VariantSpec(recommender=make_recommender("bpr"), weight=Decimal("0.1"))

    moves.change_arms(
        three,
        weights=weights(popular="0.36", ease="0.27", als="0.27"),
        new=[new],
        now=LATER,
        actor=ADA,
        why="One more.",
    )

    second = three.phases.get(number=2)
    assert sizes(second) == {"popular": 3600, "ease": 2700, "als": 2700, "bpr": 1000}
    spec = selectors.scorecard_spec(three, as_of=LATER + timedelta(hours=1))
    assert spec.variants == ("popular", "ease", "als", "bpr")
    assert [phase.weights for phase in spec.phases] == [
        (4000.0, 3000.0, 3000.0, 0.0),
        (3600.0, 2700.0, 2700.0, 1000.0),
    ]


def test_drawn_anew_everybody_gets_an_arm_by_another_seed(three: Experiment) -> None:
    same = weights(popular="0.4", ease="0.3", als="0.3")
    change = rearranged(three, same, anew=True)
    assert change.moved == pytest.approx(1 - (0.16 + 0.09 + 0.09))

    moves.change_arms(three, weights=same, anew=True, now=LATER, actor=ADA, why="A bug.")

    first, second = three.phases.all()
    assert first.seed != second.seed
    assert len(second.seed) == 16
    assert sizes(second) == {"popular": 4000, "ease": 3000, "als": 3000}


def test_the_users_of_a_killed_arm_leave_and_go_to_no_other(three: Experiment) -> None:
    moves.kill_arm(three, variant="als", now=LATER, actor=ADA, why="It shows sold-out items.")

    first, second = three.phases.all()
    assert second.ranges == first.ranges
    assert second.killed == ["als"]
    assert second.why == "It shows sold-out items."
    spec = selectors.scorecard_spec(three, as_of=LATER + timedelta(hours=1))
    assert [phase.weights for phase in spec.phases] == [
        (4000.0, 3000.0, 3000.0),
        (4000.0, 3000.0, 0.0),
    ]
    moves.change_arms(
        three, weights=weights(popular="0.5", ease="0.5"), now=LATER, actor=ADA, why="Even."
    )
    third = three.phases.get(number=3)
    assert third.killed == ["als"]
    assert third.ranges["als"] == first.ranges["als"]
    assert sizes(third) == {"popular": 3500, "ease": 3500, "als": 3000}


def test_what_was_killed_is_shown_to_nobody(three: Experiment) -> None:
    for user, variant in (("qa-1", "als"), ("qa-2", "popular")):
        overrides.set_override(three, user=user, variant=variant, now=LATER, actor=ADA)

    moves.kill_arm(three, variant="als", now=LATER, actor=ADA)

    assert [(o.user, o.variant.key) for o in Override.objects.all()] == [("qa-2", "popular")]
    with pytest.raises(Invalid, match="“als” was killed, and is shown to nobody") as refused:
        overrides.set_override(three, user="qa-1", variant="als", now=LATER, actor=ADA)
    assert refused.value.field == "variant"
    assert Override.objects.count() == 1


def test_a_killed_arm_stays_killed_when_all_are_drawn_anew(three: Experiment) -> None:
    moves.kill_arm(three, variant="als", now=LATER, actor=ADA)
    halves = weights(popular="0.5", ease="0.5")

    assert rearranged(three, halves, anew=True).moved == 0.65

    moves.change_arms(three, weights=halves, anew=True, now=LATER, actor=ADA, why="A bug.")

    third = three.phases.get(number=3)
    assert sizes(third) == {"popular": 5000, "ease": 5000, "als": 0}
    assert third.killed == ["als"]
    with pytest.raises(Invalid) as refused:
        moves.change_arms(
            three,
            weights=weights(popular="0.4", ease="0.4", als="0.2"),
            now=LATER,
            actor=ADA,
            why="Once more.",
        )
    assert refused.value.field == "weights/als"


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("popular", "The control cannot be killed"),
        ("luck", "There is no arm “luck” that takes users. There are: popular, ease, als."),
    ],
)
def test_what_cannot_be_killed_is_not(three: Experiment, variant: str, message: str) -> None:
    with pytest.raises(ExperimentError) as refused:
        moves.kill_arm(three, variant=variant, now=LATER, actor=ADA)

    assert refused.value.message.startswith(message)
    assert three.phases.get().killed == []


def test_the_last_treatment_is_not_killed(three: Experiment) -> None:
    moves.kill_arm(three, variant="als", now=LATER, actor=ADA)

    with pytest.raises(NotAllowed, match=r"ease is the last arm beside the control\."):
        moves.kill_arm(three, variant="ease", now=LATER, actor=ADA)


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"popular": "0.5", "ease": "0.5"}, "weights", "Give a weight to als too"),
        ({"popular": "0.5", "ease": "0.3", "als": "0.1"}, "weights", "The weights sum to 90.00%."),
        ({"popular": "0", "ease": "0.5", "als": "0.5"}, "weights/popular", "The control keeps"),
        ({"popular": "1", "ease": "0", "als": "0"}, "weights", "Two arms at least keep"),
        (
            {"popular": "1.2", "ease": "0", "als": "-0.2"},
            "weights/popular",
            "Give a weight from 0%",
        ),
        (
            {"popular": "0.4", "ease": "0.3", "luck": "0.3"},
            "weights/luck",
            "There is no arm “luck”",
        ),
    ],
)
def test_weights_that_cannot_be_are_refused(
    three: Experiment, given: dict[str, str], field: str, message: str
) -> None:
    with pytest.raises(ExperimentError) as refused:
        moves.change_arms(three, weights=weights(**given), now=LATER, actor=ADA, why="x")

    assert refused.value.field == field
    assert refused.value.message.startswith(message)
    assert three.phases.count() == 1


@pytest.mark.parametrize(
    ("key", "weight", "field", "message"),
    [
        ("Ü\n1", "0.2", "new/0/key", "“Ü\n1” cannot be a key."),
        ("als", "0.2", "new/0/key", "There is an arm “als” already."),
        (None, "0.20005", "new/0/weight", "Give a weight in steps of 0.01%"),
        (None, "0", "new/0/weight", "Give a weight above 0%"),
    ],
)
def test_a_new_arm_that_cannot_be_is_refused_before_anything_changes(
    three: Experiment, key: str | None, weight: str, field: str, message: str
) -> None:
    new = [
        VariantSpec(
            recommender=three.placement.default_recommender, weight=Decimal(weight), key=key
        )
    ]
    given = weights(popular="0.4", ease="0.2", als="0.2")

    with pytest.raises(Invalid) as shown:
        rearranged(three, given, new=new)
    with pytest.raises(Invalid) as refused:
        moves.change_arms(three, weights=given, new=new, now=LATER, actor=ADA, why="x")

    assert (shown.value.field, refused.value.field) == (field, field)
    assert shown.value.message == refused.value.message
    assert refused.value.message.startswith(message)
    assert three.variants.count() == 3
    assert three.phases.count() == 1


def test_a_draft_has_no_arms_to_change_under_way(draft: Experiment) -> None:
    with pytest.raises(NotAllowed, match="A draft experiment has no arms to change"):
        moves.change_arms(draft, weights=weights(popular="0.5"), now=LATER, actor=ADA, why="x")


def test_a_bayesian_experiment_keeps_its_arms(three: Experiment) -> None:
    bayesian = Measurement(goals=("ctr",), method="bayesian")
    Experiment.objects.filter(pk=three.pk).update(measurement=msgspec.to_builtins(bayesian))
    same = weights(popular="0.4", ease="0.3", als="0.3")

    with pytest.raises(NotAllowed, match="A Bayesian experiment is analysed in one phase"):
        moves.change_arms(three, weights=same, now=LATER, actor=ADA, why="x")
    with pytest.raises(NotAllowed, match=r"Pause or stop it, and start another\."):
        moves.kill_arm(three, variant="als", now=LATER, actor=ADA)
    assert three.phases.count() == 1
