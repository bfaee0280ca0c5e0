"""What a process is, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process the supervisor holds.

    name: prefixes its lines; unique in a list.
    command: the program and its arguments; found on PATH unless a path.
    stop_order: processes stop in rising order of this, those of equal order together.
    grace: seconds between SIGTERM and SIGKILL when all is stopped.
    port: the loopback port it opens, tested before each start; None when it opens none.
    ready: when it counts as ready: the Valkey at "unix://..." answers, or "http://..." is a 200.
    ready_line: printed once, the first time it is ready.
    after: name of the process that must have been ready once before this one starts.
    once: True when exit code 0 means its work is done.
    unsaid: a line that holds one of these texts is not printed.
    """

    name: str
    command: tuple[str, ...]
    stop_order: int
    grace: float
    port: int | None = None
    ready: str | None = None
    ready_line: str | None = None
    after: str | None = None
    once: bool = False
    unsaid: tuple[str, ...] = ()
