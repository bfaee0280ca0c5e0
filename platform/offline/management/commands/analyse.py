"""`manage.py analyse`: the logs of an experiment that was assigned anywhere, from files alone."""

import os
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

import duckdb
from django.core.management.base import BaseCommand, CommandError

from experiments.metrics import MetricsError
from experiments.metrics.outside import InvalidRequest, analyse, encode
from offline import asking, options, words
from offline.progress import Progress


class Command(BaseCommand):
    help = "Compare the variants of an experiment from files of exposures and events."
    requires_system_checks = []  # nothing of the server is used

    def add_arguments(self, parser: ArgumentParser) -> None:
        options.add_to(parser)

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            with Progress(self.stderr) as progress:
                report = analyse(
                    asking.request(given), now=datetime.now(UTC), progress=progress.step
                )
        except InvalidRequest as error:
            raise CommandError(
                f"{asking.option(error.field)}: {error.remedy.rstrip('.')}."
            ) from error
        except (MetricsError, duckdb.Error, OSError) as error:
            why = str(error).partition("\n\nLINE")[0]  # what follows is a query of ours
            raise CommandError(f"The files cannot be analysed: {why}") from error
        if given["json"]:
            self.stdout.write(encode(report).decode())
        else:
            self.stdout.write(os.linesep.join(words.lines(report)))
