"""People with known ways, who visit and click through the product's own doors.

They differ in how often they come, with a heavy tail, and in how readily they click. Who comes when
and what they like follows from a fixed seed, so that every run sends the same.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
from django.conf import settings
from numpy.typing import NDArray

from events import ingest, runtime
from events.drain import Drain
from experiments.stats import RatioSample
from serving.routing import RouteRequest, RouteResponse, route
from tests.installation import NOW

USERS, SLOTS, DAYS = 3_000, 4, 5
DAY_SECONDS = 86_400
DAY = timedelta(seconds=DAY_SECONDS)
ITEMS = 60  # nobody clicks so much that a slate comes out short: of a user the newest 50 are kept


class Crowd:
    """Users, and their visits in order of time.

    A slot is clicked where its luck lies below the user's taste, whichever the arm.
    """

    def __init__(self) -> None:
        rng = np.random.default_rng(20261124)
        self.users = [f"shopper-{n:04}" for n in range(USERS)]
        self.taste = 0.75 * rng.beta(1.0, 4.0, USERS)
        visits = 1 + np.minimum(rng.pareto(1.5, USERS).astype(int), 40)
        self.who = rng.permutation(np.repeat(np.arange(USERS), visits))
        self.second = np.sort(rng.integers(0, DAYS * DAY_SECONDS - 60, len(self.who)))
        self.luck = rng.random((len(self.who), SLOTS))

    def visits_of(self, day: int) -> list[int]:
        return [int(visit) for visit in np.flatnonzero(self.second // DAY_SECONDS == day)]


def send(crowd: Crowd, *, treatment: str, lift: float = 0.0) -> pd.DataFrame:
    """Lets the crowd visit, day by day; in `treatment` taste is up by `lift`.

    Returns what the client knows: a row per visit with user, variant, impressions, clicks.
    """
    rows = []
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        for day in range(DAYS):
            clicks: list[dict[str, str]] = []
            for n in crowd.visits_of(day):
                slate, clicked = visit(crowd, n, treatment=treatment, lift=lift)
                clicks += clicked
                rows.append((slate.user, slate.variant, len(slate.items), len(clicked)))
            deliver(clicks, day)
            drain.once()
    return pd.DataFrame(rows, columns=["user", "variant", "impressions", "clicks"])


def visit(
    crowd: Crowd, n: int, *, treatment: str, lift: float
) -> tuple[RouteResponse, list[dict[str, str]]]:
    """The slate of the n-th visit, and the clicks on it, 7 seconds later."""
    user, at = int(crowd.who[n]), NOW + timedelta(seconds=int(crowd.second[n]))
    request = RouteRequest(user=crowd.users[user], placement="home", k=SLOTS)
    slate = route(request, now=at)
    taste = crowd.taste[user] * (1 + lift * (slate.variant == treatment))
    return slate, [
        {
            "id": f"{slate.request_id}-{slot.position}",
            "type": "click",
            "user": slate.user,
            "item": slot.item,
            "request_id": slate.request_id,
            "at": (at + timedelta(seconds=7)).isoformat(),
        }
        for slot, luck in zip(slate.items, crowd.luck[n], strict=True)
        if luck < taste
    ]


def deliver(clicks: list[dict[str, str]], day: int) -> None:
    """Sends a day's clicks in the batches that the API takes."""
    for start in range(0, len(clicks), ingest.MAX_BATCH):
        batch = clicks[start : start + ingest.MAX_BATCH]
        receipt = ingest.accept(
            batch,
            now=NOW + (day + 1) * DAY,
            journal=runtime.events_journal(),
            recent=runtime.recent(),
            history=runtime.history(),
        )
        assert (receipt.accepted, receipt.rejected) == (len(batch), [])


def totals(crowd: Crowd, chosen: NDArray[np.bool_]) -> RatioSample:
    """CTR over the chosen users: `chosen` and the result have a row per replication."""
    impressions = SLOTS * np.bincount(crowd.who, minlength=USERS).astype(float)
    clicked = (crowd.luck < crowd.taste[crowd.who, None]).sum(axis=1)
    clicks = np.bincount(crowd.who, weights=clicked, minlength=USERS)
    return RatioSample(
        n=chosen.sum(axis=1),
        numerator=chosen @ clicks,
        numerator_squares=chosen @ clicks**2,
        denominator=chosen @ impressions,
        denominator_squares=chosen @ impressions**2,
        product=chosen @ (clicks * impressions),
    )
