from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from people.roles import Role
from serving.access import Access, ClientAccess, ServerAccess
from serving.exceptions import Invalid
from serving.keys import create_key


class Command(BaseCommand):
    help = "Makes an API key and prints it. Nothing can show a server key again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What the key is for, such as shop-backend.")
        parser.add_argument(
            "--role",
            choices=[role.value for role in Role],
            help="What a server key may do; by default everything (admin).",
        )
        parser.add_argument(
            "--client",
            action="store_true",
            help="A client key, which is published with a page or an app.",
        )
        parser.add_argument(
            "--origin",
            action="append",
            default=[],
            metavar="ORIGIN",
            help="Whose pages may use the client key, such as https://shop.example; repeatable.",
        )
        parser.add_argument(
            "--per-minute",
            type=int,
            metavar="N",
            help="Requests a minute of one address with the client key; by default any number.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, secret = create_key(options["name"], _access(options))
        except Invalid as error:
            raise CommandError(error.message) from error
        self.stdout.write(secret)


def _access(options: dict[str, Any]) -> Access:
    origins, per_minute = options["origin"], options["per_minute"]
    if options["client"]:
        if options["role"]:
            raise CommandError("A client key has no role. Leave out --role, or --client.")
        return ClientAccess(origins=tuple(origins), per_minute=per_minute)
    if origins or per_minute is not None:
        raise CommandError("--origin and --per-minute are of client keys. Add --client.")
    return ServerAccess(role=Role(options["role"] or Role.ADMIN.value))
