"""`manage.py search RECOMMENDER`: which settings guess best?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pipelines.following import follow
from recommenders import searches
from recommenders.evaluation import Protocol
from recommenders.evaluation.protocols import NAMES
from recommenders.exceptions import InvalidRecommender, InvalidSearch, ProtocolError
from recommenders.models import Recommender, Search


class Command(BaseCommand):
    help = (
        "Asks Celery to try settings of a recommender on folds of its training data, shows how it "
        "goes, and prints the best. The job goes on without this. Nothing is changed by it; "
        "--register makes a new recommender of the best settings."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recommender", help="The recommender's key, such as item-knn.")
        parser.add_argument("--trials", type=int, default=30, help="how many settings (30)")
        samplers = "what is tried next: by what was best so far, at random, or off a grid"
        parser.add_argument("--sampler", choices=searches.SAMPLERS, default="tpe", help=samplers)
        parser.add_argument("--folds", type=int, default=2, help="cuts to judge each on (2)")
        parser.add_argument("--measure", default="ndcg", help="what to go by (ndcg)")
        parser.add_argument("--k", type=int, default=10, help="length of a slate (10)")
        parser.add_argument(
            "--protocol", choices=NAMES, default="temporal", help="what is held out"
        )
        parser.add_argument("--held-out", type=float, default=0.1, help="share of the rows (0.1)")
        parser.add_argument("--days", type=float, help="with temporal: the last days instead")
        parser.add_argument("--seed", type=int, default=42, help="of all that is drawn (42)")
        parser.add_argument("--repeats", action="store_true", help="what a user met may come again")
        new = "register a new recommender of this key with the best settings"
        parser.add_argument("--register", metavar="KEY", help=new)

    def handle(self, *args: Any, **options: Any) -> None:
        recommender = _recommender(options["recommender"])
        try:
            search = searches.request_search(recommender, _wanted(options))
        except InvalidSearch as error:
            raise CommandError(f"{_option(error.field)}: {error}") from error
        except ProtocolError as error:
            raise CommandError(f"{_option(error.field)}: {error.why}.") from error
        follow(search, title=recommender.key)
        if search.status == Search.Status.FAILED:
            raise CommandError(f"{search.message}\n{search.error}")
        if search.status == Search.Status.CANCELLED:
            raise CommandError(search.message)
        self.stdout.write("\n".join(_told(search)))
        if options["register"]:
            self.stdout.write(f"Registered {_register(search, options['register'])}.")


def _recommender(key: str) -> Recommender:
    found = Recommender.objects.filter(key=key).first()
    if found is None:
        known = ", ".join(Recommender.objects.values_list("key", flat=True)) or "none yet"
        raise CommandError(f"There is no recommender “{key}”. Registered: {known}.")
    return found


def _wanted(options: dict[str, Any]) -> searches.Wanted:
    protocol = Protocol(
        name=options["protocol"],
        held_out=options["held_out"],
        days=options["days"],
        seed=options["seed"],
        repeats=options["repeats"],
    )
    return searches.Wanted(
        sampler=options["sampler"],
        trials=options["trials"],
        folds=options["folds"],
        protocol=protocol,
        measure=options["measure"],
        k=options["k"],
    )


def _option(field: str) -> str:
    return field if field == "recommender" else f"--{field.replace('_', '-')}"


def _told(search: Search) -> list[str]:
    search.refresh_from_db()
    best, outcome = searches.best_of(search), search.outcome
    if best is None or outcome is None:
        return [search.message]
    ours, theirs, apart = outcome["best"], outcome["own"], outcome["difference"]
    settings = ", ".join(f"{name} {value}" for name, value in best.settings.items())
    said = "" if apart["p_value"] is None else f", p {apart['p_value']:.4f}"
    return [
        search.message,
        f"Best: {settings}.",
        f"On {ours['n']:,} users held out of the search: {outcome['measure']} "
        f"{ours['value']:.4f}; its own settings {theirs['value']:.4f}; "
        f"difference {apart['difference']:+.4f}{said}.",
    ]


def _register(search: Search, key: str) -> str:
    try:
        return searches.register_best(search, key=key).key
    except (InvalidRecommender, InvalidSearch) as error:
        raise CommandError(f"--register: {error}") from error
