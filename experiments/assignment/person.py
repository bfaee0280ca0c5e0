"""One user under one plan, with what was worked out of them so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.assignment.hashing import bucket_after, code_units
from experiments.assignment.plan import Unit
from experiments.assignment.router import Experiment, Holdout, Layer, Router


class Person:
    """A user of a request. Their device stands for them where a layer's unit is the device."""

    def __init__(
        self, router: Router, user: str, attributes: Mapping[str, Any] | None, device: str | None
    ) -> None:
        self.user = user
        self.attributes = attributes or {}
        self._user_units = code_units(user)
        self._device_units = code_units(device) if device else self._user_units
        self._everywhere = router.holdouts
        self._held_out: dict[str | None, bool] = {}
        self._layer_buckets: dict[str, int] = {}

    def held_out_of(self, layer: Layer) -> bool:
        """Whether a holdout keeps them out of the layer, or of everything."""
        return self._held(None, self._everywhere) or self._held(layer.key, layer.holdouts)

    def bucket_of(self, layer: Layer) -> int:
        """Their bucket of the layer."""
        known = self._layer_buckets.get(layer.key)
        if known is None:
            known = bucket_after(layer.seed_hash, self._units(layer.unit))
            self._layer_buckets[layer.key] = known
        return known

    def arm_bucket(self, experiment: Experiment) -> int:
        """Their bucket of the experiment's arms."""
        return bucket_after(experiment.seed_hash, self._units(experiment.unit))

    def _held(self, key: str | None, holdouts: tuple[Holdout, ...]) -> bool:
        known = self._held_out.get(key)
        if known is None:
            known = any(h.held.of(bucket_after(h.seed_hash, self._units(h.unit))) for h in holdouts)
            self._held_out[key] = known
        return known

    def _units(self, unit: Unit) -> Sequence[int]:
        return self._user_units if unit == "user" else self._device_units
