"""Records with one thing changed, and the folders of one test."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.readers import open_log
from events.records import Event, ExposedItem, Exposure, Stream
from tests.events.small_disk import SmallDisk, mounted

# The drain looks at the last days; and what a test does a moment later is past, too.
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)

EVENT = Event(
    id="e1",
    type="click",
    user="u1",
    item="i1",
    request_id="r1",
    value=None,
    properties={"colour": "red", "size": 3, "new": True},
    at=NOW,
    received_at=NOW,
)
EXPOSURE = Exposure(
    request_id="r1",
    user="u1",
    experiment="home-ctr",
    phase=1,
    variant="item-knn",
    placement="home",
    recommender="item-knn",
    model_version="item-knn@1",
    plan_version=7,
    items=(
        ExposedItem(id="i1", score=0.5, propensity=1.0),
        ExposedItem(id="i2", score=0.25, propensity=0.5),
    ),
    reason="split",
    served_by="web",
    fallback=None,
    latency_ms=1.5,
    attributes={"country": "NL"},
    at=NOW,
    received_at=NOW,
)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def event() -> Callable[..., Event]:
    def make(id_: str = "e1", **changes: Any) -> Event:
        return msgspec.structs.replace(EVENT, id=id_, **changes)

    return make


@pytest.fixture
def exposure() -> Callable[..., Exposure]:
    def make(request_id: str = "r1", **changes: Any) -> Exposure:
        return msgspec.structs.replace(EXPOSURE, request_id=request_id, **changes)

    return make


@pytest.fixture
def journal_dir(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def log_dir(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def logged(log_dir: Path) -> Callable[[Stream], list[str]]:
    """The ids in a table of the log, sorted."""

    def ids(stream: Stream) -> list[str]:
        log = open_log(log_dir)
        column = log.events().id if stream == "events" else log.exposures().request_id
        return sorted(column.to_pyarrow().to_pylist())

    return ids


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with mounted(tmp_path / "small") as disk:
        yield disk
