"""A shopper in front of a slate: what they would click, and what they click.

The simulated traffic and the computation of the truth both go through this, so that what is
measured and what it is measured against cannot drift apart.
"""

from collections.abc import Sequence

import numpy as np

from simulator.catalogue import Floats
from simulator.shoppers import Shopper
from simulator.world import World

FEWEST_PAGES, MOST_PAGES = 2, 5
SLATE = 10  # items asked for on a page


class Visit:
    """One shopper's way through a few pages; the same for the same seed and slates.

    `known` holds positions of items in the catalogue; what is clicked becomes known.
    """

    def __init__(self, world: World, shopper: Shopper, *, seed: Sequence[int]) -> None:
        self.world, self.shopper = world, shopper
        self.known = set(shopper.history.tolist())
        self._rng = np.random.default_rng(seed)
        self.pages = int(self._rng.integers(FEWEST_PAGES, MOST_PAGES + 1))

    def chances(self, slate: Sequence[str]) -> Floats:
        """Chance (n,) of a click on each item of a slate, top first; 0 for one no world knows."""
        places = [self.world.catalogue.positions.get(key, -1) for key in slate]
        items = np.array(places, dtype=np.int64)
        known = [place in self.known for place in places]
        shopper = self.shopper
        chances = self.world.clicks(shopper.taste, items, known, shopper.platform)
        return np.where(items >= 0, chances, 0.0)

    def read(self, slate: Sequence[str]) -> list[int]:
        """The places (0 is the top) of what is clicked.

        As many numbers are drawn for every slate, so that two arms that show a shopper the same
        slate on a page see the same clicks there.
        """
        draws = self._rng.random(SLATE)[: len(slate)]
        clicked = np.flatnonzero(draws < self.chances(slate)).tolist()
        self.known |= {self.world.catalogue.positions[slate[place]] for place in clicked}
        return clicked
