"""Sessions: shoppers' past is sent ahead, then they load pages, read, and click."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from simulator.client import Client, OutgoingEvent
from simulator.shoppers import Shopper
from simulator.visit import SLATE, Visit
from simulator.world import World

LONGEST_AGO, SHORTEST_AGO = timedelta(days=6.5), timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of some sessions. `variants` counts shoppers by the variant of their first page."""

    shoppers: int = 0
    pages: int = 0
    impressions: int = 0
    clicks: int = 0
    variants: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(
            shoppers=self.shoppers + other.shoppers,
            pages=self.pages + other.pages,
            impressions=self.impressions + other.impressions,
            clicks=self.clicks + other.clicks,
            variants=self.variants + other.variants,
        )


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Where shoppers go. `seed` decides what they do; the seed of the shoppers who they are."""

    client: Client
    world: World
    placement: str
    seed: int

    def serve(self, group: Sequence[Shopper]) -> Seen:
        """Sessions of some shoppers, their past sent in one batch. Raises the client's errors."""
        now = datetime.now(UTC)
        self.client.send([event for shopper in group for event in self.past(shopper, now)])
        return sum((self._session(shopper) for shopper in group), Seen())

    def past(self, shopper: Shopper, now: datetime) -> Iterator[OutgoingEvent]:
        """A shopper's history as views of the last days, oldest first."""
        rng = np.random.default_rng([self.seed, shopper.number, 0])
        span = (LONGEST_AGO - SHORTEST_AGO).total_seconds()
        ago = np.sort(rng.random(len(shopper.history)))[::-1] * span + SHORTEST_AGO.total_seconds()
        for place, (item, seconds) in enumerate(zip(shopper.history.tolist(), ago, strict=True)):
            yield OutgoingEvent(
                id=f"{shopper.id}-v{place}",
                type="view",
                user=shopper.id,
                item=self.world.catalogue.items[item].key,
                at=_stamp(now - timedelta(seconds=float(seconds))),
            )

    def _session(self, shopper: Shopper) -> Seen:
        visit = start(self.world, shopper, self.seed)
        seen = Seen(shoppers=1)
        for page in range(1, visit.pages + 1):
            seen += self._page(visit, page)
        return seen

    def _page(self, visit: Visit, number: int) -> Seen:
        user = visit.shopper.id
        page = self.client.route(
            user=user,
            placement=self.placement,
            k=SLATE,
            request_id=f"{user}-p{number}",
            attributes={"platform": visit.shopper.platform},
        )
        slate = [shown.item for shown in page.items]
        clicked = visit.read(slate)
        events = [_click(user, slate[place], page.request_id, place) for place in clicked]
        if events:
            self.client.send(events)
        first = [page.variant] if number == 1 and page.variant else []
        return Seen(pages=1, impressions=len(slate), clicks=len(clicked), variants=Counter(first))


def start(world: World, shopper: Shopper, seed: int) -> Visit:
    """The visit a shopper makes under a seed, in traffic and in the truth alike."""
    return Visit(world, shopper, seed=[seed, shopper.number, 1])


def _click(user: str, item: str, request_id: str, place: int) -> OutgoingEvent:
    return OutgoingEvent(
        id=f"{request_id}-c{place + 1}",
        type="click",
        user=user,
        item=item,
        request_id=request_id,
        at=_stamp(datetime.now(UTC)),
    )


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
