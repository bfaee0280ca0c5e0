"""The main job on the real parts: HTTP, journal, drain, Delta log, Celery, snapshot."""

from __future__ import annotations

import json
import signal
import threading
import time
import uuid
from collections import Counter

import pytest
import redis

from events.readers import open_log
from serving.slates import decode, key
from tests.installation import behaviour
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(600)

USERS = 240


@pytest.fixture(scope="module")
def experiment(stack: Stack) -> str:
    """A running experiment of `popular` against `item-knn` on half of the users of `home`."""
    stack.shell(
        "from decimal import Decimal\n"
        "from django.utils import timezone\n"
        "from experiments.checks import VariantSpec\n"
        "from experiments.drafts import Draft, create_experiment\n"
        "from experiments import moves\n"
        "from experiments.measurement import Measurement\n"
        "from experiments.models import Placement\n"
        "from people.actors import COMMAND\n"
        "from recommenders.models import Recommender\n"
        "from serving.lifecycle import routed\n"
        "arms = [VariantSpec(recommender=Recommender.objects.get(key=k), weight=Decimal('0.5'))"
        " for k in ('popular', 'item-knn')]\n"
        "draft = Draft(name='Flow', placement=Placement.objects.get(key='home'),"
        " variants=arms, measurement=Measurement(goals=('ctr',)), traffic=Decimal('0.5'))\n"
        "made = create_experiment(draft, now=timezone.now(), actor=COMMAND)\n"
        "routed(moves.start, made, now=timezone.now(), actor=COMMAND)\n"
    )
    return "flow"


def visit(stack: Stack, user: str, clicks: int) -> dict[str, object]:
    """One page load of `user`, who clicks the first `clicks` items of the slate."""
    slate = stack.call("route", {"user": user, "placement": "home", "k": 4})
    events = [
        {
            "id": f"{slate['request_id']}-{slot['position']}",
            "type": "click",
            "user": user,
            "item": slot["item"],
            "request_id": slate["request_id"],
        }
        for slot in slate["items"][:clicks]
    ]
    if events:
        receipt = stack.call("events", {"events": events})
        assert receipt == {"accepted": len(events), "duplicates": 0, "rejected": []}
    assert isinstance(slate, dict)
    return slate


def test_celery_trained_versions_with_checksum_window_and_offline_metrics(stack: Stack) -> None:
    said = stack.shell(
        "import json\n"
        "from recommenders.models import ModelVersion\n"
        "print(json.dumps([[v.name, len(v.checksum), v.interactions, sorted(v.metrics)]"
        " for v in ModelVersion.objects.filter(recommender__key__in=['popular', 'item-knn'])"
        ".order_by('id')]))\n"
    )

    measured = [
        "coverage@10",
        "hit_rate@10",
        "hit_rate@10_std_error",
        "ndcg@10",
        "ndcg@10_std_error",
        "users",
    ]
    rows = json.loads(said)
    assert [row[0] for row in rows] == ["popular@1", "item-knn@1"]
    assert [row[1:] for row in rows] == [[64, 78, measured]] * 2


def test_a_worker_made_slates_for_the_active_users(stack: Stack) -> None:
    known = [key("item-knn", user) for user in sorted(set(behaviour()["user"]))]
    assert len(known) == 18
    with redis.Redis.from_url(stack.env["VALKEY_URL"]) as valkey:
        wait_for(lambda: valkey.exists(*known) == len(known), 30, "a slate of each of them")
        made = decode(valkey.get(key("item-knn", "a1")))

    assert made is not None
    assert made.version == "item-knn@1"
    assert [item for item, _, _ in made.items] == ["a-item-2", "a-item-3", "a-item-4", "a-item-5"]


def test_what_was_sent_is_what_the_scorecard_says(stack: Stack, experiment: str) -> None:
    sent: Counter[str] = Counter()
    seen: dict[str, int] = {"popular": 0, "item-knn": 0}
    for n in range(USERS):
        clicks = n % 3
        slate = visit(stack, f"shopper-{uuid.uuid4().hex}", clicks)
        if slate["experiment"] == experiment:
            variant = str(slate["variant"])
            seen[variant] += 1
            sent[variant] += min(clicks, 4)

    def arms() -> dict[str, dict[str, int]]:
        try:
            card = stack.call(f"experiments/{experiment}/results")["scorecard"]
        except OSError:
            return {}
        return {arm["variant"]: arm for arm in card["arms"]}

    wait_for(
        lambda: sum(arm["users"] for arm in arms().values()) == sum(seen.values()),
        90,
        "a snapshot of every visit",
    )
    for variant, users in seen.items():
        arm = arms()[variant]
        assert (arm["users"], arm["impressions"]) == (users, 4 * users)
        assert arm["clicks"] == sent[variant]


@pytest.mark.parametrize(
    "name", ["drain", "web", "valkey", "analysis", "train", "import", "serve", "beat"]
)
def test_a_killed_process_comes_back_and_no_acknowledged_event_is_lost_or_doubled(
    stack: Stack, name: str
) -> None:
    acknowledged: list[str] = []
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            ids = [uuid.uuid4().hex for _ in range(5)]
            batch = [{"id": i, "type": "view", "user": "u", "item": "a-item-0"} for i in ids]
            stack.call_until_it_works("events", {"events": batch})
            acknowledged.extend(ids)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        time.sleep(0.5)
        victim = stack.processes()[name]
        victim.send_signal(signal.SIGKILL)
        wait_for(
            lambda: stack.processes().get(name, victim).pid != victim.pid,
            40,
            f"another {name}",
        )
        time.sleep(1)
    finally:
        stop.set()
        sender.join(70)

    wait_for(lambda: set(acknowledged) <= set(_logged(stack)), 40, "every acknowledged event")
    counted = Counter(_logged(stack))
    assert {counted[one] for one in acknowledged} == {1}


def _logged(stack: Stack) -> list[str]:
    events = open_log(stack.var / "log").events()
    ids: list[str] = events.select("id").to_pyarrow()["id"].to_pylist()
    return ids
