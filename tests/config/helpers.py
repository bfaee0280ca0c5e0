"""Made-up processes, and a supervisor of them watched from outside."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config.supervisor.child import children_of
from config.supervisor.specs import ProcessSpec

FAKE_UP = Path(__file__).parent / "fake_up.py"


def eventually(condition: Callable[[], object], within: float = 30.0) -> bool:
    """Whether `condition` comes true within so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def descendants(pid: int) -> set[int]:
    children = children_of(pid)
    return children.union(*(descendants(child) for child in children))


def spec(name: str, code: str, **fields: object) -> ProcessSpec:
    """A process that runs `code` in Python."""
    defaults: dict[str, object] = {"stop_order": 0, "grace": 2.0}
    command = (sys.executable, "-c", code)
    return ProcessSpec(name=name, command=command, **{**defaults, **fields})  # type: ignore[arg-type]


@dataclass
class Run:
    """A running fake_up.py and the lines it has printed."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.process.pid

    def find(self, pattern: str) -> list[str]:
        return [line for line in self.lines if re.search(pattern, line)]

    def wait_for(self, pattern: str, times: int = 1) -> list[str]:
        assert eventually(lambda: len(self.find(pattern)) >= times), (pattern, self.lines)
        return self.find(pattern)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(10)
        self.reader.join(5)
        return code

    def stop_reading(self) -> None:
        """As `| head` does; the reading thread ends with the next line."""
        self._reading = False
        self.reader.join(5)

    def __post_init__(self) -> None:
        self._reading = True
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip("\n"))
                if not self._reading:
                    return
