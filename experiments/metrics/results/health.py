"""What a health check found."""

import msgspec


class CheckFigure(msgspec.Struct, frozen=True, kw_only=True):
    """Users counted in one variant, and how many were to be expected there."""

    variant: str
    observed: int
    expected: float


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One health check. `healthy` is None while there is too little to check, with a `reason`.

    `name` is `sample_ratio`, `users_in_two_variants`, `users_left_out` or, with a pre-period,
    `pre_period_balance`; `detail` is one plain sentence. Where there is no p, `reason` says why:
    one of experiments.stats.Reason, or `no_such_users` (healthy: nobody to test). Of the sample
    ratio `p_value` is of this look alone, and `sequential_p_value` of all looks together.
    """

    name: str
    healthy: bool | None
    p_value: float | None
    reason: str | None
    detail: str
    figures: tuple[CheckFigure, ...]
    sequential_p_value: float | None = None
