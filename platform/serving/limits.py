"""How often a key may be used: counted in Valkey, over all processes and hosts.

The count is of one address with one key, from its first request on for a minute. Whoever calls too
often is held back alone: a key that is published with a page is used by all who read it. Without
Valkey nothing is counted and every request passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from events import runtime
from events.best_effort import BestEffort
from events.counters import counters
from experiments.assignment import PlannedKey

WINDOW_SECONDS = 60
HOME_PREFIX = 64
"""Bits of an IPv6 address that are one customer's; they have all addresses below."""

counting = BestEffort("rate_limits")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What an address has made of its minute: `used` of `allowed` requests, this one counted, and
    the whole seconds until it begins anew.
    """

    allowed: int
    used: int
    seconds: int

    @property
    def remaining(self) -> int:
        return max(0, self.allowed - self.used)

    @property
    def is_over(self) -> bool:
        return self.used > self.allowed


def count(key: PlannedKey, address: str) -> Usage | None:
    """Counts a request, in one round trip; None, and none, where the key has no limit. None too
    where Valkey does not answer.
    """
    if key.per_minute is None:
        return None
    replies = counting.run(lambda: _ask(name_of(key, address)), None)
    if replies is None:
        return None
    used, _, left_ms = replies
    usage = Usage(allowed=key.per_minute, used=int(used), seconds=math.ceil(int(left_ms) / 1000))
    if usage.is_over:
        counters.add("requests_limited")
    return usage


def name_of(key: PlannedKey, address: str) -> str:
    """Valkey's key of a count. It lives for a minute."""
    return f"winnow:rate:{key.sha256[:16]}:{counted_as(address)}"


def _ask(name: str) -> list[Any]:
    pipe = runtime.valkey().pipeline(transaction=True)
    pipe.incr(name)
    pipe.expire(name, WINDOW_SECONDS, nx=True)
    pipe.pttl(name)
    return list(pipe.execute())


def counted_as(address: str) -> str:
    """The address; of IPv6 the network that one customer has; `unknown` for what is neither."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == 6 and (mapped := found.ipv4_mapped) is not None:
        return str(mapped)
    return str(ip_network((found, HOME_PREFIX), strict=False)) if found.version == 6 else str(found)
