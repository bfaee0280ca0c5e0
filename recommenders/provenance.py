"""Where a model version's data came from, row for row: stored beside the version. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec


class ExperimentShare(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment under way left of the behaviour of its users, by its `policy`.

    `variants` are those that the recommender serves. `volumes` are rows of behaviour by variant;
    where each learns from its own, those of the recommender's are kept up to `cap`, the smallest
    volume of an arm that takes users. `cap` is None where nothing was left out.
    """

    experiment: str
    policy: Literal["own_arm", "frozen", "shared"]
    variants: tuple[str, ...]
    volumes: dict[str, int] = {}
    cap: int | None = None

    @property
    def of_others(self) -> int:
        """Rows left out because another arm found them."""
        if self.cap is None:
            return 0
        return sum(rows for arm, rows in self.volumes.items() if arm not in self.variants)

    @property
    def over_cap(self) -> int:
        """Rows of its own left out so that no arm learns from more than another."""
        if self.cap is None:
            return 0
        own = (rows for arm, rows in self.volumes.items() if arm in self.variants)
        return sum(max(rows - self.cap, 0) for rows in own)


class CleanedRows(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` came in; `dropped` has for each rule, in the order in which they act, how many it left
    out.
    """

    rows: int
    dropped: dict[str, int]

    @property
    def kept(self) -> int:
        return self.rows - sum(self.dropped.values())


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """`window_days` is how far back behaviour was read, None for all of it. Versions from before it
    was kept have no `cleaned`.
    """

    window_days: int | None = None
    experiments: tuple[ExperimentShare, ...] = ()
    cleaned: CleanedRows | None = None

    @property
    def shared(self) -> tuple[str, ...]:
        """The experiments whose arms learned from one another."""
        return tuple(one.experiment for one in self.experiments if one.policy == "shared")
