"""The simulator's own catalogue, for where MovieLens cannot be had: of its order, and as lumpy.

People lean towards a few of some topics, items belong to a few, popularity is long-tailed, and what
a person rates is drawn without replacement in proportion to popularity x exp(affinity). All of it
follows from the seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from simulator.catalogue import Catalogue, CatalogueItem, Floats, Ints

TOPICS = (
    "Adventure", "Comedy", "Cooking", "Crime", "Drama", "Fantasy", "History", "Horror", "Music",
    "Mystery", "Nature", "Romance", "Science", "Space", "Sport", "Travel", "War", "Western",
)  # fmt: skip
ADJECTIVES = (
    "Amber", "Broken", "Crooked", "Distant", "Early", "Final", "Gentle", "Hidden", "Iron", "Last",
    "Little", "Lonely", "Long", "Northern", "Open", "Paper", "Quiet", "Restless", "Second",
    "Silver", "Slow", "Southern", "Stolen", "Sudden", "Thirteenth", "Unlikely", "Velvet",
    "Wandering", "White", "Winter",
)  # fmt: skip
NOUNS = (
    "Afternoon", "Bridge", "Captain", "Causeway", "Chorus", "Cartographer", "Detective", "Engine",
    "Expedition", "Garden", "Harbour", "Holiday", "Inheritance", "Island", "Journey", "Kitchen",
    "Lantern", "Letter", "Lighthouse", "Meridian", "Messenger", "Mountain", "Night", "Orchard",
    "Orchestra", "Passenger", "Promise", "Railway", "Republic", "River", "Season", "Secret",
    "Storm", "Stranger", "Summer", "Telescope", "Tide", "Voyage", "Witness", "Year",
)  # fmt: skip
START = 1_704_067_200  # 1 January 2024, UTC
SPAN = 210 * 86_400  # seconds over which people rate


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How large the catalogue is. `longest` bounds what one person rates; the shortest is 20."""

    items: int = 1200
    people: int = 800
    longest: int = 500
    median: int = 90

    def __post_init__(self) -> None:
        if self.items > len(ADJECTIVES) * len(NOUNS):
            raise ValueError(f"There are titles for {len(ADJECTIVES) * len(NOUNS)} items only.")


def invent(shape: Shape | None = None, *, seed: int = 7) -> Catalogue:
    """A generated catalogue; the same for the same shape and seed."""
    shape = shape or Shape()
    rng = np.random.default_rng(seed)
    belongs = rng.dirichlet(np.full(len(TOPICS), 0.12), size=shape.items)
    leans = rng.dirichlet(np.full(len(TOPICS), 0.25), size=shape.people)
    affinity = leans @ belongs.T
    affinity = (affinity - affinity.mean()) / affinity.std()
    popularity = rng.normal(0.0, 0.8, size=shape.items)
    histories = list(_choices(affinity, popularity, shape, rng))
    person = np.repeat(np.arange(shape.people), [len(h) for h in histories])
    item = np.concatenate(histories)
    return Catalogue(
        source="the simulator's own catalogue",
        items=_shelf(belongs, rng),
        people=tuple(f"p{place + 1:04d}" for place in range(shape.people)),
        person=person,
        item=item,
        rating=_ratings(affinity[person, item], rng),
        second=START + rng.integers(0, SPAN, size=len(item)),
    )


def _choices(
    affinity: Floats, popularity: Floats, shape: Shape, rng: np.random.Generator
) -> Iterator[Ints]:
    """Per person the items rated: the Gumbel trick draws without replacement by weight."""
    counts = np.clip(rng.lognormal(np.log(shape.median), 0.8, shape.people), 20, shape.longest)
    for wishes, count in zip(affinity, counts.astype(int), strict=True):
        keys = popularity + 1.1 * wishes + rng.gumbel(size=len(popularity))
        yield np.argsort(-keys)[: min(count, len(keys))]


def _ratings(affinity: Floats, rng: np.random.Generator) -> Floats:
    return np.clip(np.rint(3.2 + 0.5 * affinity + rng.normal(0.0, 0.9, len(affinity))), 1, 5)


def _shelf(belongs: Floats, rng: np.random.Generator) -> tuple[CatalogueItem, ...]:
    titles = [f"The {adjective} {noun}" for adjective, noun in product(ADJECTIVES, NOUNS)]
    order = rng.permutation(len(titles))[: len(belongs)]
    years = rng.integers(1960, 2025, size=len(belongs))
    return tuple(
        CatalogueItem(
            key=f"i{place + 1:04d}",
            title=titles[int(order[place])],
            categories=_categories(shares),
            year=int(years[place]),
        )
        for place, shares in enumerate(belongs)
    )


def _categories(shares: Floats) -> tuple[str, ...]:
    """The main topic, and the second where it is a quarter of the item or more."""
    first, second = (int(topic) for topic in np.argsort(-shares)[:2])
    return (TOPICS[first], TOPICS[second]) if shares[second] >= 0.25 else (TOPICS[first],)
