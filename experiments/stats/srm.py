"""Sample ratio: did users arrive in the arms in the ratio they were sent in?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.stats.arrays import TOO_LARGE, Array, Bools, Number, give, give_object
from experiments.stats.exceptions import SampleError, SettingsError
from experiments.stats.reasons import Reason, Reasons, first_reason

THRESHOLD = 0.001
EXPECTED_NEEDED = 5.0
CONCENTRATION = 10_000.0
"""Of the sequential test's Dirichlet: the larger, the smaller the mismatch it is tuned to find."""

SrmMethod = Literal["chi2", "sequential"]
Counts: TypeAlias = Sequence[float] | NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class SampleRatio:
    """`healthy` is p >= .001, and None with a `reason` while there is nothing to go by.

    Unpacks in this order: `p_value, healthy, reason = check_srm(...)`.
    """

    p_value: Number
    healthy: bool | NDArray[Any] | None
    reason: Reasons

    def __iter__(self) -> Iterator[Any]:
        yield from (self.p_value, self.healthy, self.reason)


def check_srm(
    observed: Counts, expected_weights: Counts, method: SrmMethod = "chi2"
) -> SampleRatio:
    """Users per arm against the arms' weights, within one phase.

    `observed` is users per arm on the last axis (at least 2 arms), one check per leading element;
    `expected_weights` are the arms' shares, positive, in any unit, and the same for all checks or
    of `observed`'s shape.

    chi2        Pearson's chi-square, for one look. Below 5 expected users in an arm its law does
                not hold, so there is no p and the reason is `too_few_users`
    sequential  the multinomial martingale of Lindon and Malek (2022), "Anytime-Valid Inference for
                Multinomial Count Data": valid at every look, from the first user on.
                The p is of this look; over looks, show its running minimum

    Raises SampleError for impossible input, SettingsError for another method.
    """
    return check_srm_phases([observed], [expected_weights], method)


def check_srm_phases(
    observed: Sequence[Counts], expected_weights: Sequence[Counts], method: SrmMethod = "chi2"
) -> SampleRatio:
    """One check over phases, each an `observed` and its weights as in `check_srm`.

    Phases hold disjoint users, so chi-squares and their degrees of freedom add (phases with too few
    users set aside), and the sequential evidence multiplies, one factor per phase.
    """
    if method not in get_args(SrmMethod):
        allowed = ", ".join(get_args(SrmMethod))
        raise SettingsError("method", f"must be one of {allowed}, not {method!r}")
    if len(observed) == 0 or len(observed) != len(expected_weights):
        raise SampleError("expected_weights", "must have one entry for each phase in observed")
    phases = [accept_phase(*given) for given in zip(observed, expected_weights, strict=True)]
    if len({users.shape[:-1] for users, _ in phases}) > 1:
        raise SampleError("observed", "must hold equally many checks in every phase")
    p_value, few = chi_square(phases) if method == "chi2" else martingale(phases)
    p_value = np.where(few, np.nan, p_value)
    healthy = np.asarray(p_value >= THRESHOLD).astype(object)
    healthy[few] = None
    return SampleRatio(
        p_value=give(p_value),
        healthy=give_object(healthy),
        reason=give_object(first_reason(few.shape, {Reason.TOO_FEW_USERS: few})),
    )


def chi_square(phases: list[tuple[Array, Array]]) -> tuple[Array, Bools]:
    """p, and where no phase has enough users for one."""
    distance, df = np.zeros(phases[0][0].shape[:-1]), np.zeros(phases[0][0].shape[:-1])
    for users, shares in phases:
        expected = users.sum(axis=-1, keepdims=True) * shares
        enough = (expected >= EXPECTED_NEEDED).all(axis=-1)
        with np.errstate(all="ignore"):
            squares = ((users - expected) ** 2 / expected).sum(axis=-1)
        distance += np.where(enough, squares, 0.0)
        df += np.where(enough, users.shape[-1] - 1, 0)
    return np.asarray(special.chdtrc(df, distance)), np.asarray(df == 0)


def martingale(phases: list[tuple[Array, Array]]) -> tuple[Array, Bools]:
    """min(1, 1/e), and where nobody has come."""
    log_e = sum(log_evidence(users, shares) for users, shares in phases)
    total = sum(users.sum(axis=-1) for users, _ in phases)
    return np.exp(-np.maximum(log_e, 0.0)), np.asarray(total == 0)


def log_evidence(users: Array, shares: Array) -> Array:
    """Log of the chance of these counts, mixed over a Dirichlet about the weights, over the null's.

    The Dirichlet has parameters CONCENTRATION * share, which sum to CONCENTRATION.
    """
    prior = CONCENTRATION * shares
    arms = special.gammaln(prior + users) - special.gammaln(prior) - users * np.log(shares)
    everyone = special.gammaln(CONCENTRATION + users.sum(axis=-1)) - special.gammaln(CONCENTRATION)
    return np.asarray(arms.sum(axis=-1) - everyone)


def accept_phase(observed: Counts, expected_weights: Counts) -> tuple[Array, Array]:
    """Users per arm, and shares that sum to 1 over the arms."""
    users = counts("observed", observed)
    weights = counts("expected_weights", expected_weights)
    check_shapes(users, weights)
    return users, weights / weights.sum(axis=-1, keepdims=True)


def counts(field: str, given: Counts) -> Array:
    """`given` as a float array of finite numbers >= 0 with at least two arms on the last axis."""
    try:
        array: Array = np.asarray(given, dtype=np.float64)
    except OverflowError:
        raise SampleError(field, TOO_LARGE) from None
    except (TypeError, ValueError):
        raise SampleError(field, "must be one number per arm") from None
    if array.ndim == 0 or array.shape[-1] < 2:
        raise SampleError(field, "needs at least two arms")
    if not (np.isfinite(array) & (array >= 0)).all():
        raise SampleError(field, "must be finite and not negative")
    return array


def check_shapes(users: Array, weights: Array) -> None:
    """Every arm needs a weight, and every weight must be able to expect somebody."""
    if weights.shape not in (users.shape, users.shape[-1:]):
        raise SampleError("expected_weights", "must have one weight for each arm in observed")
    if not (weights > 0).all():
        raise SampleError("expected_weights", "must be above 0 for every arm")
