"""A placement whose experiment has run and has a winner, on a running Winnow."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any
from urllib.error import HTTPError

from tests.stack import Stack, wait_for

KEY = "order-of-the-window"
EACH = 150
"""Users of each arm."""
LOOK = 90  # seconds until an analysis is there, on a busy machine

MAKE = f"""
from decimal import Decimal
from django.contrib.auth.models import User
from django.utils.timezone import now
from experiments.checks import VariantSpec
from experiments.measurement import Measurement
from recommenders.models import Recommender
from tests.acting import create_experiment, create_placement, start_experiment
from tests.stack import PASSWORD
User.objects.create_user("vera", password=PASSWORD)
popular, near = (Recommender.objects.get(key=key) for key in ("popular", "item-knn"))
half = Decimal("0.5")
experiment = create_experiment(
    name="Order of the window",
    placement=create_placement(key="window", name="Window", default_recommender=popular),
    variants=[VariantSpec(recommender=each, weight=half) for each in (popular, near)],
    measurement=Measurement(goals=("ctr",)),
    traffic=Decimal(1),
)
assert experiment.key == "{KEY}"
start_experiment(experiment, now=now())
"""


def make_window(stack: Stack) -> None:
    """It runs, the account `vera` views, and everybody who came is in the newest analysis: of ten
    users of `popular` three clicked, of `item-knn` nine.
    """
    stack.shell(MAKE)
    visit(stack, each=EACH)
    clicks = EACH * (3 + 9) // 10
    wait_for(lambda: compared(stack) == (2 * EACH, clicks), LOOK, "an analysis of all that came")


def visit(stack: Stack, *, each: int) -> None:
    """As many users of either arm, so that no chance of theirs can look like a broken split."""
    came: Counter[str] = Counter()
    while min(came["popular"], came["item-knn"]) < each:
        user = uuid.uuid4().hex
        arm = assigned(stack, user)
        if came[arm] == each:
            continue
        slate = stack.call("route", {"user": user, "placement": "window", "k": 3})
        if came[arm] % 10 < {"popular": 3, "item-knn": 9}[arm]:
            stack.call("events", {"events": [click(slate)]})
        came[arm] += 1


def assigned(stack: Stack, user: str) -> str:
    """The arm of a user, without an exposure."""
    [found] = [
        each
        for each in stack.call("assign", {"user": user})["assignments"]
        if each["experiment"] == KEY
    ]
    return str(found["variant"])


def click(slate: dict[str, Any]) -> dict[str, str]:
    return {
        "id": uuid.uuid4().hex,
        "type": "click",
        "user": slate["user"],
        "item": slate["items"][0]["item"],
        "request_id": slate["request_id"],
    }


def compared(stack: Stack) -> tuple[int, int]:
    """Users and clicks in the newest analysis; none before the first."""
    try:
        card = stack.call(f"experiments/{KEY}/results")["scorecard"]
    except HTTPError as error:
        if error.code != 404:
            raise
        return 0, 0
    arms = card["arms"]
    return sum(int(arm["users"]) for arm in arms), sum(int(arm["clicks"]) for arm in arms)
