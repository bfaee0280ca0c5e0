"""The options of `analyse`: what each is called, and what it says of wrong values."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

from experiments.metrics.exclusions import BOT_EVENTS, BOT_SLATES
from experiments.metrics.outside.mapping import fields
from experiments.metrics.spec import Correction, TrainingData
from experiments.stats.settings import Method


def listed(text: str) -> list[str]:
    """Parts between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def pairs(separator: str, example: str) -> Callable[[str], dict[str, float]]:
    """Numbers by name, such as `control=0.5,new=0.5`."""

    def read(text: str) -> dict[str, float]:
        split = [part.rpartition(separator) for part in listed(text)]
        try:
            found = {name.strip(): float(number) for name, _, number in split}
        except ValueError:
            found = {}
        if not found or "" in found or len(found) < len(split):
            raise ArgumentTypeError(f"{text!r} is not of the form {example}")
        return found

    return read


def by_phase(text: str) -> tuple[int | None, dict[str, float]]:
    """Weights, of one phase where its number and a colon come first."""
    phase = re.match(r"(\d+):", text)
    given = pairs("=", "control=0.5,new=0.5")(text[phase.end() :] if phase else text)
    return (int(phase[1]) if phase else None), given


def time(text: str) -> datetime:
    """A time with a zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ArgumentTypeError(
            f"{text!r} is no time with a zone: write it like 2026-03-01T00:00:00Z"
        )
    return at


def mapped(text: str) -> tuple[str, str]:
    """A column of ours and the name it has in a file."""
    field, _, column = text.partition("=")
    table, _, name = field.rpartition(".")
    if not column or name not in fields() or table not in ("", "exposures", "events"):
        raise ArgumentTypeError(
            f"{text!r} is not of the form FIELD=COLUMN, such as user=customer_id or "
            f"events.at=clicked_at. Fields: {', '.join(fields())}"
        )
    return field, column


def limit(text: str) -> int:
    """A whole number of 0 or more."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def positive(text: str) -> int:
    """A whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def memory(text: str) -> str:
    """An amount of memory, with its unit."""
    if not re.fullmatch(r"0*[1-9]\d*(\.\d+)? ?[KMGT]i?B", text, re.IGNORECASE):
        raise ArgumentTypeError(f"{text!r} is no amount of memory such as 4GB or 500MB")
    return text


def attribute(text: str) -> tuple[str, str]:
    """An attribute and its value."""
    name, _, value = text.partition("=")
    if not name or not value:
        raise ArgumentTypeError(f"{text!r} is not of the form ATTRIBUTE=VALUE")
    return name, value


def add_to(parser: ArgumentParser) -> None:
    """All options, in groups."""
    _files(parser.add_argument_group("files").add_argument)
    _experiment(parser.add_argument_group("the experiment").add_argument)
    _metrics(parser.add_argument_group("metrics").add_argument)
    _test(parser.add_argument_group("the test").add_argument)
    _left_out(parser.add_argument_group("whom to leave out").add_argument)
    _output(parser.add_argument_group("output").add_argument)


Add = Callable[..., Any]


def _files(add: Add) -> None:
    what = "Parquet or CSV files, folders of Parquet files, or patterns"
    add("--exposures", nargs="+", required=True, metavar="FILE", help=f"{what}: user, variant, at")
    add("--events", nargs="+", required=True, metavar="FILE", help=f"{what}: type, user, at")
    add(
        "--map",
        action="append",
        default=[],
        type=mapped,
        metavar="FIELD=COLUMN",
        help="which column holds a field, such as user=customer_id, or of one file "
        "events.at=clicked_at; may be repeated",
    )


def _experiment(add: Add) -> None:
    add("--experiment", metavar="KEY", help="which one, where the exposures hold several")
    add("--phases", type=listed, default=[], metavar="N,...", help="by default all there are")
    add("--control", metavar="VARIANT", help="by default the variant called control")
    add("--variants", type=listed, default=[], metavar="A,B,...", help="by default all there are")
    add(
        "--weights",
        action="append",
        default=[],
        type=by_phase,
        metavar="[PHASE:]A=W,B=W",
        help="planned traffic, in any unit; by default equal. Once per phase where it changed; "
        "0 for an arm that takes no users there",
    )
    add("--started-at", type=time, metavar="TIME", help="by default the first exposure")
    add("--as-of", type=time, metavar="TIME", help="by default the last time in the files")
    add(
        "--training-data",
        choices=get_args(TrainingData),
        default="own_arm",
        help="what the models learn from; with shared nothing is decided",
    )


def _metrics(add: Add) -> None:
    add("--metrics", type=listed, required=True, metavar="KEY,...", help="such as ctr,clicked")
    add("--goals", type=listed, default=[], metavar="KEY,...", help="by default the first metric")
    add(
        "--guardrails",
        type=pairs(":", "slow_slates:0.05"),
        default={},
        metavar="KEY:MARGIN,...",
        help="must not get worse by more than the margin, a fraction of the control's value",
    )
    add("--definitions", metavar="FILE", help="JSON with metrics of one's own")
    add("--segments", type=listed, default=[], metavar="NAME,...", help="attributes to cut by")


def _test(add: Add) -> None:
    add("--method", choices=get_args(Method), default="sequential", help="the one that decides")
    add(
        "--correction",
        choices=get_args(Correction),
        default="holm",
        help="over goals and treatments",
    )
    add("--confidence", type=float, default=0.95, help="by default .95")
    add("--tuning", type=float, help="planned users of both arms; by default those found")
    add("--lookback-days", type=float, default=0.0, help="before first exposure, for CUPED")
    add("--cuped", action="store_true", help="let the comparisons adjusted by it decide")


def _left_out(add: Add) -> None:
    add("--most-slates-a-day", type=limit, default=BOT_SLATES, help="more is a bot; 0: no limit")
    add("--most-events-a-day", type=limit, default=BOT_EVENTS, help="more is a bot; 0: no limit")
    add("--leave-out-users", metavar="FILE", help="user ids, one on a line")
    add("--leave-out", action="append", default=[], type=attribute, metavar="ATTRIBUTE=VALUE")


def _output(add: Add) -> None:
    add("--json", action="store_true", help="print JSON, and nothing else, on standard output")
    add("--series", action="store_true", help="also every look since the start")
    add("--described", action="store_true", help="also coverage, Gini, diversity and novelty")
    add("--items", metavar="FILE", help="for these: all items, with id and categories")
    add(
        "--resamples",
        type=limit,
        default=0,
        metavar="N",
        help="check the goals by drawing users again so often, such as 2000",
    )
    add(
        "--memory",
        type=memory,
        default="4GB",
        help="what DuckDB may take; more is put aside on the disk",
    )
    add("--threads", type=positive, help="by default as many as there are processors")
