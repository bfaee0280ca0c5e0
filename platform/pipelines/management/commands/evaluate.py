"""`manage.py evaluate`: which recommender guesses best what people did next?"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from pipelines import behaviour_files, evaluating
from pipelines.evaluating import Ask, Measured
from pipelines.evaluation_table import as_json, lines
from recommenders import evaluations
from recommenders.dataset import Dataset
from recommenders.evaluation import MEASURES, Protocol
from recommenders.evaluation.protocols import NAMES
from recommenders.exceptions import ProtocolError, RecommenderError

STEPS = 1000
MOST_K = 1000
DEFAULT = ("ndcg", "map", "precision", "recall", "hit_rate", "mrr", "coverage", "novelty")


class Command(BaseCommand):
    help = (
        "Hold behaviour out, fit recommenders on the rest, and measure how well each guesses what "
        "was held out, with intervals over users and a paired test against the first. Behaviour is "
        "that of Winnow's log, whose figures are kept with the versions, or of the file of --data."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = "keys of recommenders, or algorithms at their defaults; the first is compared with"
        parser.add_argument("--recommender", nargs="+", required=True, metavar="NAME", help=known)
        rows = (
            "instead of the log: a .csv, .jsonl or .parquet file with columns user, item, at, ..."
        )
        parser.add_argument("--data", type=Path, metavar="FILE", help=rows)
        described = "with --data: items with their attributes"
        parser.add_argument("--items", type=Path, metavar="FILE", help=described)
        parser.add_argument(
            "--protocol", choices=NAMES, default="temporal", help="what is held out"
        )
        parser.add_argument("--held-out", type=float, default=0.1, help="share of the rows (0.1)")
        parser.add_argument("--days", type=float, help="with temporal: the last days instead")
        parser.add_argument("--seed", type=int, default=42, help="of all that is drawn (42)")
        parser.add_argument("--repeats", action="store_true", help="what a user met may come again")
        sampled = "rank among so many drawn items instead of all; such figures mislead"
        parser.add_argument("--negatives", type=int, metavar="N", help=sampled)
        parser.add_argument("--k", type=int, default=10, help="length of a slate (10)")
        named = f"commas between, of {', '.join(MEASURES)}; by default {','.join(DEFAULT)}"
        parser.add_argument("--measures", default=",".join(DEFAULT), help=named)
        shares = "also how slates are shared out by an attribute of the items, such as categories"
        parser.add_argument("--exposure", metavar="ATTRIBUTE", help=shares)
        parser.add_argument("--confidence", type=float, default=0.95, help="of intervals (0.95)")
        parser.add_argument("--json", action="store_true", help="print all of it as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        ask = _ask(options)
        try:
            candidates = evaluating.candidates(options["recommender"])
            data = _data(options)
            with tqdm(total=STEPS, desc="evaluate", disable=None, bar_format=BAR) as bar:
                found = evaluating.measure(data, candidates, ask, _teller(bar))
        except ProtocolError as error:
            raise CommandError(f"--{error.field.replace('_', '-')}: {error.why}.") from error
        except RecommenderError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            text = msgspec.json.encode(as_json(found, data, ask))
            self.stdout.write(msgspec.json.format(text).decode())
        else:
            self.stdout.write("\n".join(lines(found, data, ask)))
        if options["data"] is None:
            _keep(found, data, ask)


BAR = "{desc}: {percentage:3.0f}%|{bar}| {postfix} [{elapsed}]"


def _ask(options: dict[str, Any]) -> Ask:
    """Raises CommandError naming the option and what is allowed."""
    if not 1 <= options["k"] <= MOST_K:
        raise CommandError(f"--k must be 1 to {MOST_K}.")
    if not 0.5 <= options["confidence"] < 1:
        raise CommandError("--confidence must be from 0.5 to below 1.")
    if options["items"] is not None and options["data"] is None:
        raise CommandError("--items belongs to --data; the log has the catalogue of Winnow.")
    try:
        protocol = Protocol(
            name=options["protocol"],
            held_out=options["held_out"],
            days=options["days"],
            seed=options["seed"],
            repeats=options["repeats"],
            negatives=options["negatives"],
        )
    except ProtocolError as error:
        raise CommandError(f"--{error.field.replace('_', '-')}: {error.why}.") from error
    return Ask(
        protocol=protocol,
        k=options["k"],
        measures=_measures(options["measures"]),
        exposure=options["exposure"],
        confidence=options["confidence"],
    )


def _measures(text: str) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    wrong = [name for name in named if name not in MEASURES]
    if wrong or not named:
        raise CommandError(
            f"--measures: there is no “{', '.join(wrong)}”; give some of {', '.join(MEASURES)}."
        )
    return named


def _data(options: dict[str, Any]) -> Dataset:
    if options["data"] is None:
        return evaluating.behaviour_of_log(timezone.now())
    return behaviour_files.read(options["data"], options["items"])


def _teller(bar: Any) -> evaluating.Tell:
    def tell(done: float, what: str) -> None:
        bar.set_postfix_str(what, refresh=False)
        bar.update(round(STEPS * done) - bar.n)

    return tell


def _keep(found: list[Measured], data: Dataset, ask: Ask) -> None:
    """Figures of the log are kept with the versions; algorithms by name have none."""
    kept = [
        evaluations.Found(
            recommender=one.candidate.recommender,
            users=one.judged.users,
            rows=one.rows,
            differences=one.differences,
        )
        for one in found
        if one.candidate.recommender is not None
    ]
    if not kept:
        return
    evaluations.keep(
        kept,
        data,
        baseline=found[0].candidate.name,
        protocol=ask.protocol,
        k=ask.k,
        confidence=ask.confidence,
        now=timezone.now(),
    )
    tqdm.write("Kept: Recommenders, Compare shows it beside the versions.", file=sys.stderr)
