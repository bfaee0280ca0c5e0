"""`manage.py aa_audit`: is every metric judged rightly on these users?"""

import secrets
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import duckdb
import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from experiments.metrics import METRICS, Metric, MetricsError, UnknownMetric
from experiments.metrics.auditing import (
    AuditReport,
    AuditSpec,
    Skipped,
    computable,
    run_audit,
)
from experiments.metrics.auditing.files import audit_tables, newest
from experiments.metrics.auditing.spec import DAYS, METHODS, MOST_DAYS, SPLITS
from experiments.metrics.outside import InvalidRequest
from pipelines.audit_table import lines

SEEDS = 2**31
STEPS = 1000


class Command(BaseCommand):
    help = (
        "Split the same users at random hundreds of times and count how often each metric is "
        "called significant although nothing differs. Users are those of Winnow's log, or of the "
        "files of --exposures and --events, which need no server and no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=DAYS, help=f"whom to split: users of the last days ({DAYS})"
        )
        parser.add_argument("--splits", type=int, default=SPLITS, help=f"how many ({SPLITS})")
        parser.add_argument("--metrics", help="keys with commas between; by default all there are")
        parser.add_argument("--method", choices=METHODS, default="fixed", help="of the test")
        parser.add_argument(
            "--lookback-days", type=int, default=0, help="adjust by so many days before (CUPED)"
        )
        parser.add_argument("--seed", type=int, help="repeats the splits; by default a random one")
        files = "Parquet or CSV files, folders or patterns"
        parser.add_argument("--exposures", nargs="+", metavar="FILE", help=f"instead: {files}")
        parser.add_argument("--events", nargs="+", metavar="FILE", help="that belong to them")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days must be 1 to {MOST_DAYS}.")
        if options["seed"] is None:
            options["seed"] = secrets.randbelow(SEEDS)
        audit = _of_files if _files(options) else _of_log
        try:
            with tqdm(total=STEPS, desc="A/A audit", disable=None, bar_format=BAR) as bar:
                report, versions = audit(options, _teller(bar))
        except InvalidRequest as error:
            raise CommandError(f"--{error.field}: {error.remedy.rstrip('.')}.") from error
        except MetricsError as error:
            raise CommandError(str(error)) from error
        except (duckdb.Error, OSError) as error:
            raise CommandError(f"The log cannot be read: {error}") from error
        if options["json"]:
            found = msgspec.to_builtins(report) | {"log_versions": versions}
            self.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode())
        else:
            self.stdout.write("\n".join(lines(report)))


BAR = "{desc}: {percentage:3.0f}%|{bar}| {postfix} [{elapsed}]"

Tell = Callable[[float, str], None]
Found = tuple[AuditReport, dict[str, int] | None]


def _files(options: dict[str, Any]) -> bool:
    """Whether files were given. Raises CommandError where one kind is missing."""
    given = [name for name in ("exposures", "events") if options[name] is not None]
    if len(given) == 1:
        raise CommandError("--exposures and --events belong together: give both, or neither.")
    return bool(given)


def _of_files(options: dict[str, Any], tell: Tell) -> Found:
    with audit_tables(options["exposures"], options["events"]) as (exposures, events, notes):
        for note in notes:
            tqdm.write(note.text, file=sys.stderr)
        spec = _spec(options, METRICS, until=newest(exposures, events))
        skipped: tuple[Skipped, ...] = ()
        if options["metrics"] is None:
            metrics, skipped = computable(exposures, events, spec)
            spec = msgspec.structs.replace(spec, metrics=metrics)
        return run_audit(exposures, events, spec, skipped=skipped, progress=tell), None


def _of_log(options: dict[str, Any], tell: Tell) -> Found:
    # Not above: what they import reads the database, which files need not have.
    from experiments import exclusions, metric_definitions
    from pipelines.auditing import audit_log

    spec = _spec(options, metric_definitions.metrics(), until=timezone.now())
    spec = msgspec.structs.replace(spec, exclusions=exclusions.in_force())
    return audit_log(spec, progress=tell)


def _spec(options: dict[str, Any], known: dict[str, Metric], *, until: Any) -> AuditSpec:
    return AuditSpec(
        metrics=_chosen(options["metrics"], known),
        since=until - timedelta(days=options["days"]),
        until=until,
        seed=options["seed"],
        splits=options["splits"],
        method=options["method"],
        lookback_days=float(options["lookback_days"]),
    )


def _chosen(keys: str | None, known: dict[str, Metric]) -> tuple[Metric, ...]:
    if keys is None:
        return tuple(known.values())
    named = [key.strip() for key in keys.split(",") if key.strip()]
    for key in named:
        if key not in known:
            raise UnknownMetric(key, tuple(known))
    return tuple(known[key] for key in dict.fromkeys(named))


def _teller(bar: Any) -> Tell:
    def tell(done: float, what: str) -> None:
        bar.set_postfix_str(what, refresh=False)
        bar.update(round(STEPS * done) - bar.n)

    return tell
