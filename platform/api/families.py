"""Counts and states as the metric families of /metrics (docs/reference/metrics.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from events.journal import BOUND_BYTES
from events.records import Stream
from serving import route_times
from serving.log_state import StreamState

EVENTS = ("accepted", "duplicate", "rejected", "refused")
EXPOSURES = ("written", "dropped", "duplicate", "rejected", "refused")
MISSED = {"failures": "failed", "skipped": "skipped"}


def routing(counts: Mapping[str, int]) -> Iterator[Metric]:
    """Requests and latency of /route."""
    seconds = HistogramMetricFamily(
        "winnow_route_seconds",
        "Answers of /route and the seconds they took within the server.",
        labels=["served_by", "fallback"],
    )
    for kind in route_times.times(counts):
        ends = [*(str(bound) for bound in route_times.BOUNDS), "+Inf"]
        buckets = list(zip(ends, accumulate(kind.bands), strict=True))
        seconds.add_metric([kind.served_by, kind.fallback], buckets, kind.seconds)
    yield seconds


def ingestion(counts: Mapping[str, int]) -> Iterator[Metric]:
    """What came in, and what could not."""
    yield _counter("winnow_events", "Events sent to /events.", "outcome", "events", EVENTS, counts)
    yield _counter(
        "winnow_exposures", "Exposures served or sent.", "outcome", "exposures", EXPOSURES, counts
    )
    missed = CounterMetricFamily(
        "winnow_valkey_missed", "Calls to Valkey that were done without.", labels=["call", "why"]
    )
    for name, count in sorted(counts.items()):
        call, _, ending = name.rpartition("_")
        if ending in MISSED:
            missed.add_metric([call, MISSED[ending]], count)
    yield missed
    yield CounterMetricFamily(
        "winnow_requests_limited",
        "Requests refused because their key and address had used up a minute.",
        value=counts.get("requests_limited", 0),
    )
    yield gauge(
        "winnow_journal_bound_bytes", "Bytes of journals at which events are refused.", BOUND_BYTES
    )


def log(streams: Mapping[Stream, StreamState] | None) -> Iterator[Metric]:
    """How far each table of the log is behind."""
    yield gauge("winnow_log_readable", "Whether the log can be read.", streams is not None)
    for name, help_, attribute in (
        ("winnow_log_lag_seconds", "Age of the oldest record not in the log; 0: none.", "lag"),
        ("winnow_log_age_seconds", "Age of the log's newest commit.", "age"),
        ("winnow_log_backlog_bytes", "Bytes of journals not in the log.", "backlog_bytes"),
    ):
        family = GaugeMetricFamily(name, help_, labels=["stream"])
        for stream, state in (streams or {}).items():
            value = getattr(state.freshness, attribute)
            if value is not None:
                family.add_metric([stream], value)
        yield family
    versions = GaugeMetricFamily(
        "winnow_log_version", "The table's version; -1 before its first.", labels=["stream"]
    )
    for stream, state in (streams or {}).items():
        versions.add_metric([stream], state.version)
    yield versions


def gauge(name: str, help_: str, value: float) -> Metric:
    """A figure without labels."""
    return GaugeMetricFamily(name, help_, value=value)


def _counter(
    name: str, help_: str, label: str, stem: str, kinds: tuple[str, ...], counts: Mapping[str, int]
) -> Metric:
    """A count that begins at 0, so that its first increase is seen too."""
    family = CounterMetricFamily(name, help_, labels=[label])
    for kind in kinds:
        family.add_metric([kind], counts.get(f"{stem}_{kind}", 0))
    return family
