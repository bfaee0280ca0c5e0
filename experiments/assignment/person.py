"""One user under one plan, with what was worked out of them so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.assignment.hashing import bucket_of, code_units, continued
from experiments.assignment.plan import Unit
from experiments.assignment.router import Holdout, Layer, Router
from experiments.assignment.seeds import Seed

HELD_OUT = object()
"""Stands for an owner where a holdout keeps the user out."""


class Person:
    """A user of a request. Their device stands for them where a layer's unit is the device.

    `everywhere` says that all placements are asked for: then they are hashed under all seeds in one
    go.
    """

    def __init__(
        self,
        router: Router,
        user: str,
        attributes: Mapping[str, Any] | None,
        device: str | None,
        *,
        everywhere: bool,
    ) -> None:
        self.user = user
        self.attributes = attributes or {}
        units = code_units(user)
        self._units = {"user": units, "device": code_units(device) if device else units}
        self._seeds = router.seeds if everywhere else None
        self._hashes: dict[Unit, tuple[int, ...]] = {}
        self._owners: dict[str, object] = {}
        self._held_out = self._is_held(router.holdouts)

    def bucket(self, seed: Seed) -> int:
        """Their bucket under a seed."""
        unit = seed.unit
        if self._seeds is None:
            return bucket_of(continued(seed.hash, self._units[unit]))
        hashes = self._hashes.get(unit)
        if hashes is None:
            hashes = self._hashes[unit] = self._seeds.after(unit, self._units[unit])
        return bucket_of(hashes[seed.lane])

    def owner(self, layer: Layer) -> object:
        """The key of the experiment that has their bucket of the layer, None where none has, or
        HELD_OUT.
        """
        if self._held_out:
            return HELD_OUT
        owner = self._owners.get(layer.key, self)
        if owner is self:
            held = self._is_held(layer.holdouts)
            owner = HELD_OUT if held else layer.owners.of(self.bucket(layer.seed))
            self._owners[layer.key] = owner
        return owner

    def _is_held(self, holdouts: tuple[Holdout, ...]) -> bool:
        for holdout in holdouts:  # noqa: SIM110  (a loop is faster than `any`)
            if holdout.held.of(self.bucket(holdout.seed)):
                return True
        return False
