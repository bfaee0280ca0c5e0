"""What experiments under way say to the recommenders that they serve."""

from __future__ import annotations

from typing import get_args

import pytest

from experiments import moves
from experiments.exceptions import NotAllowed
from experiments.learning import LearningRule, require_learning, rules_for
from experiments.metrics.spec import TrainingData
from experiments.models import Experiment
from recommenders.models import Recommender
from tests.acting import TESTER, start_experiment, stop_experiment
from tests.experiments.conftest import NOW

pytestmark = pytest.mark.django_db


def knn() -> Recommender:
    return Recommender.objects.get(key="item-knn")


def test_a_draft_and_one_that_has_ended_say_nothing(draft: Experiment) -> None:
    assert rules_for(knn()) == []

    start_experiment(draft, now=NOW)
    assert [rule.experiment for rule in rules_for(knn())] == ["home-ctr"]

    stop_experiment(draft, now=NOW)
    assert rules_for(knn()) == []


def test_a_rule_names_the_recommenders_own_variants_and_all_arms(draft: Experiment) -> None:
    start_experiment(draft, now=NOW)

    [rule] = rules_for(knn())

    assert rule == LearningRule(
        experiment="home-ctr", policy="own_arm", own=("item-knn",), arms=("popular", "item-knn")
    )


def test_a_killed_arm_is_none_that_others_wait_for(draft: Experiment) -> None:
    start_experiment(draft, now=NOW)
    draft.phases.update(killed=["item-knn"])

    [rule] = rules_for(Recommender.objects.get(key="popular"))

    assert rule.arms == ("popular",)


def test_a_paused_experiment_still_has_its_say(draft: Experiment) -> None:
    start_experiment(draft, now=NOW)
    draft.refresh_from_db()
    moves.pause(draft, now=NOW, actor=TESTER)

    assert len(rules_for(knn())) == 1


@pytest.mark.parametrize("policy", get_args(TrainingData))
def test_only_a_frozen_experiment_refuses(draft: Experiment, policy: TrainingData) -> None:
    rule = LearningRule(experiment="home-ctr", policy=policy, own=("item-knn",), arms=())

    if policy != "frozen":
        require_learning(knn(), [rule])
        return
    with pytest.raises(NotAllowed, match="serves an arm of home-ctr, which keeps its models"):
        require_learning(knn(), [rule])
