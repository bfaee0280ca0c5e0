"""Rule 9, on arrays of one value per user: where the cap may come from."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import Settings
from tests.experiments.stats.binomial import at_least, at_most
from tests.experiments.stats.worlds import means, ratios, rejected

WORLDS = 1_000
FIXED = Settings(method="fixed")


def buyers(rng: Any, *, users: int, share: float) -> Any:
    """Log-normal spending of a `share` of the users; the others spend nothing."""
    spent = np.exp(1.5 * rng.normal(size=(WORLDS, users)))
    return spent * (rng.random((WORLDS, users)) < share)


def cap(user_values: Any, percentile: float) -> Any:
    return np.percentile(user_values, percentile, axis=1)[:, None]


@pytest.mark.parametrize(("share", "percentile"), [(1.0, 95), (0.1, 95), (0.1, 99)])
def test_rule_9_the_cap_comes_from_all_arms_pooled(share: float, percentile: float) -> None:
    rng = np.random.default_rng(51)
    control, treatment = (buyers(rng, users=1_000, share=share) for _ in range(2))
    pooled = cap(np.concatenate([control, treatment], axis=1), percentile)
    together = rejected(
        means(np.minimum(control, pooled)), means(np.minimum(treatment, pooled)), FIXED
    )
    apart = rejected(
        means(np.minimum(control, cap(control, percentile))),
        means(np.minimum(treatment, cap(treatment, percentile))),
        FIXED,
    )
    assert at_least(0.045, WORLDS) <= together <= at_most(0.055, WORLDS)
    assert apart > 0.12 * WORLDS


def test_rule_9_zeros_are_part_of_the_percentile() -> None:
    """Of buyers alone the 99th is far out, and the variance it was to tame stays."""
    rng = np.random.default_rng(52)
    spent = buyers(rng, users=2_000, share=0.1)
    of_all, of_buyers = (
        cap(spent, 99),
        np.nanpercentile(np.where(spent > 0, spent, np.nan), 99, axis=1)[:, None],
    )
    plain, tamed, hardly = (
        np.mean(means(np.minimum(spent, limit)).variance) for limit in (np.inf, of_all, of_buyers)
    )
    assert tamed < 0.5 * plain
    assert hardly > 1.3 * tamed


def test_rule_9_a_ratio_winsorised_in_its_numerator_alone_sees_a_change_that_is_not_there() -> None:
    """The treatment shows more to the same people, who click on the same share of it."""
    rng = np.random.default_rng(53)

    def shown(times: float) -> tuple[Any, Any]:
        seen = 1 + rng.poisson(times * 6 * rng.gamma(0.5, 2, (WORLDS, 1_000)))
        return rng.binomial(seen, 0.3).astype(float), seen.astype(float)

    control, treatment = shown(1.0), shown(1.5)
    plain = rejected(ratios(*control), ratios(*treatment), FIXED)
    limit = cap(np.concatenate([control[0], treatment[0]], axis=1), 95)
    capped = [ratios(np.minimum(clicks, limit), seen) for clicks, seen in (control, treatment)]
    assert plain <= at_most(0.06, WORLDS)
    assert rejected(capped[0], capped[1], FIXED) > 0.5 * WORLDS
