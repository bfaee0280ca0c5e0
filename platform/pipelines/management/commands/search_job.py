from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from pipelines import search_work
from recommenders.models import Search


class Command(BaseCommand):
    help = "Does the work of a search that a worker has claimed. Workers start this themselves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("search", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        search_work.run(Search.objects.select_related("recommender").get(pk=options["search"]))
