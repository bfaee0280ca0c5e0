from collections.abc import Mapping, Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from experiments.assignment import Range, ranges


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


ARMS = ["a", "b", "c", "d", "e"]
SHARES = st.integers(0, 10_000).map(lambda buckets: Decimal(buckets) / 10_000)


@st.composite
def weights(draw: st.DrawFn, arms: Sequence[str]) -> dict[str, Decimal]:
    """Weights of some of the arms, in buckets, that sum to 1."""
    some = draw(st.lists(st.sampled_from(arms), min_size=1, unique=True))
    cuts = sorted(
        draw(st.lists(st.integers(0, 10_000), min_size=len(some) - 1, max_size=len(some) - 1))
    )
    edges = [0, *cuts, 10_000]
    return {
        arm: Decimal(high - low) / 10_000
        for arm, low, high in zip(some, edges[:-1], edges[1:], strict=True)
    }


def owner_of(owned: Mapping[str, Sequence[Range]]) -> list[str | None]:
    """Each bucket's owner, of whom there is one at most."""
    owners: list[str | None] = [None] * 10_000
    for key, held in owned.items():
        for low, high in held:
            assert owners[low:high] == [None] * (high - low)
            owners[low:high] = [key] * (high - low)
    return owners


@given(st.lists(st.tuples(st.sampled_from(ARMS), SHARES), max_size=12))
def test_no_bucket_of_a_layer_is_claimed_twice_whoever_comes_and_goes(
    claims: list[tuple[str, Decimal]],
) -> None:
    held: dict[str, list[Range]] = {}
    for experiment, share in claims:  # each leaves what it held, and claims as much as it wants
        held.pop(experiment, None)
        taken = [pair for pairs in held.values() for pair in pairs]
        claimed = ranges.claim(share, taken)
        if claimed is None:
            assert ranges.size(ranges.free(taken)) < share * 10_000
        else:
            assert ranges.size(claimed) == share * 10_000
            held[experiment] = claimed

        assert owner_of(held).count(None) == 10_000 - sum(map(ranges.size, held.values()))


@given(st.lists(st.tuples(SHARES, st.sampled_from(ARMS)), max_size=4), SHARES, SHARES)
def test_a_larger_share_holds_all_that_a_smaller_one_does(
    others: list[tuple[Decimal, str]], one: Decimal, other: Decimal
) -> None:
    reserved = ranges.free(
        (round(share * 9_000), round(share * 9_000) + 500) for share, _ in others
    )
    less, more = (
        {b for low, high in ranges.first(reserved, share) for b in range(low, high)}
        for share in sorted([one, other])
    )

    assert less <= more
    assert len(more) == min(round(max(one, other) * 10_000), ranges.size(reserved))


@given(weights(ARMS), weights(ARMS), weights(ARMS), st.data())
def test_a_re_weight_moves_the_fewest_buckets_that_can_be(
    first: dict[str, Decimal],
    second: dict[str, Decimal],
    third: dict[str, Decimal],
    data: st.DataObject,
) -> None:
    before = ranges.reweigh(ranges.split(first), second)
    killed = data.draw(st.sets(st.sampled_from(ARMS)).filter(lambda k: not k >= set(third)))
    kept = {key: weight for key, weight in third.items() if key not in killed}
    total = sum(kept.values())
    wanted = {k: w / total for k, w in kept.items()} if total else dict.fromkeys(kept, Decimal(0))
    if not total:
        wanted[next(iter(kept))] = Decimal(1)

    after = ranges.reweigh(before, wanted, killed=killed)

    was, now = owner_of(before), owner_of(after)
    assert None not in now
    for key in killed:
        assert after[key] == before.get(key, [])
    grown = [ranges.size(after[k]) - ranges.size(before.get(k, ())) for k in wanted]
    changed = sum(a != b for a, b in zip(was, now, strict=True))
    assert changed == ranges.moved(before, after) == sum(size for size in grown if size > 0)


def test_an_arm_is_added_from_the_ends_of_the_others() -> None:
    halves = ranges.split({"a": Decimal("0.5"), "b": Decimal("0.5")})
    thirds = {"a": Decimal("0.4"), "b": Decimal("0.4"), "c": Decimal("0.2")}

    after = ranges.reweigh(halves, thirds)

    assert after == {"a": [(0, 4000)], "b": [(5000, 9000)], "c": [(4000, 5000), (9000, 10000)]}
    assert ranges.moved(halves, after) == 2000


def test_a_removed_arm_gives_its_users_to_the_others() -> None:
    thirds = ranges.split({"a": Decimal("0.4"), "b": Decimal("0.4"), "c": Decimal("0.2")})

    after = ranges.reweigh(thirds, {"a": Decimal("0.5"), "b": Decimal("0.5")})

    assert after == {"a": [(0, 4000), (8000, 9000)], "b": [(4000, 8000), (9000, 10000)]}
    assert ranges.moved(thirds, after) == 2000


def test_a_killed_arm_keeps_its_users_out_and_the_others_share_the_rest() -> None:
    thirds = ranges.split({"a": Decimal("0.4"), "b": Decimal("0.4"), "c": Decimal("0.2")})

    after = ranges.reweigh(thirds, {"a": Decimal("0.75"), "b": Decimal("0.25")}, killed=["c"])

    assert after == {"a": [(0, 4000), (6000, 8000)], "b": [(4000, 6000)], "c": [(8000, 10000)]}
