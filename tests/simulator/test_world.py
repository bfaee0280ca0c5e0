"""The world's truth: chances that behave, and personal lists that are better than popular ones."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from simulator.catalogue import Floats
from simulator.invented import Shape, invent
from simulator.shoppers import LONGEST, SHORTEST, Shopper, shoppers
from simulator.visit import FEWEST_PAGES, MOST_PAGES, Visit
from simulator.world import PLATFORMS, Nature, World, build, examination

SMALL = Shape(items=200, people=120, longest=80, median=40)


def first(world: World, count: int, *, run: str = "r", seed: int = 3) -> list[Shopper]:
    return list(islice(shoppers(world, run=run, seed=seed), count))


def test_people_look_at_the_top_for_certain_and_less_with_every_step() -> None:
    looks = examination(10, 0.25)
    assert looks[0] == 1.0
    assert looks[4] == 0.5
    assert np.all(np.diff(looks) < 0)


def test_chances_are_chances_and_fall_with_the_position(world: World) -> None:
    taste = world.people[0]
    same = np.full(10, 5)
    for platform, decay in zip(PLATFORMS, (0.4, 0.15), strict=True):
        chances = world.clicks(taste, same, [False] * 10, platform)
        assert np.all((chances > 0) & (chances < 1))
        assert np.all(np.diff(chances) < 0)
        assert chances / chances[0] == pytest.approx(examination(10, decay))


def test_what_is_preferred_appeals_more_and_what_is_known_less(world: World) -> None:
    taste, items = world.people[4], np.arange(len(world.catalogue.items))
    preference = world.preference(taste, items)
    fresh = world.appeal(taste, items, [False] * len(items))
    known = world.appeal(taste, items, [True] * len(items))
    assert np.array_equal(np.argsort(preference), np.argsort(fresh))
    assert np.all(known < fresh / 5)


def test_the_personal_part_has_unit_spread(world: World) -> None:
    personal: Floats = world.people @ world.items
    assert np.sqrt((personal**2).mean()) == pytest.approx(1.0)


def test_the_popular_slate_earns_the_target() -> None:
    world = build(invent(SMALL), Nature(target=0.08))
    order = np.argsort(-world.bias, kind="stable")
    earned = []
    for taste, past in zip(world.people, world.catalogue.histories, strict=True):
        slate = order[~np.isin(order, past[: len(past) // 2][-50:])][:10]
        earned += [world.clicks(taste, slate, [False] * 10, where).mean() for where in PLATFORMS]
    assert np.mean(earned) == pytest.approx(0.08)


def test_a_world_is_the_same_each_time_it_is_built() -> None:
    first, second = build(invent(SMALL)), build(invent(SMALL))
    assert second.intercept == pytest.approx(first.intercept, abs=1e-9)
    assert second.people @ second.items == pytest.approx(first.people @ first.items, abs=1e-8)


def test_the_personal_part_is_the_best_of_its_rank() -> None:
    catalogue = invent(SMALL)
    world = build(catalogue, Nature(factors=7))
    centred = catalogue.matrix().toarray()
    centred -= centred.mean(axis=0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    best = (left[:, :7] * sizes[:7]) @ right[:7]
    personal: Floats = world.people @ world.items
    assert personal * np.sqrt((best**2).mean()) == pytest.approx(best, abs=1e-9)


def test_a_personal_slate_truly_beats_the_popular_one(world: World) -> None:
    """Neighbours of what a shopper has seen are worth a fifth more clicks than popular items."""
    people = (world.catalogue.matrix().toarray() > 0).astype(float)
    size = np.sqrt(people.sum(axis=0)) + 1e-9
    alike = people.T @ people / np.outer(size, size)
    popular: list[float] = []
    personal: list[float] = []
    for shopper in first(world, 200):
        fresh = ~np.isin(np.arange(len(world.items.T)), shopper.history)
        for scores, earned in (
            (world.bias, popular),
            (alike[:, shopper.history].sum(axis=1), personal),
        ):
            slate = np.argsort(np.where(fresh, -scores, np.inf), kind="stable")[:10]
            earned.append(world.clicks(shopper.taste, slate, [False] * 10, shopper.platform).mean())
    assert 0.03 < np.mean(popular) < 0.10
    assert np.mean(personal) > 1.2 * np.mean(popular)


def test_shoppers_carry_a_part_of_a_real_past_in_its_order(world: World) -> None:
    pasts = [past.tolist() for past in world.catalogue.histories]
    for shopper in first(world, 50):
        kept = shopper.history.tolist()
        assert SHORTEST <= len(kept) <= LONGEST
        assert any(_is_part(kept, past) for past in pasts)


def _is_part(kept: list[int], past: list[int]) -> bool:
    places = [past.index(item) for item in kept if item in past]
    return len(places) == len(kept) and places == sorted(places)


def test_a_seed_decides_who_comes_and_a_run_what_they_are_called(world: World) -> None:
    one, two, three = first(world, 3), first(world, 3, run="s"), first(world, 3, seed=4)
    assert [s.id for s in one] == ["shopper-r-1", "shopper-r-2", "shopper-r-3"]
    assert [s.id for s in two] == ["shopper-s-1", "shopper-s-2", "shopper-s-3"]
    assert all(np.array_equal(a.taste, b.taste) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0].taste, three[0].taste)


def test_half_of_them_use_the_app_and_the_others_the_web(world: World) -> None:
    used = [shopper.platform for shopper in first(world, 1000)]
    assert 450 <= used.count("app") <= 550
    assert used.count("web") == 1000 - used.count("app")
    assert used == [shopper.platform for shopper in first(world, 1000, run="s")]


def test_on_the_web_people_click_more_because_they_read_further(world: World) -> None:
    shopper = first(world, 1)[0]
    slate = [item.key for item in world.catalogue.items[:10]]
    app, web = (
        Visit(world, replace(shopper, platform=platform), seed=[1]).chances(slate)
        for platform in PLATFORMS
    )
    assert web[0] == app[0]
    assert np.all(web[1:] > app[1:])
    assert world.nature.looks("web", 10).sum() / world.nature.looks("app", 10).sum() == (
        pytest.approx(1.44, abs=0.005)
    )


def test_clones_are_near_a_person_but_not_one(world: World) -> None:
    shopper = first(world, 1)[0]
    distance = np.linalg.norm(world.people - shopper.taste, axis=1)
    assert 0 < distance.min() < np.linalg.norm(world.people, axis=1).mean()


def test_a_visit_repeats_itself_and_remembers_what_was_clicked(world: World) -> None:
    shopper = first(world, 1)[0]
    slate = [item.key for item in world.catalogue.items[:10]]
    visits = [Visit(world, shopper, seed=[1, shopper.number]) for _ in range(2)]
    clicked = [[visit.read(slate) for _ in range(visit.pages)] for visit in visits]
    assert clicked[0] == clicked[1]
    assert FEWEST_PAGES <= visits[0].pages <= MOST_PAGES
    assert visits[0].known == set(shopper.history.tolist()) | {
        p for page in clicked[0] for p in page
    }


def test_an_item_no_world_knows_is_never_clicked(world: World) -> None:
    visit = Visit(world, first(world, 1)[0], seed=[1])
    assert visit.chances(["an import of somebody's own"]).tolist() == [0.0]
    assert all(visit.read(["an import of somebody's own"]) == [] for _ in range(100))
