"""Building, publishing and holding the plan.

A plan is built from the database in one function and stored in the transaction that changed what it
says: there is no moment at which the one is committed without the other. Then it is announced in
Valkey by its version alone, and mirrored to disk, so that a process can start and route with the
database down. Whatever of that fails or is cut short is made up for by `announce`, which runs
every few seconds.
"""

from __future__ import annotations

import logging
import threading
import time

import msgspec
import redis
from django.db import DatabaseError, transaction

from events import runtime
from events.best_effort import BestEffort
from experiments.assignment import EMPTY, Plan
from serving import building, plan_mirror
from serving.models import PublishedPlan

logger = logging.getLogger(__name__)

VERSION_KEY = "winnow:plan"
CHECK_SECONDS = 2.0

_RAISE = """
local held = string.match(redis.call("GET", KEYS[1]) or "", "^%d+$")
if tonumber(ARGV[1]) > tonumber(held or "0") then redis.call("SET", KEYS[1], ARGV[1]) end
"""
"""Raises Valkey's version in one step: of two announcements at once, the newer one stays."""

announcements = BestEffort("plan_announcements")


def publish() -> None:
    """Stores the plan with the transaction under way, and announces it once that has committed."""
    with transaction.atomic():
        _store()
        transaction.on_commit(announce)


def keep_up() -> None:
    """Publishes a plan where the catalogue has other items that may not be recommended."""
    if _newest().unavailable != building.unavailable():
        publish()


def announce() -> None:
    """Makes the newest plan known: to this process, to Valkey, to the mirror. One that a version
    before gates stored is built anew first, for by it nobody is in an experiment.
    """
    plan = _newest()
    if any(not experiment.gates for experiment in plan.experiments):
        plan = _anew(plan)
    holder.hold(plan)
    _announce(plan.version)  # first: requests anywhere act on it, and no disk stands in its way
    plan_mirror.write(plan)


def _store() -> Plan:
    # Whoever stores waits here for whoever already does, and then sees what they changed.
    PublishedPlan.objects.select_for_update().order_by("pk").first()
    row = PublishedPlan.objects.create(body={})
    plan = building.build(row.pk)
    row.body = msgspec.to_builtins(plan)
    row.save(update_fields=["body"])
    return plan


def _anew(old: Plan) -> Plan:
    try:
        with transaction.atomic():
            return _store()
    except DatabaseError as error:
        logger.warning("Plan %s could not be built anew (%s).", old.version, error)
        return old


def _announce(version: int) -> None:
    # Not behind the pause of a failed read: a version that is not announced is not routed by.
    try:
        runtime.valkey().eval(_RAISE, 1, VERSION_KEY, version)
    except (redis.RedisError, OSError) as error:
        logger.warning("Valkey did not take plan %s (%s); it is announced again.", version, error)


def _announced(reply: object) -> int | None:
    """The version that Valkey's reply names; None for no reply, or one that is no number."""
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return int(text) if isinstance(text, str) and text.isdecimal() else None


class Holder:
    """The plan in this process's memory, replaced as a whole when a newer one is announced."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._checked = 0.0
        self._mirror_stamp = 0
        self._lock = threading.Lock()

    def hold(self, plan: Plan) -> None:
        with self._lock:
            if self._plan is None or plan.version > self._plan.version:
                self._plan = plan

    def current(self) -> Plan:
        """The plan to route by. Now and then, and at first, asks whether there is a newer one."""
        if self._plan is None:
            self.hold(_newest())
            self._checked = time.monotonic()
        elif time.monotonic() - self._checked > CHECK_SECONDS:
            return self.refreshed()
        assert self._plan is not None  # noqa: S101  (held above)
        return self._plan

    def refreshed(self) -> Plan:
        """The plan to route by, after asking whether there is a newer one."""
        self._look_at_mirror()
        plan = self.seen(announcements.run(lambda: runtime.valkey().get(VERSION_KEY), None))
        # Only now: meanwhile other threads ask for themselves rather than go on with an old plan.
        self._checked = time.monotonic()
        return plan

    def seen(self, reply: object) -> Plan:
        """The plan to route by, given Valkey's reply to a read of VERSION_KEY; None without one."""
        plan = self._plan or EMPTY
        announced = _announced(reply)
        if announced is None:
            # Valkey is away or new and empty. The mirror is the quickest other witness.
            self._look_at_mirror()
        elif announced > plan.version:
            self.hold(_newest())
        return self._plan or EMPTY

    def _look_at_mirror(self) -> None:
        stamp = plan_mirror.stamp()
        if stamp != self._mirror_stamp:
            self._mirror_stamp = stamp
            self.hold(plan_mirror.read() or EMPTY)

    def forget(self) -> None:
        """Back to the state of a process just started."""
        self.__init__()  # type: ignore[misc]


def _newest() -> Plan:
    try:
        row = PublishedPlan.objects.order_by("-pk").first()
        if row is not None:
            return msgspec.convert(row.body, Plan)
    except DatabaseError as error:
        logger.warning("The database did not answer (%s); the plan comes from its mirror.", error)
    except msgspec.ValidationError as error:
        logger.error("The stored plan is of another version of Winnow (%s).", error)
    return plan_mirror.read() or EMPTY


holder = Holder()
current = holder.current
