import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

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
        training = _follow(request_training(recommender))
        if training.status == Training.Status.FAILED:
            raise CommandError(f"{training.message}\n{training.error}")
        self.stdout.write(str(training.version))


def _follow(training: Training) -> Training:
    with tqdm(total=100, desc=training.recommender.key, unit="%") as bar:
        while training.is_active():
            time.sleep(0.5)
            training.refresh_from_db()
            bar.update(round(100 * training.progress) - bar.n)
            bar.set_postfix_str(training.message)
    return training
