"""The world: what simulated people truly like, and how likely they click. The models never see it.

    preference(p, i) = personal(p, i) + popularity x bias(i)          both of unit spread
    appeal(p, i)     = sigmoid(intercept + slope x preference(p, i) - fatigue x known)
    click(p, i, pos) = appeal(p, i) x 1 / (1 + decay x (pos - 1))     pos = 1 is the top

On the small screen of an app people read less far down than on the web: `decay` is the platform's.

`personal` is a truncated singular value decomposition of the whole people x items matrix after
taking out each item's mean (Cremonesi, Koren and Turrin, RecSys 2010, "PureSVD"). The product of an
examination that depends on the position and an appeal that does not is the position-based click
model (Craswell et al., WSDM 2008). docs/explanation/simulator.md tells the reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import brentq
from scipy.special import expit

from simulator.catalogue import Catalogue, Floats, Ints

Platform = Literal["app", "web"]
PLATFORMS: tuple[Platform, ...] = get_args(Platform)


@dataclass(frozen=True, kw_only=True)
class Nature:
    """The constants of a world.

    `factors`: rank of the taste. `popularity`: weight of an item's general appeal, in spreads.
    `slope`: logits per spread of preference. `fatigue`: logits lost on an item already known.
    `app_decay` and `web_decay`: how fast people stop reading there. `target`: mean clicks per shown
    item, over both, on a slate of the ten most popular items unknown to people who know the older
    half of what they rated, 50 at most; it fixes the intercept.
    """

    factors: int = 32
    popularity: float = 1.0
    slope: float = 0.2
    fatigue: float = 2.5
    app_decay: float = 0.4
    web_decay: float = 0.15
    target: float = 0.045

    def looks(self, platform: Platform, length: int) -> Floats:
        """Chance (length,) that each position is looked at there."""
        return examination(length, self.app_decay if platform == "app" else self.web_decay)


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """A fitted world. `people` is (people, factors), `items` (factors, items), `bias` (items,)."""

    catalogue: Catalogue
    nature: Nature
    people: Floats
    items: Floats
    bias: Floats
    intercept: float

    def preference(self, taste: Floats, items: Ints) -> Floats:
        """True preference of a taste (factors,) for items (n,): (n,), about -3 to 6."""
        personal: Floats = taste @ self.items[:, items]
        return personal + self.nature.popularity * self.bias[items]

    def appeal(self, taste: Floats, items: Ints, known: Sequence[bool]) -> Floats:
        """Chance (n,) of a click on items (n,) that are looked at; `known` marks old ones."""
        logits = self.intercept + self.nature.slope * self.preference(taste, items)
        return _sigmoid(logits - self.nature.fatigue * np.asarray(known, dtype=float))

    def clicks(
        self, taste: Floats, items: Ints, known: Sequence[bool], platform: Platform
    ) -> Floats:
        """Chance (n,) of a click on each item of a slate, read from the top."""
        return self.appeal(taste, items, known) * self.nature.looks(platform, len(items))


def examination(length: int, decay: float) -> Floats:
    """Chance (length,) that a position is looked at: 1 at the top, then falling."""
    return 1.0 / (1.0 + decay * np.arange(length, dtype=float))


def build(catalogue: Catalogue, nature: Nature | None = None) -> World:
    """Fit a world to all of a catalogue's behaviour; deterministic."""
    nature = nature or Nature()
    touched = catalogue.matrix().toarray()
    mean = touched.mean(axis=0)
    people, items = _factorise(touched - mean, nature.factors)
    bias = _standard(np.log(mean + 1.0 / len(catalogue.people)))
    flat = World(
        catalogue=catalogue, nature=nature, people=people, items=items, bias=bias, intercept=0.0
    )
    return World(
        catalogue=catalogue,
        nature=nature,
        people=people,
        items=items,
        bias=bias,
        intercept=_calibrated(flat),
    )


def _factorise(centred: Floats, rank: int) -> tuple[Floats, Floats]:
    """People (n, rank) and items (rank, m) whose products have unit spread over all pairs."""
    count = len(centred)
    wanted = (max(count - rank, 0), count - 1)
    # The leading left singular vectors: eigenvectors of the people x people matrix.
    squares, left = eigh(centred @ centred.T, subset_by_index=wanted)
    spread = np.sqrt(squares.sum() / centred.size)
    return np.asarray(left / spread), np.asarray(left.T @ centred)


def _calibrated(world: World) -> float:
    """The intercept at which the popular slate earns the target."""
    looks = np.mean([world.nature.looks(platform, 10) for platform in PLATFORMS], axis=0)
    logits = world.nature.slope * np.array(
        [
            world.preference(taste, _popular(world.bias, past[: len(past) // 2][-50:]))
            for taste, past in zip(world.people, world.catalogue.histories, strict=True)
        ]
    )

    def excess(intercept: float) -> float:
        return float((_sigmoid(logits + intercept) * looks).mean()) - world.nature.target

    return float(brentq(excess, -30.0, 30.0))


def _popular(bias: Floats, known: Ints) -> Ints:
    """The ten most popular items outside `known`."""
    order = np.argsort(-bias, kind="stable")
    return order[~np.isin(order, known)][:10]


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(expit(logits), dtype=np.float64)


def _standard(values: Floats) -> Floats:
    standard: Floats = (values - values.mean()) / values.std()
    return standard
