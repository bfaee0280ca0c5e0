"""The supervisor: starts what is due, prints what is said, restarts what died, stops all in order.

One thread does all of it, so lines never interleave, and every child is forked by the thread whose
end the kernel takes for the parent's death (config.leash).
"""

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from config import leash
from config.supervisor import checks, ready
from config.supervisor.child import HEALTHY_AFTER, Child, children_of, pause_after
from config.supervisor.exceptions import PortUnusableError
from config.supervisor.output import Printer
from config.supervisor.specs import ProcessSpec
from config.supervisor.wakeup import Wakeup

SELF = "up"


@dataclass(kw_only=True)
class _Place:
    """What is known of one spec between lives: when it may start, and how often it died young."""

    spec: ProcessSpec
    due: float = 0.0
    failures: int = 0
    finished: bool = False
    child: Child | None = None


class Supervisor:
    """Holds the processes of `specs` until told to stop, or its output cannot be written.

    environment, folder: what every process starts with. keep_open: a descriptor all inherit.
    printer: must know every spec's name, and "up".
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        *,
        environment: Mapping[str, str],
        folder: Path,
        printer: Printer,
        keep_open: int | None = None,
    ) -> None:
        self._places = [_Place(spec=spec) for spec in specs]
        self._start = partial(
            Child.start, environment=environment, folder=folder, keep_open=keep_open
        )
        self._printer = printer
        self._selector = selectors.DefaultSelector()
        self._wakeup = Wakeup()
        self._ready: set[str] = set()
        self._news: deque[tuple[ProcessSpec, str | None]] = deque()  # from the threads that ask
        self._strangers = children_of(os.getpid())  # children this process had before

    def run(self) -> None:
        """Returns when all processes are gone. A second signal cuts the graces short."""
        with self._wakeup, self._selector:
            self._selector.register(self._wakeup.outlet, selectors.EVENT_READ)
            if not leash.adopt_orphans():
                self._say(
                    "this system has no prctl: should this process be killed, stop the rest by hand"
                )
            try:
                for place in self._places:
                    self._ask_ready(place.spec)
                while not (self._wakeup.stops or self._printer.broken):
                    self._start_due()
                    self._pump(self._pause())
            finally:
                self._stop_all()

    # --- starting --------------------------------------------------------------------------------

    def _start_due(self) -> None:
        now = time.monotonic()
        for place in self._places:
            if self._may_start(place) and place.due <= now:
                self._start_one(place)

    def _may_start(self, place: _Place) -> bool:
        gate = place.spec.after
        return place.child is None and not place.finished and (gate is None or gate in self._ready)

    def _start_one(self, place: _Place) -> None:
        try:
            if place.spec.port is not None:
                checks.require_port(place.spec.port)
            place.child = self._start(place.spec)
        except (PortUnusableError, OSError) as error:
            self._try_later(place, f"cannot start: {error}")
            return
        self._selector.register(place.child.output, selectors.EVENT_READ, place)

    def _ask_ready(self, spec: ProcessSpec) -> None:
        if spec.ready is not None:
            ready.watch(
                spec.ready,
                on_ready=lambda: self._tell(spec, None),
                on_slow=lambda reason: self._tell(spec, reason),
            )

    def _tell(self, spec: ProcessSpec, reason: str | None) -> None:
        self._news.append((spec, reason))
        self._wakeup.wake()

    def _hear(self) -> None:
        while self._news:
            spec, reason = self._news.popleft()
            if reason is not None:
                self._say(f"{spec.name} is not ready yet: {spec.ready} says {reason}")
                continue
            self._ready.add(spec.name)
            if spec.ready_line:
                self._say(spec.ready_line)

    # --- living ----------------------------------------------------------------------------------

    def _pause(self) -> float | None:
        """Seconds until the next start; None when only an event can cause one."""
        dues = [place.due for place in self._places if self._may_start(place)]
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _pump(self, timeout: float | None) -> None:
        """Wait at most `timeout` seconds for something to happen, and deal with it."""
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, _Place):
                self._print(key.data)
            elif self._wakeup.drain():
                self._bury_dead()
        self._hear()

    def _print(self, place: _Place) -> None:
        child = place.child
        if child is None:  # buried in this same round
            return
        if data := child.read():
            self._printer.feed(child.spec.name, data)
        else:  # it closed its output; SIGCHLD will tell of its end
            self._selector.unregister(child.output)

    def _bury_dead(self) -> None:
        for place in self._places:
            if place.child is not None and (code := place.child.returncode()) is not None:
                self._bury(place, place.child, code)
        self._kill_orphans()

    def _bury(self, place: _Place, child: Child, code: int) -> None:
        child.kill_group()  # before a successor starts: what it left would hold its port and files
        while data := child.read():
            self._printer.feed(child.spec.name, data)
        self._printer.finish(child.spec.name)
        with suppress(KeyError):  # it had closed its output before
            self._selector.unregister(child.output)
        child.output.close()
        place.child = None
        place.finished = child.spec.once and code == 0
        if not (place.finished or self._wakeup.stops):
            place.failures = 0 if child.age >= HEALTHY_AFTER else place.failures
            self._try_later(place, f"ended with {_ending(code)} after {child.age:.0f} s")

    def _try_later(self, place: _Place, why: str) -> None:
        place.failures += 1
        pause = pause_after(place.failures)
        place.due = time.monotonic() + pause
        self._say(f"{place.spec.name} {why}; it starts again in {pause:.0f} s")

    def _kill_orphans(self) -> None:
        """End what a dead process had started in a session of its own, and we inherited."""
        ours = {place.child.pid for place in self._places if place.child is not None}
        for pid in children_of(os.getpid()) - ours - self._strangers:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)  # where it is too early, its SIGCHLD brings us back

    # --- stopping --------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        self._wakeup.stops = max(self._wakeup.stops, 1)
        self._say("stopping")
        places = sorted(self._places, key=_stop_order)
        for _, group in groupby(places, key=_stop_order):
            self._stop(list(group))
        self._kill_orphans()
        self._say("stopped")

    def _stop(self, places: list[_Place]) -> None:
        begun = time.monotonic()
        for child in _living(places):
            child.terminate()
        while children := _living(places):
            for child in children:
                if self._wakeup.stops > 1 or time.monotonic() - begun > child.spec.grace:
                    child.kill_group()
            self._pump(0.1)

    def _say(self, text: str) -> None:
        self._printer.say(SELF, text)


def _living(places: list[_Place]) -> list[Child]:
    return [place.child for place in places if place.child is not None]


def _stop_order(place: _Place) -> int:
    return place.spec.stop_order


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
