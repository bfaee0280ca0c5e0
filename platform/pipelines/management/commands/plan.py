"""`manage.py plan`: how long an experiment must run, from what users did so far."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from experiments import metric_definitions
from experiments.metrics import METRICS, Metric, MetricsError, UnknownMetric
from experiments.metrics.forecasts import Baseline, Terms, forecast
from experiments.metrics.forecasts.counting import MOST_DAYS
from experiments.metrics.forecasts.forecast import BOTH
from experiments.stats.exceptions import StatsError
from pipelines import forecasts
from pipelines.forecast_lines import lines

DAYS = 14


class Command(BaseCommand):
    help = "Says how long an experiment must run to find a lift, from the log of a placement."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--placement", help="where it will run; needed but for files")
        parser.add_argument("--metric", required=True, help="the key of its goal, such as ctr")
        asked = parser.add_mutually_exclusive_group()
        asked.add_argument("--lift", type=fraction, help="to be found, such as 2%% or --lift=-2%%")
        asked.add_argument("--days", type=int, help="it may run: which lift do they find?")
        asked.add_argument("--users", type=int, help="it may have, in all arms together")
        arms = parser.add_mutually_exclusive_group()
        arms.add_argument("--arms", type=int, default=2, help="of equal weight; 2 unless set")
        arms.add_argument("--weights", type=weights, help="of the arms, such as 80,10,10")
        parser.add_argument("--traffic", type=fraction, default=1.0, help="that takes part: 50%%")
        parser.add_argument("--method", choices=["sequential", "fixed"], help="both unless set")
        parser.add_argument("--confidence", type=fraction, default=0.95, help="95%% unless set")
        parser.add_argument("--power", type=fraction, default=0.8, help="80%% unless set")
        parser.add_argument("--history-days", type=int, default=DAYS, help="of the log to count")
        parser.add_argument("--lookback-days", type=float, default=14.0, help="for CUPED; 0: none")
        parser.add_argument("--until", type=moment, help="where they end; now unless set")
        parser.add_argument("--exposures", type=Path, help="a Parquet file, in place of the log")
        parser.add_argument("--events", type=Path, help="a Parquet file, beside --exposures")
        parser.add_argument("--json", action="store_true", help="print a Forecast as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counted = _baseline(options)
            found = forecast(counted, options["metric"], _terms(options), **_asked(options))
        except (MetricsError, StatsError) as error:
            raise CommandError(_said(error)) from error
        except (duckdb.Error, OSError) as error:
            what = "files" if options["exposures"] else "log"
            raise CommandError(f"The {what} cannot be read: {error}") from error
        if options["json"]:
            self.stdout.write(msgspec.json.encode(found).decode())
        else:
            self.stdout.write("\n".join(lines(found)))


def _baseline(options: dict[str, Any]) -> Baseline:
    _check_days(options)
    when = {"days": options["history_days"], "lookback_days": options["lookback_days"]}
    exposures, events = options["exposures"], options["events"]
    if exposures or events:
        _check_files(exposures, events)
        return forecasts.of_files(
            exposures,
            events,
            [_built_in(options["metric"])],
            placement=options["placement"],
            until=options["until"],
            **when,
        )
    if not options["placement"]:
        raise CommandError("Give --placement KEY: where the experiment will run.")
    return forecasts.of_log(
        [metric_definitions.metric_named(options["metric"])],
        placement=options["placement"],
        until=options["until"] or timezone.now(),
        **when,
    )


def _check_days(options: dict[str, Any]) -> None:
    for name, least in (("history_days", 1), ("lookback_days", 0)):
        if not least <= options[name] <= MOST_DAYS:
            option = name.replace("_", "-")
            given = f"{options[name]:g}"
            raise CommandError(f"--{option} must be {least} to {MOST_DAYS}, not {given}.")


def _check_files(*files: Path | None) -> None:
    if None in files:
        raise CommandError("--exposures and --events belong together: give both files.")
    if missing := [str(file) for file in files if file and not file.is_file()]:
        raise CommandError(f"There is no file {' and no file '.join(missing)}.")


def _built_in(key: str) -> Metric:
    if key not in METRICS:
        raise UnknownMetric(key, tuple(METRICS))
    return METRICS[key]


def _terms(options: dict[str, Any]) -> Terms:
    if not options["weights"] and not 2 <= options["arms"] <= 100:
        raise CommandError(f"--arms must be 2 to 100, not {options['arms']}.")
    return Terms(
        weights=options["weights"] or (1.0,) * options["arms"],
        traffic=options["traffic"],
        confidence=options["confidence"],
        power=options["power"],
        methods=(options["method"],) if options["method"] else BOTH,
    )


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    given = {name: options[name] for name in ("lift", "days", "users")}
    return {"days": DAYS} if set(given.values()) == {None} else given


def _said(error: Exception) -> str:
    if isinstance(error, StatsError):
        return f"--{error}."
    return str(error)


def fraction(text: str) -> float:
    """`2%` or `0.02`; a number of 1 or more without the sign could be either."""
    try:
        number = float(text.rstrip("%"))
    except ValueError:
        raise ArgumentTypeError(f"must be a share such as 2% or 0.02, not {text!r}") from None
    if text.endswith("%"):
        return number / 100
    if abs(number) > 1:
        raise ArgumentTypeError(f"must be a share such as 2% or 0.02: write {text}% if you mean it")
    return number


def weights(text: str) -> tuple[float, ...]:
    """`80,10,10`."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"must be numbers such as 80,10,10, not {text!r}") from None


def moment(text: str) -> datetime:
    """A time in ISO 8601, in UTC where it names no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"must be a time such as 2026-03-15, not {text!r}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
