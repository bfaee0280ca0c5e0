"""Which catalogue an installation has: what its database says, and MovieLens where it is empty."""

from pathlib import Path

import pytest

from recommenders.models import Item
from simulator.current import current
from simulator.exceptions import Unreachable
from simulator.invented import invent


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_OFFLINE", "1")


@pytest.mark.django_db
def test_without_a_registry_the_simulators_own_stands_in_and_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    catalogue = current(tmp_path, said.append)
    assert catalogue.source == "the simulator's own catalogue"
    assert said == [
        "WINNOW_OFFLINE=1 forbids the download of MovieLens. "
        "The simulator's own catalogue stands in for MovieLens."
    ]


@pytest.mark.django_db
def test_an_installation_filled_with_its_own_stays_so_without_a_word(tmp_path: Path) -> None:
    Item.objects.create(key=invent().items[-1].key, title="The last of them")
    said: list[str] = []
    assert current(tmp_path, said.append).source == "the simulator's own catalogue"
    assert said == []


@pytest.mark.django_db
def test_one_filled_with_movielens_does_not_change_worlds(tmp_path: Path) -> None:
    Item.objects.create(key="1682", title="Scream of Stone")
    with pytest.raises(Unreachable):
        current(tmp_path)
