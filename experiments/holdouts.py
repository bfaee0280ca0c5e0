"""Holdouts: users whom no experiment meets, so that what all experiments add up to can be seen."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from experiments import kept_layers
from experiments.checks import check_key, check_name
from experiments.exceptions import Invalid, NotAllowed, Taken
from experiments.models import Holdout, Layer
from people import trail
from people.actors import Actor

SHARES = (Decimal("0.001"), Decimal("0.5"))
FINEST = Decimal("0.0001")  # one bucket


def create_holdout(
    *, key: str, name: str, share: Decimal, now: datetime, actor: Actor, layer: Layer | None = None
) -> Holdout:
    """Keeps a share of the users out of a layer's experiments, or out of all where `layer` is None.
    Raises Invalid, naming the field.
    """
    check_key(key, field="key")
    check_name(name)
    _check_share(share)
    try:
        with transaction.atomic():
            if layer is not None:
                kept_layers.keep((layer, "layer"))
            holdout = Holdout.objects.create(key=key, name=name.strip(), share=share, layer=layer)
            _record(holdout, "create", now=now, actor=actor, after=_kept(holdout))
    except IntegrityError:
        raise Taken(f"There is a holdout “{key}” already.", field="key") from None
    return holdout


def change_holdout(holdout: Holdout, *, share: Decimal, now: datetime, actor: Actor) -> Holdout:
    """A larger share takes users in, a smaller one lets some go; nobody else moves. Raises Invalid
    (share), and NotAllowed once it has ended.
    """
    _check_share(share)
    with transaction.atomic():
        row = _open(holdout)
        before = _kept(row)
        row.share = share
        row.save(update_fields=["share"])
        _record(row, "change", now=now, actor=actor, before=before, after=_kept(row))
    return row


def end_holdout(holdout: Holdout, *, now: datetime, actor: Actor, why: str = "") -> Holdout:
    """Its users meet experiments again. Raises NotAllowed once it has ended."""
    with transaction.atomic():
        row = _open(holdout)
        before = _kept(row)
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        _record(row, "end", now=now, actor=actor, before=before, after=_kept(row), why=why)
    return row


def _open(holdout: Holdout) -> Holdout:
    row = Holdout.objects.select_for_update().get(pk=holdout.pk)
    if row.ended_at is not None:
        raise NotAllowed(f"{row.key} has ended. Create another one.")
    return row


def _check_share(share: Decimal) -> None:
    low, high = SHARES
    if not low <= share <= high or share % FINEST:
        raise Invalid(
            f"Give a share from {low:.1%} to {high:.0%}, in steps of 0.01%.", field="share"
        )


def _kept(holdout: Holdout) -> dict[str, Any]:
    return {
        "layer": holdout.layer.key if holdout.layer else None,
        "share": str(holdout.share),
        "ended_at": holdout.ended_at.isoformat() if holdout.ended_at else None,
    }


def _record(
    holdout: Holdout,
    verb: str,
    *,
    now: datetime,
    actor: Actor,
    after: dict[str, Any],
    before: dict[str, Any] | None = None,
    why: str = "",
) -> None:
    trail.record(
        at=now,
        actor=actor,
        verb=verb,
        kind="holdout",
        key=holdout.key,
        before=before,
        after=after,
        why=why,
    )
