"""`manage.py simulate`: shoppers through the public API, and the truth about an experiment."""

import os
import secrets
from argparse import ArgumentParser
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from events.history import LENGTH
from simulator import arms, traffic
from simulator.client import Client
from simulator.complaints import Complaints
from simulator.current import current
from simulator.exceptions import SimulatorError
from simulator.session import Seen, Shop
from simulator.shoppers import shoppers
from simulator.truth import FEWEST, true_arms
from simulator.world import World, build

DEFAULT_URL = "http://127.0.0.1:8000"
DEMO_KEY = "demo/api_key"  # under var/; config.demo writes it


class Command(BaseCommand):
    help = "Send simulated shoppers, or print the true lifts of an experiment beside the measured."

    def add_arguments(self, parser: ArgumentParser) -> None:
        url = os.environ.get("WINNOW_URL", DEFAULT_URL)
        parser.add_argument("--shoppers", type=int, default=1000, metavar="N", help="how many")
        parser.add_argument("--rate", type=float, metavar="R", help="shoppers per second, at most")
        parser.add_argument("--forever", action="store_true", help="go on until Ctrl-C")
        parser.add_argument("--url", default=url, help="of Winnow's web server")
        parser.add_argument("--key", help="an API key; by default the demonstration's own")
        parser.add_argument("--placement", default="home", help="where they look")
        parser.add_argument("--seed", type=int, help="repeats who comes and what they like")
        parser.add_argument(
            "--truth", action="store_true", help="send nobody: compute what each arm truly earns"
        )
        parser.add_argument("--experiment", metavar="KEY", help="the experiment for --truth")

    def handle(self, *args: Any, **options: Any) -> None:
        _check(options)
        if options["seed"] is None:
            options["seed"] = secrets.randbelow(2**31)
        try:
            world = build(current(settings.CACHE_DIR, self.stderr.write))
            if options["truth"]:
                self._truth(world, options)
            else:
                self._simulate(world, options)
        except SimulatorError as error:
            raise CommandError(str(error)) from error

    def _simulate(self, world: World, options: dict[str, Any]) -> None:
        forever, seed, run = options["forever"], options["seed"], secrets.token_hex(4)
        stop = traffic.stop_on_signals()
        with (
            Client(options["url"], options["key"] or _demo_key(), stop=stop) as client,
            tqdm(total=None if forever else options["shoppers"], unit=" shoppers") as bar,
        ):
            shop = Shop(client=client, world=world, placement=options["placement"], seed=seed)
            crowd = shoppers(world, run=run, seed=seed)
            seen = traffic.run(
                shop,
                crowd if forever else islice(crowd, options["shoppers"]),
                rate=options["rate"],
                progress=bar.update,
                complain=Complaints(bar.write) if forever else None,
                stop=stop,
            )
        self._report(seen, client, f"shopper-{run}-", seed)

    def _report(self, seen: Seen, client: Client, prefix: str, seed: int) -> None:
        tally = client.tally
        rate = seen.clicks / seen.impressions if seen.impressions else 0.0
        shares = ", ".join(f"{key} {count:,}" for key, count in sorted(seen.variants.items()))
        self.stdout.write(
            f"{seen.shoppers:,} shoppers (ids {prefix}…, seed {seed}) loaded {seen.pages:,} pages "
            f"and clicked {seen.clicks:,} of {seen.impressions:,} items ({rate:.2%}).\n"
            f"In experiments: {shares or 'nobody'}.\n"
            f"{tally.acknowledged:,} events were acknowledged, {tally.rejected:,} rejected; "
            f"{tally.retries:,} requests were repeated, {tally.fallbacks:,} pages were fallbacks."
        )

    def _truth(self, world: World, options: dict[str, Any]) -> None:
        experiment = arms.find(options["experiment"], options["placement"])
        ranks = arms.ranks(experiment, settings.MODELS_DIR)
        crowd = islice(shoppers(world, run="truth", seed=options["seed"]), options["shoppers"])
        with tqdm(total=options["shoppers"], unit=" shoppers") as bar:
            truth = true_arms(
                world,
                crowd,
                ranks,
                seed=options["seed"],
                remembered=LENGTH,
                progress=bar.update,
            )
        self.stdout.write(f"{experiment.key}, CTR over {options['shoppers']:,} shoppers:")
        for line in arms.table(truth, arms.measured(experiment)):
            self.stdout.write(line)


def _check(options: dict[str, Any]) -> None:
    """Raises CommandError for figures that mean nothing."""
    least = FEWEST if options["truth"] else 1
    if options["shoppers"] < least:
        raise CommandError(f"--shoppers must be at least {least}.")
    if options["rate"] is not None and options["rate"] <= 0:
        raise CommandError("--rate must be above 0.")
    if options["experiment"] and not options["truth"]:
        raise CommandError("--experiment belongs to --truth.")


def _demo_key() -> str:
    """The key the demonstration made, or a refusal that says how to give another."""
    try:
        return (settings.WINNOW_VAR / DEMO_KEY).read_text().strip()
    except OSError:
        raise CommandError(
            "Give an API key with --key KEY; `manage.py demo` makes one of its own."
        ) from None
