from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from experiments.exceptions import Invalid
from experiments.places import create_placement
from people.actors import COMMAND
from recommenders.models import Recommender
from serving.lifecycle import routed


class Command(BaseCommand):
    help = "Makes a placement: a place in the product that shows recommendations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="How the API calls it, such as product-page.")
        parser.add_argument("recommender", help="What it shows outside experiments.")
        parser.add_argument("--name", help="How the pages call it; by default the key.")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["key"]
        try:
            routed(
                create_placement,
                key=key,
                name=options["name"] or key,
                default_recommender=_recommender(options["recommender"]),
                now=timezone.now(),
                actor=COMMAND,
            )
        except Invalid as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Placement {key} shows {options['recommender']}.")


def _recommender(key: str) -> Recommender:
    found = Recommender.objects.filter(key=key).first()
    if found is None:
        known = ", ".join(Recommender.objects.values_list("key", flat=True)) or "none yet"
        raise CommandError(f"There is no recommender “{key}”. Registered: {known}.")
    return found
