"""A metric as a value: what is counted per user, in which window, and how arms are compared."""

import hashlib
import re
from typing import Literal

import msgspec

from experiments.metrics.exceptions import InvalidMetric
from experiments.metrics.measures import Events, Measure, Slates, Window
from experiments.stats import USERS_NEEDED

Kind = Literal["proportion", "mean", "ratio", "retention"]
Direction = Literal["increase", "decrease"]
Format = Literal["percent", "number", "money"]

Counted = tuple[Kind, Measure, Measure | None, Window | None, float | None, Direction, int]

MOST_USERS = 1_000_000_000
KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One metric. Raises InvalidMetric, which names the field.

    - `proportion`: the share of users whose `numerator` is above zero;
    - `mean`: the sum of `numerator` per user;
    - `ratio`: the sum of `numerator` over the sum of `denominator`, users being the unit;
    - `retention`: a proportion in a window that begins some days after first exposure.

    `window` None counts from first exposure on. With a window a user counts once it has passed, and
    is immature before. `winsorise` .99 caps each total at the 99th percentile of all arms' users;
    of a ratio both totals, never one alone. `direction` is the good one. `format` is how a value
    (not a lift) is written, with `currency` (ISO 4217) for money. Nothing is judged before every
    arm has `minimum_users`.
    """

    key: str
    name: str
    kind: Kind
    description: str = ""
    direction: Direction = "increase"
    format: Format = "number"
    numerator: Measure
    denominator: Measure | None = None
    window: Window | None = None
    winsorise: float | None = None
    minimum_users: int = USERS_NEEDED
    currency: str | None = None

    def __post_init__(self) -> None:
        for field, remedy, wrong in _faults(self):
            if wrong:
                raise InvalidMetric(field, remedy)

    @property
    def fingerprint(self) -> str:
        """Changes with all that its numbers depend on, and not with how it is named or written.

        The good direction is the side that a guardrail tests; the minimum of users says which looks
        were judged, and so which p is the smallest.
        """
        what = (self.kind, self.numerator, self.denominator, self.window, self.winsorise)
        counted = (*what, self.direction, self.minimum_users)
        # By way of the types, so that 7 and 7.0 days are one definition.
        plain = msgspec.convert(msgspec.to_builtins(counted), Counted)
        return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()[:16]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is counted: one measure, or of a ratio both."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)


def _faults(metric: Metric) -> tuple[tuple[str, str, bool], ...]:
    yes_or_no = metric.kind in ("proportion", "retention")
    window, capped = metric.window, metric.winsorise
    currency = metric.currency or ""
    return (
        ("key", "must be a to z, 0 to 9 and _, beginning with a letter", not _is_key(metric.key)),
        ("name", "must not be empty", not metric.name.strip()),
        (
            "denominator",
            "a ratio, and only a ratio, has a denominator",
            (metric.kind == "ratio") != (metric.denominator is not None),
        ),
        (
            "denominator",
            "must differ from the numerator",
            metric.numerator == metric.denominator,
        ),
        (
            "numerator",
            "retention is coming back: count slates or events",
            metric.kind == "retention" and not isinstance(metric.numerator, Slates | Events),
        ),
        (
            "window",
            "retention needs a window that begins after the first exposure",
            metric.kind == "retention" and (window is None or window.begins == 0),
        ),
        ("winsorise", "must lie between 0.5 and 1", capped is not None and not 0.5 <= capped < 1),
        (
            "winsorise",
            "has nothing to cap where users only did or did not",
            capped is not None and yes_or_no,
        ),
        (
            "minimum_users",
            f"must be {USERS_NEEDED} to {MOST_USERS:,}",
            not USERS_NEEDED <= metric.minimum_users <= MOST_USERS,
        ),
        (
            "currency",
            "must be three capital letters, and belongs to format `money` alone",
            (metric.format == "money") != (re.fullmatch("[A-Z]{3}", currency) is not None),
        ),
    )


def _is_key(key: str) -> bool:
    return KEY.fullmatch(key) is not None
