"""What ends the supervisor's wait: a request to stop, the death of a child, or another thread."""

import signal
import socket
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Self

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Wakeup:
    """Inside a `with`, signals make `outlet` readable instead of ending the process.

    stops: how often this process was asked to stop.
    """

    def __init__(self) -> None:
        self.stops = 0
        self._inlet, self.outlet = socket.socketpair()
        self._inlet.setblocking(False)
        self.outlet.setblocking(False)

    def __enter__(self) -> Self:
        self._before = {number: signal.getsignal(number) for number in (*_STOPS, signal.SIGCHLD)}
        for number in _STOPS:
            signal.signal(number, self._on_stop)
        signal.signal(
            signal.SIGCHLD, _ignore
        )  # Python writes to the inlet for handled signals only
        signal.set_wakeup_fd(self._inlet.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._inlet.close()
        self.outlet.close()

    def wake(self) -> None:
        """Make the outlet readable; safe from any thread, also after the `with`."""
        with suppress(OSError):  # full: it is readable anyway; closed: nobody waits any more
            self._inlet.send(b"\0")

    def drain(self) -> bool:
        """Empty the outlet; True when a child has ended since the last call."""
        seen = b""
        with suppress(BlockingIOError):
            while part := self.outlet.recv(1024):
                seen += part
        return signal.SIGCHLD in seen

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self.stops += 1


def _ignore(number: int, frame: FrameType | None) -> None:
    pass
