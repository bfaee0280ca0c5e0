"""The posterior of an effect: what to believe after the data, given what was believed before.

Two models. Shares: a Beta prior on each arm, so each arm's posterior is a Beta, and the effect's
law follows from theirs without approximation. All else: a normal prior on the effect, and the
estimate normal about the effect with its standard error (on the relative scale the delta method's),
so the posterior is normal too (Gelman et al. 2013, Bayesian Data Analysis, sections 2.4 and 2.5).
"""

import numpy as np

from experiments.stats.arrays import Array, values
from experiments.stats.beta import Beta
from experiments.stats.exceptions import SettingsError
from experiments.stats.intervals import Arms, absolute, relative_delta
from experiments.stats.posterior import Posterior, beta_posterior, normal_posterior
from experiments.stats.priors import BetaPrior, NormalPrior
from experiments.stats.samples import ProportionSample, Sample
from experiments.stats.settings import Settings


def posterior(control: Sample, treatment: Sample, arms: Arms, settings: Settings) -> Posterior:
    """The effect's posterior. Raises SettingsError when the prior does not fit the samples."""
    prior = settings.prior
    if isinstance(control, ProportionSample) and isinstance(treatment, ProportionSample):
        beta = BetaPrior() if prior is None else prior
        if not isinstance(beta, BetaPrior):
            raise SettingsError("prior", "must be a BetaPrior for shares of users")
        shape = np.shape(arms.control)
        return beta_posterior(
            updated(beta, treatment, shape), updated(beta, control, shape), settings
        )
    if isinstance(prior, BetaPrior):
        raise SettingsError("prior", "must be a NormalPrior for means and ratios")
    return weighted(arms, prior, (control.users, treatment.users), settings)


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
