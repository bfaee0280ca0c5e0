"""`manage.py up`: all of Winnow on this machine, held by one process."""

import os
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.db import connections

from config.supervisor import (
    SupervisorError,
    address,
    assembled,
    lock,
    require_all,
    require_var,
)


def port_number(text: str) -> int:
    """A port from 1 to 65535; otherwise argparse prints this function's message."""
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")


class Command(BaseCommand):
    help = "Run Winnow: web server, workers, drain and an embedded Valkey. Ctrl-C stops it."
    requires_system_checks = []  # they take a second: run once nothing stands in the way

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=port_number, default=8000, help="of the web server")
        parser.add_argument(
            "--demo",
            action=BooleanOptionalAction,
            default=False,
            help="also set up the demonstration and send simulated shoppers",
        )

    def handle(self, *args: Any, port: int, demo: bool, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the supervisor takes over
        var: Path = settings.WINNOW_VAR
        try:
            require_all(port=port, var=var, valkey_url=_own_valkey())
            require_var(var)
            with assembled(
                root=settings.BASE_DIR,
                var=var,
                port=port,
                demo=demo,
                own_valkey=_own_valkey(),
                keep_open=lock.acquire(var / "lock", address=address(port)),
            ) as supervisor:
                self._prepare()
                supervisor.run()
        except SupervisorError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("stopped before anything was started")
        _abandon_closed_output()

    def _prepare(self) -> None:
        self.stdout.write("up: preparing the database and the static files")
        self.check()
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used: {str(error).strip()}. "
                "Check DATABASE_URL, or unset it to use SQLite."
            ) from error
        finally:
            connections.close_all()
        call_command("collectstatic", interactive=False, verbosity=0)


def refuse_early(arguments: Sequence[str], var: Path) -> None:
    """Refuse as the command itself would, before the settings have made anything in `var`.

    Raises SupervisorError; arguments that are none end the process with argparse's message.
    """
    parser = Command().create_parser("manage.py", "up")
    parser.called_from_command_line = True
    port: int = parser.parse_args(arguments).port
    require_all(port=port, var=var, valkey_url=_own_valkey())


def _own_valkey() -> str | None:
    return os.environ.get("VALKEY_URL") or None


def _abandon_closed_output() -> None:
    """Keep Python's last flush from failing where the reader of our output has gone away."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
