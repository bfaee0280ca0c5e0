"""The invented world, that all of these tests share: making it takes half a second."""

import pytest

from simulator.catalogue import Catalogue
from simulator.invented import invent
from simulator.world import World, build


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return invent()


@pytest.fixture(scope="session")
def world(catalogue: Catalogue) -> World:
    return build(catalogue)
