"""The stages of a version, and whether a candidate may take the place of the live one. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

Unjudged = Literal["", "too_few_users", "live_near_zero", "live_unusable"]


Stage = Literal["candidate", "live", "retired"]


def stage_of(version: int, *, live: int | None, were_live: Collection[int]) -> Stage:
    """Of a version by its row: a candidate has never been live, one retired was."""
    if version == live:
        return "live"
    return "retired" if version in were_live else "candidate"


class GateVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate against the version that was live then, by `measure` on the same `users`.

    Both were asked on behaviour that neither had learned from. `bound` is the share of live's
    figure that may be lost, `loss` the largest share that the data leave open at 95%. Where nothing
    could be judged `reason` says why, and `passed` is false; `needed` is how many users it takes.
    """

    against: str
    measure: str
    users: int
    bound: float
    passed: bool
    live: float | None = None
    candidate: float | None = None
    loss: float | None = None
    needed: int = 0
    reason: Unjudged = ""

    def lets(self, live: str) -> bool:
        """Whether it may take the place of this version: it was judged against that very one."""
        return self.passed and self.against == live


def said(verdict: GateVerdict) -> str:
    """The verdict in a sentence with its numbers."""
    match verdict.reason:
        case "too_few_users":
            return (
                f"{verdict.users:,} users whom {verdict.against} knew did something new since it "
                f"was trained; {verdict.needed} are needed to compare. Train again when there are "
                "more."
            )
        case "live_near_zero":
            return (
                f"{verdict.against} guesses next to nothing of what {verdict.users:,} users did "
                "since, so no share of that can be lost."
            )
        case "live_unusable":
            return f"The files of {verdict.against} cannot be read, so nothing compares with it."
    return (
        f"{_written(verdict.measure)} {verdict.candidate:.4f} against {verdict.live:.4f} of "
        f"{verdict.against} over {verdict.users:,} users: {_lost(verdict)}, and at most "
        f"{verdict.bound:.1%} may be lost."
    )


def _lost(verdict: GateVerdict) -> str:
    loss = verdict.loss or 0.0
    if loss < 0:
        return f"it is better by at least {-loss:.1%}"
    return f"the data leave open a loss of up to {loss:.1%}"


def _written(measure: str) -> str:
    return measure.replace("ndcg", "nDCG")
