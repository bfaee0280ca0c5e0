from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from serving.exceptions import Invalid
from serving.keys import create_key


class Command(BaseCommand):
    help = "Makes an API key and prints its secret, which nothing can show again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What the key is for, such as shop-backend.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, secret = create_key(options["name"])
        except Invalid as error:
            raise CommandError(error.message) from error
        self.stdout.write(secret)
