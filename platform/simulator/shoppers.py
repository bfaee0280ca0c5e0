"""Simulated people: noisy clones of people a world was fitted to, with part of their past."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.catalogue import Floats, Ints
from simulator.world import PLATFORMS, Platform, World

SHORTEST, LONGEST = 10, 50  # items of history
NOISE = 0.7  # spread of a clone's taste around the person's, as a share of the taste's own spread


@dataclass(frozen=True, kw_only=True, eq=False)
class Shopper:
    """`taste` is (factors,); `history` holds positions of items, oldest first, each once.

    `number` counts 1, 2, ... within a run. Half of them use the app, the others the web.
    """

    id: str
    number: int
    taste: Floats
    history: Ints
    platform: Platform


def shoppers(world: World, *, run: str, seed: int) -> Iterator[Shopper]:
    """Shoppers without end. Who they are follows from the seed, their ids from the run too."""
    rng, sides = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    spread = world.people.std(axis=0)
    number = 0
    while True:
        number += 1
        person = int(rng.integers(len(world.people)))
        shift = rng.normal(0.0, NOISE * spread)
        past = world.catalogue.histories[person]
        yield Shopper(
            id=f"shopper-{run}-{number}",
            number=number,
            taste=world.people[person] + shift,
            history=_part(past, rng),
            platform=PLATFORMS[int(sides.integers(len(PLATFORMS)))],
        )


def _part(past: Ints, rng: np.random.Generator) -> Ints:
    """Ten to fifty of a person's items, in their order, anywhere from their past.

    Half of the past at most: what a person of few ratings liked must not all be known already.
    """
    most = min(LONGEST, max(SHORTEST, len(past) // 2))
    size = min(int(rng.integers(SHORTEST, most + 1)), len(past))
    kept = np.sort(rng.choice(len(past), size=size, replace=False))
    return past[kept]
