"""Many sessions at once, in a few threads, at a given rate or as fast as the answers come."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice

from simulator.exceptions import SimulatorError
from simulator.session import Seen, Shop
from simulator.shoppers import Shopper

THREADS = 6
GROUP = 20  # shoppers whose pasts go in one batch: at most 1,000 events

Progress = Callable[[int], None]
Complain = Callable[[SimulatorError], None]


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set. For the main thread."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


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
    complain: Complain | None = None,
    stop: threading.Event | None = None,
) -> Seen:
    """Serve shoppers until there are no more, or `stop` is set.

    `rate` is shoppers per second; None means as fast as six threads go. `progress` gets how many
    more were served. A group that fails is told to `complain`; without one its error is raised.
    """
    stop = stop or threading.Event()
    desk = _Desk(progress=progress, complain=complain, stop=stop)
    pending: set[Future[Seen]] = set()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="shopper") as pool:
        for group in _paced(groups(shoppers, rate), rate, stop):
            pending.add(pool.submit(shop.serve, group))
            if len(pending) >= THREADS:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                desk.take(done)
        desk.take(pending)
    return desk.seen


def _paced(
    source: Iterator[list[Shopper]], rate: float | None, stop: threading.Event
) -> Iterator[list[Shopper]]:
    """Hands out groups when they are due. What is more than a second late is not caught up."""
    due = time.monotonic()
    for group in source:
        if rate is not None:
            due = max(due + len(group) / rate, time.monotonic() - 1.0)
            stop.wait(max(0.0, due - time.monotonic()))
        if stop.is_set():
            return
        yield group


@dataclass(kw_only=True)
class _Desk:
    """Where finished groups are added up."""

    progress: Progress
    complain: Complain | None
    stop: threading.Event
    seen: Seen = field(default_factory=Seen)

    def take(self, done: Iterable[Future[Seen]]) -> None:
        for future in done:
            try:
                part = future.result()
            except SimulatorError as error:
                self._failed(error)
                continue
            self.progress(part.shoppers)
            self.seen += part

    def _failed(self, error: SimulatorError) -> None:
        if self.stop.is_set():
            return  # an answer that was not waited for
        if self.complain is None:
            raise error
        self.complain(error)
