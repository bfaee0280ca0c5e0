"""The health strip: each check with its figure. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import formats
from dashboard.reading.sentences import WHERE_TO_LOOK
from experiments.metrics.results import Check, Scorecard

TITLES = {
    "sample_ratio": gettext_lazy("Sample ratio"),
    "users_in_absent_arms": gettext_lazy("Users in absent arms"),
    "users_in_two_variants": gettext_lazy("Users in two variants"),
    "users_left_out": gettext_lazy("Bots and staff"),
    "other_experiments": gettext_lazy("Other experiments"),
    "pre_period_balance": gettext_lazy("Pre-period balance"),
}


MEANS = {
    "sample_ratio": gettext_lazy(
        "Arms must fill in the ratio of their weights. Where they do not, users went missing from "
        "one of them, and those who are left are not alike."
    ),
    "users_in_absent_arms": gettext_lazy(
        "An arm that takes nobody must be seen by nobody. Users who saw it were not routed by the "
        "weights in force."
    ),
    "users_in_two_variants": gettext_lazy(
        "Who saw two variants belongs to neither and is left out. That is harmless only where it "
        "happens as often in every arm."
    ),
    "users_left_out": gettext_lazy(
        "Rules leave out bots and staff. A variant that makes people look like bots would lose "
        "them, and seem to change what it only hides."
    ),
    "other_experiments": gettext_lazy(
        "Another experiment on the same users must split them across the arms here by chance. "
        "Where it does not, its effect is read as one of these arms'."
    ),
    "pre_period_balance": gettext_lazy(
        "Before the start no variant can have changed anything, so the arms must be alike then."
    ),
}
"""What each check is for, in two sentences."""


@dataclass(frozen=True, kw_only=True)
class HealthFigure:
    """One check: `healthy` None while there is nothing to check. `means` and `look` are what it is
    for and where to look when it fails; `arms` holds per variant users seen and expected, where the
    check counts them.
    """

    title: str
    figure: str
    detail: str
    healthy: bool | None
    means: str = ""
    look: str = ""
    arms: tuple[tuple[str, str, str], ...] = ()

    @property
    def word(self) -> str:
        if self.healthy is None:
            return _("Not checked yet")
        return _("Passes") if self.healthy else _("Fails")


@dataclass(frozen=True, kw_only=True)
class Health:
    """All checks, and the word and tone they come to together."""

    word: str
    icon: str
    tone: str
    figures: tuple[HealthFigure, ...]

    @property
    def checks(self) -> tuple[HealthFigure, ...]:
        """Those that say whether results may be believed; how far the log is behind does not."""
        return tuple(figure for figure in self.figures if figure.means)

    @property
    def failing(self) -> tuple[HealthFigure, ...]:
        return tuple(figure for figure in self.figures if figure.healthy is False)


def health(scorecard: Scorecard, *, log_lag: float | None) -> Health:
    """The strip of a scorecard; `log_lag` is how many seconds the log is behind, where known."""
    figures = [_figure(check, scorecard) for check in scorecard.health]
    figures.append(
        HealthFigure(
            title=_("Log"),
            figure=formats.DASH
            if log_lag is None
            else _("%(lag)s behind") % {"lag": formats.span(log_lag)},
            detail=_lag_words(log_lag),
            healthy=None,
        )
    )
    word, icon, tone = _overall(scorecard)
    return Health(word=word, icon=icon, tone=tone, figures=tuple(figures))


def _p_words(check: Check) -> str:
    if check.healthy is None:
        return _("too few users yet")
    said = [] if check.p_value is None else [formats.equals_p(check.p_value)]
    if check.sequential_p_value is not None:
        said.append(_("all looks %(p)s") % {"p": formats.equals_p(check.sequential_p_value)})
    return ", ".join(said) or formats.DASH


def _shared_words(scorecard: Scorecard) -> str:
    """The one with most users stands for all; those that failed come before it."""
    found = sorted(scorecard.overlaps, key=lambda o: o.healthy is not False)
    if not found:
        anybody = any(arm.users for arm in scorecard.arms)
        return _("nobody shared") if anybody else _("too few users yet")
    return _("%(experiment)s shares %(share)s") % {
        "experiment": found[0].experiment,
        "share": formats.share(round(found[0].share, 3)),
    }


def _lag_words(lag: float | None) -> str:
    if lag is None:
        return _("Not measured yet.")
    if lag == 0:
        return _("All that was recorded is in the log.")
    return _("Exposures wait to be written to the log; the oldest has waited this long.")


def _overall(scorecard: Scorecard) -> tuple[str, str, str]:
    said = [check.healthy for check in scorecard.health]
    if False in said:
        return _("Unhealthy"), "warn", "warn"
    if True in said:
        return _("Healthy"), "healthy", "better"
    return _("Not checked yet"), "collecting", "flat"


def _of(part: int, whole: int) -> str:
    return _("%(part)s of %(whole)s") % {"part": f"{part:,}", "whole": f"{whole:,}"}


def _figure(check: Check, scorecard: Scorecard) -> HealthFigure:
    aside = scorecard.set_aside
    users = sum(arm.users for arm in scorecard.arms) + aside.users_in_two_variants
    left_out = sum(left.users for left in aside.left_out)
    if check.name == "users_in_two_variants":
        figure = _of(aside.users_in_two_variants, users)
    elif check.name == "users_in_absent_arms":
        figure = _of(aside.users_in_absent_arms, users + aside.users_in_absent_arms)
    elif check.name == "users_left_out":
        figure = _of(left_out, users + left_out)
    elif check.name == "other_experiments":
        figure = _shared_words(scorecard)
    else:
        figure = _p_words(check)
    return HealthFigure(
        title=str(TITLES.get(check.name, check.name.replace("_", " ").capitalize())),
        figure=figure,
        detail=check.detail,
        healthy=check.healthy,
        means=str(MEANS.get(check.name, check.detail)),
        look=str(WHERE_TO_LOOK.get(check.name, "")) if check.healthy is False else "",
        arms=tuple((f.variant, f"{f.observed:,}", f"{f.expected:,.0f}") for f in check.figures),
    )
