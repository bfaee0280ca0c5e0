"""What a command is doing, on standard error; on a terminal with the seconds it has taken."""

import threading
import time
from types import TracebackType
from typing import Self

from django.core.management.base import OutputWrapper

TICK = 1.0


class Progress:
    """Steps, one on a line, each with the time it took once it is over."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._step = ""
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._ticks = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if self._out.isatty():
            self._ticks.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._ticks.is_alive():
            self._ticks.join()
        self._finish()

    def step(self, what: str) -> None:
        """Begin the next step."""
        self._finish()
        self._step, self._begun = what, time.monotonic()

    def _finish(self) -> None:
        if self._step:
            start = "\r" if self._out.isatty() else ""
            self._out.write(f"{start}{self._step}: {time.monotonic() - self._begun:.1f} s")
        self._step = ""

    def _tick(self) -> None:
        while not self._over.wait(TICK):
            if step := self._step:
                self._out.write(f"\r{step}: {time.monotonic() - self._begun:.0f} s ", ending="")
                self._out.flush()
