"""Many processes on one screen: each line whole, with its process's name in front.

A progress bar rewrites its line with carriage returns. On a terminal the latest such line stays at
the bottom and is rewritten in place; elsewhere (a file, a pipe) one a second is printed as a line.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95)
_CLEAR = "\r\x1b[K"
_BREAK = re.compile(rb"\r\n|\n|\r(?!\Z)")
_LONGEST = 64 * 1024
_UPDATE_EVERY = 1.0


@dataclass(kw_only=True)
class _Stream:
    """What of one process's output is not printed yet.

    rewriting: the last break was a carriage return: what follows stands in place of what was there.
    unsaid: a line of the process that holds one of these texts is dropped.
    """

    prefix: str
    unsaid: Sequence[str] = ()
    rest: bytes = b""
    rewriting: bool = False
    updated: float = float("-inf")


class Printer:
    """Prints the output of the processes `names`.

    columns: width of the terminal, None where `target` is none. colour: whether prefixes have one.
    unsaid: by process, texts whose lines are dropped.
    """

    def __init__(
        self,
        target: TextIO,
        names: Sequence[str],
        *,
        columns: int | None = None,
        colour: bool = False,
        unsaid: Mapping[str, Sequence[str]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target = target
        self._columns = columns
        self._clock = clock
        self._width = max(map(len, names), default=0)
        self._streams = {
            name: _Stream(
                prefix=self._prefix(name, _COLOURS[i % len(_COLOURS)] if colour else 0),
                unsaid=(unsaid or {}).get(name, ()),
            )
            for i, name in enumerate(names)
        }
        self._bar: tuple[_Stream, str] | None = None  # the line at the bottom that is rewritten
        self.broken = False  # whether the reader of our output has gone away

    @property
    def room(self) -> int | None:
        """Columns of a terminal left beside the prefix."""
        return None if self._columns is None else max(20, self._columns - self._width - 3)

    def say(self, name: str, text: str) -> None:
        """Print a line of our own under `name`."""
        self._line(self._streams[name], text)
        self._flush()

    def feed(self, name: str, data: bytes) -> None:
        """Take bytes of a process as they come and print what is complete."""
        stream = self._streams[name]
        stream.rest += data
        while found := _BREAK.search(stream.rest):
            text, stream.rest = stream.rest[: found.start()], stream.rest[found.end() :]
            stream.rewriting = found.group() == b"\r"
            if not stream.rewriting:  # what a carriage return ends, what follows it replaces
                self._heard(stream, text.decode(errors="replace"))
        if stream.rewriting or stream.rest.endswith(b"\r"):
            self._update(stream, stream.rest.decode(errors="replace").rstrip())
        if len(stream.rest) > _LONGEST:
            self.finish(name)
        self._flush()

    def finish(self, name: str) -> None:
        """Print what a process left without a line end, and forget its progress bar."""
        stream = self._streams[name]
        if text := stream.rest.decode(errors="replace").strip("\r"):
            self._heard(stream, text)
        elif self._bar and self._bar[0] is stream:
            self._clear()
        stream.rest, stream.rewriting = b"", False
        self._flush()

    def _heard(self, stream: _Stream, text: str) -> None:
        if not any(part in text for part in stream.unsaid):
            self._line(stream, text)

    def _line(self, stream: _Stream, text: str) -> None:
        bar = self._bar
        self._clear()
        self._write(f"{stream.prefix}{text}\n")
        if bar and bar[0] is not stream:
            self._draw(*bar)

    def _update(self, stream: _Stream, text: str) -> None:
        if self._columns is not None:
            self._clear()
            if text:
                self._draw(stream, text)
        elif text and self._clock() - stream.updated >= _UPDATE_EVERY:
            stream.updated = self._clock()
            self._write(f"{stream.prefix}{text}\n")

    def _draw(self, stream: _Stream, text: str) -> None:
        self._write(f"{stream.prefix}{text[: self.room]}")
        self._bar = (stream, text)

    def _write(self, text: str) -> None:
        with self._watching():
            self._target.write(text)

    def _flush(self) -> None:
        with self._watching():
            self._target.flush()

    @contextmanager
    def _watching(self) -> Iterator[None]:
        try:
            yield
        except OSError:  # a closed pipe or a terminal that hung up: who holds us should stop
            self.broken = True

    def _clear(self) -> None:
        if self._bar:
            self._write(_CLEAR)
            self._bar = None

    def _prefix(self, name: str, colour: int) -> str:
        text = f"{name:<{self._width}} |"
        return f"\x1b[{colour}m{text}\x1b[0m " if colour else f"{text} "
