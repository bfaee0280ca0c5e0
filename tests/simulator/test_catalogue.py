"""What a world is made of."""

from datetime import UTC, datetime

import numpy as np

from simulator.catalogue import Catalogue, CatalogueItem
from simulator.invented import Shape, invent


def small() -> Catalogue:
    item = CatalogueItem(key="a", title="A", categories=("Drama",), year=1990)
    other = CatalogueItem(key="b", title="B", categories=(), year=None)
    return Catalogue(
        source="a test",
        items=(item, other),
        people=("u", "v"),
        person=np.array([0, 1, 0]),
        item=np.array([1, 1, 0]),
        rating=np.array([5.0, 1.0, 4.0]),
        second=np.array([30, 10, 20]),
    )


def test_a_history_is_in_the_order_of_time() -> None:
    histories = small().histories
    assert [h.tolist() for h in histories] == [[0, 1], [1]]


def test_the_matrix_counts_a_rating_by_how_high_it_is() -> None:
    assert small().matrix().toarray().tolist() == [[0.8, 1.0], [0.0, 0.2]]


def test_ratings_come_oldest_first_with_keys_and_times() -> None:
    ratings = list(small().ratings())
    assert [(r.user, r.item, r.value) for r in ratings] == [
        ("v", "b", 1.0),
        ("u", "a", 4.0),
        ("u", "b", 5.0),
    ]
    assert ratings[0].at == datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC)


def test_the_invented_catalogue_is_of_the_order_of_movielens() -> None:
    catalogue = invent()
    assert len(catalogue.items) == 1200
    assert len(catalogue.people) == 800
    assert 50_000 < len(catalogue.rating) < 100_000
    assert set(np.unique(catalogue.rating)) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert len({item.title for item in catalogue.items}) == 1200
    assert min(len(h) for h in catalogue.histories) == 20
    assert all(len(set(h.tolist())) == len(h) for h in catalogue.histories)


def test_the_same_seed_invents_the_same_catalogue() -> None:
    shape = Shape(items=100, people=50, longest=60, median=30)
    first, second, other = invent(shape), invent(shape), invent(shape, seed=8)
    assert list(first.ratings()) == list(second.ratings())
    assert list(first.ratings()) != list(other.ratings())
