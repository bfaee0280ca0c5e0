"""Which version answers: how one goes live, and how the one before comes back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from people import trail
from people.actors import Actor
from recommenders.exceptions import NotPromotable
from recommenders.gate import said
from recommenders.models import ModelVersion, Promotion, Recommender

TRAINED = Actor("training")
"""A training whose version goes live by itself."""


def settle(version: ModelVersion, *, now: datetime) -> bool:
    """Whether a version just made goes live by itself: as the first, or through the gate.

    Call it within the transaction that ends the training.
    """
    recommender = _held(version.recommender)
    if recommender.live is None:
        _go_live(recommender, version, Promotion.Kind.FIRST, now=now, actor=TRAINED)
        return True
    verdict = version.verdict
    if recommender.trained_by.promote != "gate" or verdict is None:
        return False
    if not verdict.lets(recommender.live.name):
        return False
    _go_live(recommender, version, Promotion.Kind.GATE, now=now, actor=TRAINED)
    return True


def promote(
    version: ModelVersion,
    *,
    now: datetime,
    actor: Actor,
    why: str = "",
    despite_gate: bool = False,
) -> None:
    """Makes it the live version. Raises NotPromotable, and changes nothing then: where it is live,
    and where the gate does not let it, unless `despite_gate`, which takes a reason.
    """
    with transaction.atomic():
        recommender = _held(version.recommender)
        live = recommender.live
        if live == version:
            raise NotPromotable(f"{version.name} is live already.")
        if live is not None:
            _require_gate(version, live, why, despite_gate=despite_gate)
        kind = Promotion.Kind.FIRST if live is None else Promotion.Kind.HAND
        _go_live(recommender, version, kind, now=now, actor=actor, why=why)


def _require_gate(
    version: ModelVersion, live: ModelVersion, why: str, *, despite_gate: bool
) -> None:
    verdict = version.verdict
    if verdict is not None and verdict.lets(live.name):
        return
    if despite_gate and why.strip():
        return
    if despite_gate:
        raise NotPromotable("Say why it goes live despite the gate.", field="why")
    raise NotPromotable(f"The gate does not let {version.name} go live. {_against(version, live)}")


def _against(version: ModelVersion, live: ModelVersion) -> str:
    verdict = version.verdict
    if verdict is None:
        return f"It was never compared with {live.name}."
    if verdict.against != live.name:
        return f"It was compared with {verdict.against}, and {live.name} is live by now."
    return said(verdict)


def roll_back(
    recommender: Recommender, *, now: datetime, actor: Actor, why: str = ""
) -> ModelVersion:
    """Makes the version live that was before the present one. Raises NotPromotable without one."""
    with transaction.atomic():
        held = _held(recommender)
        before = previous(held)
        if before is None:
            raise NotPromotable(f"No version of {held.key} was live before this one.")
        _go_live(held, before, Promotion.Kind.ROLLBACK, now=now, actor=actor, why=why)
    return before


def previous(recommender: Recommender) -> ModelVersion | None:
    """What a roll back leads to; None before a second version went live."""
    done = recommender.promotions.select_related("version__recommender").order_by("id")
    standing = _standing(done)
    return standing[-2] if len(standing) > 1 else None


def were_live(recommender: Recommender) -> set[int]:
    """The rows of the versions that ever were live."""
    return set(recommender.promotions.values_list("version_id", flat=True))


def _standing(promotions: Iterable[Promotion]) -> list[ModelVersion]:
    """The versions that went live and were not rolled back, in order: a version that was rolled
    back is nothing to come back to.
    """
    stack: list[ModelVersion] = []
    for one in promotions:
        if one.kind == Promotion.Kind.ROLLBACK:
            del stack[-1:]
        if not stack or stack[-1] != one.version:
            stack.append(one.version)
    return stack


def _held(recommender: Recommender) -> Recommender:
    """The row, locked until the transaction ends."""
    Recommender.objects.select_for_update().get(pk=recommender.pk)
    return Recommender.objects.select_related("live__recommender").get(pk=recommender.pk)


def _go_live(
    recommender: Recommender,
    version: ModelVersion,
    kind: Promotion.Kind,
    *,
    now: datetime,
    actor: Actor,
    why: str = "",
) -> None:
    before = recommender.live
    Recommender.objects.filter(pk=recommender.pk).update(live=version)
    Promotion.objects.create(
        recommender=recommender, version=version, kind=kind, at=now, by=actor.name, why=why
    )
    trail.record(
        at=now,
        actor=actor,
        verb="roll back" if kind == Promotion.Kind.ROLLBACK else "promote",
        kind="recommender",
        key=recommender.key,
        before={"live": before.name if before else None},
        after={"live": version.name},
        why=why,
    )
