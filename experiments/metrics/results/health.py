"""What a health check found."""

import msgspec


class CheckFigure(msgspec.Struct, frozen=True, kw_only=True):
    """Users counted in one variant, and how many were to be expected there."""

    variant: str
    observed: int
    expected: float


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One health check. `healthy` is None while there is too little to check, with a `reason`.

    `name` is `sample_ratio`, `users_in_two_variants`, `users_left_out`; `other_experiments` where
    the log names experiments; `pre_period_balance` with a pre-period. `detail` is one or two plain
    sentences. Where there is no p, `reason` says why: one of experiments.stats.Reason, that of the
    largest Overlap, or `no_such_users` (healthy: nobody to test). Of the sample ratio `p_value` is
    of this look alone, and `sequential_p_value` of all looks together.
    """

    name: str
    healthy: bool | None
    p_value: float | None
    reason: str | None
    detail: str
    figures: tuple[CheckFigure, ...]
    sequential_p_value: float | None = None


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Users of this experiment who were in another at the same time: how many, and which share.

    `p_value` is of arm here against arm there, for one look, `adjusted_p_value` the same corrected
    over all such experiments. Without them `reason` is `too_few_users`, or `one_variant`: all
    shared users saw one there, which touches the arms here alike. It is `one_arm` where an arm here
    has no shared user at all, which is unhealthy with or without a p.
    """

    experiment: str
    users: int
    share: float
    healthy: bool | None
    p_value: float | None
    adjusted_p_value: float | None
    reason: str | None
