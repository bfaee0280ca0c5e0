from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from experiments.assignment import ranges


def test_weights_become_ranges_that_cover_every_bucket_in_order() -> None:
    weights = {"a": Decimal("0.4"), "b": Decimal("0.3"), "c": Decimal("0.3")}

    assert ranges.split(weights) == {"a": [(0, 4000)], "b": [(4000, 7000)], "c": [(7000, 10000)]}


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=6))
def test_every_bucket_has_exactly_one_owner(parts: list[int]) -> None:
    total = sum(parts)
    weights = {str(i): Decimal(part) / total for i, part in enumerate(parts)}

    owned = [r for own in ranges.split(weights).values() for r in own]

    assert ranges.size(owned) == 10_000
    assert ranges.free(owned) == []


def test_a_claim_takes_the_first_free_buckets_around_those_taken() -> None:
    taken = [(1000, 2000), (5000, 6000)]

    assert ranges.claim(Decimal("0.3"), taken) == [(0, 1000), (2000, 4000)]


def test_raising_a_claim_keeps_everyone_it_had() -> None:
    assert ranges.claim(Decimal("0.1"), []) == [(0, 1000)]
    assert ranges.claim(Decimal("0.5"), []) == [(0, 5000)]


def test_a_claim_that_does_not_fit_takes_nothing() -> None:
    assert ranges.claim(Decimal("0.3"), [(0, 7500)]) is None
