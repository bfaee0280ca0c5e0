"""Layers that are about to be used, kept from being deleted meanwhile."""

from __future__ import annotations

from experiments.exceptions import Invalid
from experiments.models import Layer


def keep(*wanted: tuple[Layer, str]) -> None:
    """Locks each layer until the transaction under way ends. Raises Invalid with the field beside
    the first that somebody deleted before.
    """
    rows = Layer.objects.select_for_update().filter(pk__in=[layer.pk for layer, _ in wanted])
    there = {row.pk for row in rows.order_by("pk")}
    for layer, field in wanted:
        if layer.pk not in there:
            raise Invalid(f"{layer} was deleted a moment ago. Choose another layer.", field=field)
