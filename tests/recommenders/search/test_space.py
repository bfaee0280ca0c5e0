from recommenders.algorithms.fields import Field
from recommenders.search.space import grid

L2 = Field(name="l2", type=float, default=1.0, help="", low=0, high=1e4, search=(1, 1000), log=True)
K = Field(name="k", type=int, default=5, help="", low=1, high=100, search=(1, 3))
KIND = Field(name="kind", type=str, default="a", help="", choices=("a", "b"), searched=True)


def test_numbers_are_spaced_over_their_search_range_and_words_take_all_choices() -> None:
    found = grid([L2, K, KIND], seed=1)
    assert sorted({f"{one['l2']:g}" for one in found}) == ["1", "10", "100", "1000"]
    assert sorted({one["k"] for one in found}, key=str) == [1, 2, 3]  # four levels, rounded
    assert {one["kind"] for one in found} == {"a", "b"}
    assert len(found) == 4 * 3 * 2
    assert len({tuple(one.values()) for one in found}) == len(found)


def test_the_order_is_drawn_with_the_seed() -> None:
    assert grid([L2, K], seed=1) == grid([L2, K], seed=1)
    assert grid([L2, K], seed=1) != grid([L2, K], seed=2)


def test_nothing_to_vary_is_one_combination() -> None:
    assert grid([], seed=1) == [{}]
