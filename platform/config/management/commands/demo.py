"""`manage.py demo`: fills an empty installation and keeps shoppers coming; part of `up --demo`."""

import os
import signal
import threading
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo import access, burst, comparison, filling, training, waiting, words
from config.demo.exceptions import DemoError
from experiments.models import Experiment
from simulator.catalogue import Catalogue
from simulator.complaints import Complaints
from simulator.current import current
from simulator.exceptions import SimulatorError
from simulator.session import Shop
from simulator.traffic import stop_on_signals
from simulator.world import build

DEFAULT_URL = "http://127.0.0.1:8000"


class Command(BaseCommand):
    help = "Set up the demonstration where it is missing, then send a few shoppers a second."

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._complain = Complaints(self.stdout.write)

    def handle(self, *args: Any, **options: Any) -> None:
        # Every step can be repeated, so until shoppers come an interruption may fall anywhere.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        url = os.environ.get("WINNOW_URL", DEFAULT_URL).rstrip("/")
        try:
            self._run(url)
        except (DemoError, SimulatorError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("The demonstration was interrupted; the next start goes on with it.")

    def _run(self, url: str) -> None:
        waiting.until_ready(url)
        granted = access.grant(settings.WINNOW_VAR / access.FOLDER)
        catalogue = current(settings.CACHE_DIR, self.stdout.write)
        experiment = self._prepared(catalogue)
        count = burst.missing(experiment)
        if count == 0:
            self._say(words.address_lines(url, granted, catalogue.people[0]))
        world = build(catalogue)
        stop = stop_on_signals()
        with burst.shop(world, url, granted.key, stop) as shop:
            if count and self._first_shoppers(shop, experiment, count, stop):
                self._say(words.address_lines(url, granted, catalogue.people[0]))
            burst.trickle(shop, self._complain, stop)

    def _prepared(self, catalogue: Catalogue) -> Experiment:
        recommenders = training.registered()
        if any(recommender.live_id is None for recommender in recommenders):
            self.stdout.write(f"First run: setting up from {catalogue.source}.")
            filling.fill(catalogue, log_dir=settings.LOG_DIR, journal_dir=settings.JOURNAL_DIR)
            training.trained(recommenders)
        return comparison.running(recommenders, now=timezone.now())

    def _first_shoppers(
        self, shop: Shop, experiment: Experiment, count: int, stop: threading.Event
    ) -> bool:
        """Send them and print the scorecard; False where that was stopped."""
        seen = burst.burst(shop, count, self._complain, stop)
        scorecard = burst.analysed(experiment, seen.variants.total(), stop)
        if scorecard is None:
            return False
        self._say(words.scorecard_lines(scorecard))
        return True

    def _say(self, lines: Iterable[str]) -> None:
        self.stdout.write("\n".join(lines))
