"""A person who is logged in, a placement, and experiments on it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from experiments.models import Experiment, Placement
from recommenders.models import Recommender
from tests.acting import create_experiment, create_placement, start_experiment
from tests.dashboard.factories import START, make_recommender


@pytest.fixture
def person(db: None) -> User:
    """An admin, whom no page is closed to."""
    return User.objects.create_superuser("maya", password="maya-maya-1", first_name="Maya")


@pytest.fixture
def browser(client: Client, person: User) -> Client:
    """A client that is logged in."""
    client.force_login(person)
    return client


@pytest.fixture
def home(db: None) -> Placement:
    return create_placement(
        key="home", name="Home", default_recommender=make_recommender("popular")
    )


@pytest.fixture
def make_experiment(home: Placement) -> Callable[..., Experiment]:
    def make(
        name: str = "Learned ranking", *, arms: int = 2, traffic: str = "0.1", running: bool = True
    ) -> Experiment:
        others = [
            Recommender.objects.filter(key=key).first() or make_recommender(key)
            for key in ("item-knn", "conv-ctr", "ease")[: arms - 1]
        ]
        weight = Decimal(1) / arms
        experiment = create_experiment(
            name=name,
            placement=home,
            variants=[
                VariantSpec(recommender=recommender, weight=weight)
                for recommender in (home.default_recommender, *others)
            ],
            measurement=Measurement(goals=("ctr",)),
            traffic=Decimal(traffic),
        )
        return start_experiment(experiment, now=START) if running else experiment

    return make
