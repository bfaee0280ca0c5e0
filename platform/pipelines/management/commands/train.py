from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from experiments.exceptions import NotAllowed
from pipelines.following import follow
from recommenders.models import Recommender, Training
from serving.learning import ask_for_training


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
        try:
            asked = ask_for_training(recommender)
        except NotAllowed as refusal:
            raise CommandError(refusal.message) from None
        training = follow(asked, title=key)
        if training.status == Training.Status.FAILED:
            raise CommandError(f"{training.message}\n{training.error}")
        if training.status == Training.Status.CANCELLED:
            raise CommandError(training.message)
        self.stdout.write(str(training.version))
