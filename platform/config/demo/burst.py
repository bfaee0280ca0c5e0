"""The first shoppers, as many as a clear answer needs; and those that keep coming."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice

from celery import current_app
from kombu.exceptions import OperationalError
from tqdm import tqdm

from config.demo.comparison import PLACEMENT, TRAFFIC
from config.demo.exceptions import DemoError
from experiments import selectors
from experiments.metrics import Scorecard
from experiments.models import Experiment
from simulator.client import Client
from simulator.session import Seen, Shop
from simulator.shoppers import shoppers
from simulator.traffic import Complain, run
from simulator.world import World

SHOPPERS = 5_000
ENOUGH = 0.95  # of them: fewer missing than that are not worth another burst
TRICKLE = 5.0  # shoppers per second
PATIENCE = 120.0  # seconds for an analysis that covers the burst
AGAIN = 15.0  # seconds after which it is asked for again
ANALYSE = "pipelines.analyse_running"


def missing(experiment: Experiment) -> int:
    """How many shoppers the burst still lacks, by the newest snapshot; 0 once it is over."""
    if experiment.status != Experiment.Status.RUNNING:
        return 0
    people = _people(_scorecard(experiment))
    lacking = SHOPPERS - round(people / float(TRAFFIC))
    return lacking if lacking > (1 - ENOUGH) * SHOPPERS else 0


@contextmanager
def shop(world: World, url: str, key: str, stop: threading.Event) -> Iterator[Shop]:
    """The shop that both the burst and the trickle visit."""
    with Client(url, key, stop=stop) as client:
        seed = secrets.randbelow(2**31)
        yield Shop(client=client, world=world, placement=PLACEMENT, seed=seed)


def burst(where: Shop, count: int, complain: Complain, stop: threading.Event) -> Seen:
    """Send shoppers as fast as they are served. Raises DemoError where none of them is."""
    crowd = islice(shoppers(where.world, run=secrets.token_hex(4), seed=where.seed), count)
    with tqdm(total=count, desc="Sending shoppers", unit=" shoppers") as bar:
        seen = run(where, crowd, progress=bar.update, complain=complain, stop=stop)
    if not seen.shoppers and not stop.is_set():
        raise DemoError("No shopper was served: the reason is said above.")
    return seen


def trickle(where: Shop, complain: Complain, stop: threading.Event) -> None:
    """A few shoppers a second until stopped, so that other experiments receive traffic."""
    seed = secrets.randbelow(2**31)
    crowd = shoppers(where.world, run=secrets.token_hex(4), seed=seed)
    run(where, crowd, rate=TRICKLE, complain=complain, stop=stop)


def analysed(experiment: Experiment, people: int, stop: threading.Event) -> Scorecard | None:
    """The first scorecard as of now or later that knows at least so many people; None if stopped.

    Raises DemoError where none comes in time.
    """
    since, asked = datetime.now(UTC), float("-inf")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if time.monotonic() - asked > AGAIN:
            with suppress(OperationalError):  # the broker is away: asked again soon
                current_app.send_task(ANALYSE, args=[True], retry=False)
            asked = time.monotonic()
        scorecard = _scorecard(experiment)
        if scorecard and scorecard.as_of >= since and _people(scorecard) >= people:
            return scorecard
        if stop.wait(0.5):
            return None
    raise DemoError(
        f"No analysis of {experiment.key} covered the shoppers within {PATIENCE:.0f} s. "
        "See what the processes `drain` and `analysis` print."
    )


def _scorecard(experiment: Experiment) -> Scorecard | None:
    snapshot = selectors.latest_snapshot(experiment)
    return None if snapshot is None else selectors.scorecard_of(snapshot)


def _people(scorecard: Scorecard | None) -> int:
    return 0 if scorecard is None else sum(arm.users for arm in scorecard.arms)
