"""What to audit, on which stretch of the log, and how often to split."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, get_args

import msgspec

from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.exclusions import DEFAULT, Exclusion
from experiments.metrics.one_arm import one_arm_spec
from experiments.metrics.spec import ScorecardSpec

AuditMethod = Literal["fixed", "sequential"]
METHODS: tuple[AuditMethod, ...] = get_args(AuditMethod)

DAYS, MOST_DAYS = 28, 365
SPLITS, FEWEST_SPLITS, MOST_SPLITS = 500, 100, 10_000
MOST_USERS = 1_000_000
"""Of more, that many are drawn: what is summed over users has to fit into memory."""


class AuditSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An audit of `metrics` on everyone who was served anything from `since` to `until`.

    `seed` decides all splits, and with the log the whole report. Metrics are compared by `method`,
    at one look. With `lookback_days` they are adjusted by that time before each user's first
    exposure, as with CUPED. `exclusions` say who is left out. Of more than `most_users` users that
    many are drawn. Raises InvalidSpec on construction.
    """

    metrics: tuple[Metric, ...]
    since: datetime
    until: datetime
    seed: int
    splits: int = SPLITS
    method: AuditMethod = "fixed"
    lookback_days: float = 0.0
    exclusions: tuple[Exclusion, ...] = DEFAULT
    most_users: int = MOST_USERS

    def __post_init__(self) -> None:
        for problem, wrong in _faults(self):
            if wrong:
                raise InvalidSpec(problem)

    @property
    def as_scorecard(self) -> ScorecardSpec:
        """The same as an experiment with one arm, which is how the engine counts it."""
        return one_arm_spec(
            self.metrics, self.since, self.until, self.lookback_days, self.exclusions
        )


def _faults(spec: AuditSpec) -> Iterable[tuple[str, bool]]:
    zoned = spec.since.tzinfo is not None and spec.until.tzinfo is not None
    keys = [metric.key for metric in spec.metrics]
    enough = FEWEST_SPLITS <= spec.splits <= MOST_SPLITS
    return (
        ("metrics needs at least one metric.", not keys),
        ("metrics names one metric twice.", len(set(keys)) < len(keys)),
        ("since and until need a time zone.", not zoned),
        ("since must lie before until.", zoned and spec.since >= spec.until),
        ("seed must be 0 or more.", spec.seed < 0),
        (f"splits must be {FEWEST_SPLITS} to {MOST_SPLITS:,}.", not enough),
        ("method must be fixed or sequential.", spec.method not in METHODS),
        (
            f"lookback_days must be 0 to {MOST_DAYS} days.",
            not 0 <= spec.lookback_days <= MOST_DAYS,
        ),
        ("most_users must be at least 1.", spec.most_users < 1),
    )
