"""What to analyse, as it is asked: all that the files say by themselves is left open."""

from datetime import datetime

import msgspec

from experiments.metrics.catalogue import Catalogue
from experiments.metrics.definitions import Metric
from experiments.metrics.exclusions import DEFAULT, AttributeIs, Exclusion
from experiments.metrics.spec import Correction, TrainingData
from experiments.stats.settings import Method

Weights = dict[str, float]
"""Traffic by variant, in any unit."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Files, metrics and settings. What is None or empty is taken from the files.

    `exposures` and `events` name files, folders or patterns. `columns` tells under which name a
    file has a column: by `user`, or of one file alone by `exposures.user`. `metrics` are keys, the
    `goals` among them, by default the first; `guardrails` are margins by key; `own` definitions
    may be named like built-in ones. `weights` are by phase, None for every phase. `catalogue` is
    for coverage and diversity among what is `described`. The rest is as in ScorecardSpec.
    """

    exposures: tuple[str, ...]
    events: tuple[str, ...]
    columns: dict[str, str] = {}
    experiment: str | None = None
    phases: tuple[int, ...] = ()
    control: str | None = None
    variants: tuple[str, ...] = ()
    weights: dict[int | None, Weights] = {}
    metrics: tuple[str, ...]
    goals: tuple[str, ...] = ()
    guardrails: dict[str, float] = {}
    own: tuple[Metric, ...] = ()
    started_at: datetime | None = None
    as_of: datetime | None = None
    tuning: float | None = None
    method: Method = "sequential"
    confidence: float = 0.95
    correction: Correction = "holm"
    lookback_days: float = 0.0
    cuped: bool = False
    segments: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = DEFAULT
    training_data: TrainingData = "own_arm"
    series: bool = False
    described: bool = False
    catalogue: Catalogue | None = None
    resamples: int = 0
    memory: str = "4GB"
    threads: int | None = None

    @property
    def attributes(self) -> tuple[str, ...]:
        """Of users, what segments and rules for bots and staff look at."""
        ruled = (r.attribute for r in self.exclusions if isinstance(r, AttributeIs))
        return tuple(dict.fromkeys((*self.segments, *ruled)))
