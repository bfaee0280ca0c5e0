"""`manage.py drain`: move this host's journals into the log."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from events.drain import Drain
from events.exceptions import EventsError


class Command(BaseCommand):
    help = "Move what this host's journals hold into the log, until stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="drain what is there, print what was done, and end"
        )

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        try:
            with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
                if once:
                    self._report(drain)
                else:
                    drain.run(_stop_on_signals())
        except EventsError as error:
            raise CommandError(str(error)) from error

    def _report(self, drain: Drain) -> None:
        commits = drain.once()
        rows = sum(commit.rows for commit in commits)
        duplicates = sum(commit.duplicates for commit in commits)
        erased = sum(commit.erased for commit in commits)
        left_out = f", {erased} of erased people left out" if erased else ""
        self.stdout.write(f"{rows} rows drained, {duplicates} duplicates dropped{left_out}.")


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
