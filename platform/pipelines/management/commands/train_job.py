from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from pipelines import training
from recommenders.models import Training


class Command(BaseCommand):
    help = (
        "Does the work of a training job that a worker has claimed. Workers start this themselves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("training", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        training.run(Training.objects.select_related("recommender").get(pk=options["training"]))
