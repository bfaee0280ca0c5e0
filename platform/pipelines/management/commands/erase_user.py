"""`manage.py erase_user USER`: remove a person from all that Winnow keeps."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from events.erasures import Report, report_of, request_erasure
from events.exceptions import InvalidField
from events.models import Erasure
from events.validation import checked_user
from pipelines.care import erase_people

WAIT_SECONDS = 600.0
PAUSE_SECONDS = 1.0
DAMAGED = "var/journal/damaged"
OTHER_HOSTS = "What another host's journals still hold is left out when it is drained."


class Command(BaseCommand):
    help = "Removes a person from the log, live history and slates, and reports what went."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="The user id, as events and exposures have it.")

    def handle(self, *args: Any, user: str, **options: Any) -> None:
        try:
            request = request_erasure(checked_user(user), now=timezone.now())
        except InvalidField as error:
            raise CommandError(f"A user id {error.error}.") from None
        self._wait_for(request)
        if report := report_of(request):
            self.stdout.write("\n".join(_lines(user, report)))

    def _wait_for(self, request: Erasure) -> None:
        """Return once the request is finished, by this process or by a worker."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            was_our_turn = erase_people()
            request.refresh_from_db()
            if request.finished_at is not None:
                return
            if was_our_turn or time.monotonic() > deadline:
                why = request.problem or "Another process is looking after the log."
                raise CommandError(f"Not finished: {why} Winnow goes on trying; so may you.")
            time.sleep(PAUSE_SECONDS)


def _lines(user: str, report: Report) -> list[str]:
    if not report.found:
        return [f"Nothing was found of “{user}”.", OTHER_HOSTS]
    return [
        f"Removed of “{user}”:",
        f"  {report.events} events and {report.exposures} exposures from the log",
        f"  {report.old_files} files beyond the log's newest version",
        f"  what was theirs in {report.journals} journal files of this host",
        f"  {report.history} live histories and {report.slates} slates from Valkey",
        *(f"  the id from the list “{name}” of users left out" for name in report.lists),
        *(f"  the override in the experiment {key}" for key in report.overrides),
        *(["What remains:", *remains] if (remains := _remains(report)) else []),
        OTHER_HOSTS,
    ]


def _remains(report: Report) -> list[str]:
    remains = []
    if report.damaged:
        remains.append(f"  {report.damaged} damaged parts of journals in {DAMAGED} name the user")
    if report.models:
        remains.append(
            f"  model versions trained before, which may hold it: {', '.join(report.models)}"
        )
    return remains
