from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pipelines.following import follow
from recommenders.jobs import request_training
from recommenders.models import Recommender, Training


class Command(BaseCommand):
    help = (
        "Asks Celery to train a recommender, and shows how it goes. The job goes on without this."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recommender", help="The recommender's key, such as item-knn.")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["recommender"]
        recommender = Recommender.objects.filter(key=key).first()
        if recommender is None:
            known = ", ".join(Recommender.objects.values_list("key", flat=True)) or "none yet"
            raise CommandError(f"There is no recommender “{key}”. Registered: {known}.")
        training = follow(request_training(recommender), title=key)
        if training.status == Training.Status.FAILED:
            raise CommandError(f"{training.message}\n{training.error}")
        if training.status == Training.Status.CANCELLED:
            raise CommandError(training.message)
        self.stdout.write(str(training.version))
