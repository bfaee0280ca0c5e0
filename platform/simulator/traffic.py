"""Many sessions at once, in a few threads, at a given rate or as fast as the answers come."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from simulator.session import NOTHING, Seen, Shop
from simulator.shoppers import Shopper

THREADS = 6
GROUP = 20  # shoppers whose pasts go in one batch: at most 1,000 events

Progress = Callable[[int], None]


def groups(shoppers: Iterable[Shopper], rate: float | None) -> Iterator[list[Shopper]]:
    """Batches of shoppers; at a low rate smaller ones, so that they come about once a second."""
    size = GROUP if rate is None else max(1, min(GROUP, round(rate)))
    source = iter(shoppers)
    while group := list(islice(source, size)):
        yield group


def run(
    shop: Shop,
    shoppers: Iterable[Shopper],
    *,
    rate: float | None = None,
    progress: Progress = lambda count: None,
    stop: threading.Event | None = None,
) -> Seen:
    """Serve shoppers until there are no more, or `stop` is set.

    `rate` is shoppers per second; None means as fast as six threads go. `progress` gets how many
    more were served. The first error of a session ends the run and is raised.
    """
    stop = stop or threading.Event()
    seen, pending = NOTHING, set[Future[Seen]]()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="shopper") as pool:
        due = time.monotonic()
        for group in groups(shoppers, rate):
            if rate is not None:
                due = max(due + len(group) / rate, time.monotonic() - 1.0)
                stop.wait(max(0.0, due - time.monotonic()))
            if stop.is_set():
                break
            pending.add(pool.submit(shop.serve, group))
            if len(pending) >= THREADS:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                seen = _add(seen, done, progress)
        return _add(seen, pending, progress)


def _add(seen: Seen, done: Iterable[Future[Seen]], progress: Progress) -> Seen:
    for future in done:
        part = future.result()
        progress(part.shoppers)
        seen += part
    return seen
