"""The brake on guessing passwords: logins are counted in Valkey, and too many failed ones refuse.

Three counts run out by themselves: of an account from one address, of an address over all accounts,
and of an account over all addresses. The last is far higher, and what one address is refused does
not add to it, so that nobody locks somebody else out. Without Valkey nobody is refused.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata

from events import runtime
from events.best_effort import BestEffort
from serving.limits import counted_as

WINDOW_SECONDS = 15 * 60
OF_BOTH, OF_ADDRESS, OF_ACCOUNT = 5, 50, 200
"""Failures within a window, from its first one on, after which logins are refused."""

counting = BestEffort("login_limits")


def seconds_to_wait(*, account: str, address: str) -> int:
    """Counts a login before its password is looked at, so that guesses sent at once count as well;
    how long until it may be tried, 0 where it may be now.
    """
    both, *others = _counts(account, address)
    return counting.run(lambda: _add(both) or max(_add(other) for other in others), 0)


def worked(*, account: str, address: str) -> None:
    """It was no failure: the account is free of mistyped passwords, others keep theirs."""
    both, *others = _counts(account, address)

    def forget() -> None:
        pipe = runtime.valkey().pipeline(transaction=True)
        pipe.delete(both[0])
        for name, _ in others:
            pipe.decr(name)
            pipe.expire(name, WINDOW_SECONDS, nx=True)
        pipe.execute()

    counting.run(forget, None)


def _add(count: tuple[str, int]) -> int:
    name, most = count
    pipe = runtime.valkey().pipeline(transaction=True)
    pipe.incr(name)
    pipe.expire(name, WINDOW_SECONDS, nx=True)
    pipe.pttl(name)
    failures, _, left_ms = pipe.execute()
    return math.ceil(int(left_ms) / 1000) if int(failures) > most else 0


def _counts(account: str, address: str) -> tuple[tuple[str, int], ...]:
    """Valkey's keys with their limits. Of a name there is a digest alone: people mistype passwords
    into its field.
    """
    name = unicodedata.normalize("NFKC", account).casefold().encode(errors="surrogatepass")
    digest, home = hashlib.sha256(name).hexdigest()[:32], counted_as(address)
    return (
        (f"winnow:login:{digest}:{home}", OF_BOTH),
        (f"winnow:login:from:{home}", OF_ADDRESS),
        (f"winnow:login:to:{digest}", OF_ACCOUNT),
    )
