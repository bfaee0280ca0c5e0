"""The posterior of an effect: what to believe after the data, given what was believed before.

Two models. Shares: a Beta prior on each arm, so each arm's posterior is a Beta, and the effect's
law follows from theirs without approximation. All else, and shares with a normal prior: a normal
prior on the effect, and the estimate normal about the effect with its standard error (on the
relative scale the delta method's), so the posterior is normal too (Gelman et al. 2013,
Bayesian Data Analysis, sections 2.4 and 2.5).
"""

import numpy as np

from experiments.stats.arrays import Array, Bools, values
from experiments.stats.beta import Beta
from experiments.stats.exceptions import SettingsError
from experiments.stats.intervals import Arms, absolute, relative_delta
from experiments.stats.posterior import Posterior, beta_posterior, normal_posterior
from experiments.stats.priors import BetaPrior, NormalPrior
from experiments.stats.reasons import Reason
from experiments.stats.samples import ProportionSample, Sample, shapes
from experiments.stats.settings import Settings

MOST_USERS = 1e14
"""Of an arm with a Beta posterior: beyond, doubles hold its density to fewer than six digits."""


def posterior(
    control: Sample,
    treatment: Sample,
    arms: Arms,
    found: dict[Reason, Bools],
    settings: Settings,
) -> tuple[Posterior, dict[Reason, Bools]]:
    """The effect's posterior, and of what was `found` what is in the way of that posterior.

    Raises SettingsError when the prior does not fit the samples.
    """
    prior = settings.prior
    if (
        isinstance(control, ProportionSample)
        and isinstance(treatment, ProportionSample)
        and not isinstance(prior, NormalPrior)
    ):
        return by_shares(control, treatment, prior or BetaPrior(), settings), found | {
            Reason.ZERO_VARIANCE: np.zeros(np.shape(arms.control), dtype=bool),
            Reason.BEYOND_PRECISION: np.maximum(control.users, treatment.users) > MOST_USERS,
        }
    if isinstance(prior, BetaPrior):
        raise SettingsError("prior", "must be a NormalPrior for means and ratios")
    return weighted(arms, prior, (control.users, treatment.users), settings), found


def by_shares(
    control: ProportionSample,
    treatment: ProportionSample,
    prior: BetaPrior,
    settings: Settings,
) -> Posterior:
    """By a Beta for each arm, which has a spread even where all users are alike."""
    shape = np.broadcast_shapes(*shapes(control), *shapes(treatment))
    return beta_posterior(
        updated(prior, treatment, shape), updated(prior, control, shape), settings
    )


def weighted(
    arms: Arms, prior: NormalPrior | None, users: tuple[Array, Array], settings: Settings
) -> Posterior:
    """Precisions add, and the means of prior and estimate are weighted by them."""
    nowhere = np.array(np.nan)
    scaled = relative_delta if settings.scale == "relative" else absolute
    found = scaled(arms, nowhere, null=0.0)
    variance = found.std_error**2
    mean = 0.0 if prior is None else prior.mean
    before = variance * pairs(*users) if prior is None else values(prior.sd) ** 2
    share = before / (before + variance)
    after = mean + share * (found.effect - mean)
    return normal_posterior(after, np.sqrt(share * variance), settings)


def pairs(control: Array, treatment: Array) -> Array:
    """How many pairs of one user per arm would tell as much as the users there are.

    With the default prior they meet one pair more, which says that nothing changed: the
    unit-information prior of Kass and Wasserman (1995), weak in whatever unit a metric comes.
    """
    return 2 * control * treatment / (control + treatment)


def updated(prior: BetaPrior, sample: ProportionSample, shape: tuple[int, ...]) -> Beta:
    """The posterior of one arm's share."""
    successes = np.broadcast_to(values(sample.successes), shape)
    failures = np.broadcast_to(sample.users - values(sample.successes), shape)
    return Beta(a=successes + prior.successes, b=failures + prior.failures)
