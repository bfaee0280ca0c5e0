"""A forecast in sentences: why there is no number, what to mind, and what was counted."""

from experiments.metrics.forecasts.forecast import (
    NO_PRE_PERIOD,
    NOBODY_YET,
    WINDOW_NOT_PASSED,
    Counted,
    Forecast,
    Outlook,
)
from experiments.stats import Reason
from experiments.stats.planning.days import FURTHEST

NEARLY = 0.9
"""Of the lookback: with so much of it, the pre-period is not called short."""

SOONER = 0.8
"""Of the days told: only an end that much sooner is worth a sentence."""

FAR = 2.0
"""A plan this many times longer, or shorter, than what was counted is told so."""

REASONS: dict[str, str] = {
    Reason.TOO_FEW_USERS: "Fewer than two users count so far.",
    Reason.ZERO_DENOMINATOR: "Nothing was counted in the metric's denominator.",
    Reason.ZERO_VARIANCE: "All users have the same value so far: there is nothing to plan with.",
    Reason.CONTROL_MEAN_NEGATIVE: "A lift on a value below zero has no meaning.",
    Reason.BASELINE_MEAN_ZERO: "The metric is zero so far, and every lift of zero is zero.",
    Reason.IMPOSSIBLE_EFFECT: "Such a change would take the share to 0 or 1, or beyond.",
    Reason.COLLECTING: "An arm would still have too few users to be judged.",
    Reason.UNREACHABLE_POWER: "No change is found that often with so few users.",
    Reason.TOO_FEW_DAYS: "The log has fewer than two whole days with arrivals, which days need.",
    Reason.UNREACHABLE_USERS: f"At this pace so many users do not come within {FURTHEST} days.",
    NO_PRE_PERIOD: "The log holds nothing from before the days counted.",
    WINDOW_NOT_PASSED: "Nobody's window has passed by then.",
    NOBODY_YET: "By then no arm has two users.",
}


def reason_words(reason: str) -> str:
    """A reason as a sentence; one not known here as it is, never hidden."""
    return REASONS.get(reason, f"{reason.replace('_', ' ').capitalize()}.")


def question(forecast: Forecast) -> str:
    """What the figures answer: `To find a change of +2.0%, 8 times in 10:`."""
    terms, first = forecast.terms, forecast.outlooks[0]
    often = f"with {share(terms.power)} power at {share(terms.confidence)} confidence"
    if forecast.asked == "lift":
        return f"To find a change of {change(first.lift or 0.0)} {often}:"
    when = (
        f"In {days(first.days or 0)}" if forecast.asked == "days" else f"With {first.users:,} users"
    )
    return f"{when} the smallest change that is found {often}:"


def change(lift: float) -> str:
    """A relative change with its sign, to three significant figures: `+2.35%`, `+0.4%`."""
    size = f"{abs(lift) * 100:.3g}" if abs(lift) < 10 else f"{abs(lift) * 100:,.0f}"
    return f"{'+' if lift > 0 else '-'}{size}%"


def share(fraction: float) -> str:
    """A share of a whole, with no more digits than it needs: `80%`, `99.5%`."""
    return f"{fraction * 100:.4g}%"


def days(count: float) -> str:
    return f"{count:,.0f} day{'' if count == 1 else 's'}"


def span(count: float) -> str:
    """Of the log: `14 days`, `3.5 days`, `less than a day`."""
    if count < 1:
        return "less than a day"
    tenths = round(count, 1)
    return f"{tenths:,g} day{'' if tenths == 1 else 's'}"


def counted_words(counted: Counted) -> str:
    """What was counted: `5,320 users of home, 1 March to 15 March 2026 (14 days)`."""
    where = "of all placements" if counted.placement is None else f"of {counted.placement}"
    since, until = (f"{at.day} {at:%B %Y}" for at in (counted.since, counted.until))
    return f"{counted.users:,} users {where}, {since} to {until} ({span(counted.days)})"


def arrivals_words(counted: Counted) -> str:
    """How people arrived: how many were new on the first day counted, and on the last."""
    if not counted.new_users:
        return "Not one whole day was counted"
    first, last = counted.new_users[0], counted.new_users[-1]
    return f"{first:,} were new on the first day and {last:,} on the last"


def notes(forecast: Forecast) -> tuple[str, ...]:
    """What to mind about these figures."""
    return tuple(note for note in (_short_pre(forecast), _far(forecast), _ahead(forecast)) if note)


def _short_pre(forecast: Forecast) -> str:
    counted = forecast.counted
    if not 0 < counted.lookback_covered < NEARLY * counted.lookback_days:
        return ""
    covered = counted.lookback_covered
    held = f"{covered:.2g}" if covered >= 1 else "less than a day"
    asked = days(counted.lookback_days)
    return f"The log holds {held} of the {asked} before: CUPED will do better than this."


def _far(forecast: Forecast) -> str:
    longest = max(_days(forecast), default=0) - forecast.window_days
    times = longest / forecast.counted.days
    if forecast.window_days or longest <= 0 or times <= FAR:
        return ""
    return (
        f"{days(longest)} are much longer than what was counted. Users who are watched longer do "
        f"more and differ more: count {days(longest)} to be sure."
    )


def _ahead(forecast: Forecast) -> str:
    """Where newcomers who keep coming would make a difference: the test they help most."""
    sooner = [o for o in forecast.outlooks if o.extrapolated and o.soonest and _is_sooner(o)]
    if not sooner:
        return ""
    best = min(sooner, key=lambda o: o.soonest or 0)
    told = "never ends" if best.days is None else f"takes {days(best.days)}"
    return (
        "Days beyond those counted go by how fast newcomers become fewer. If they keep coming, "
        f"{name_of_test(best)} may take {days(best.soonest or 0)} where by this it {told}."
    )


def _is_sooner(outlook: Outlook) -> bool:
    return outlook.days is None or (outlook.soonest or 0) <= SOONER * outlook.days


def _days(forecast: Forecast) -> list[int]:
    return [o.days for o in forecast.outlooks if o.days is not None and not o.cuped]


def name_of_test(outlook: Outlook) -> str:
    """What the test is: `sequential with CUPED`."""
    return f"{outlook.method}{' with CUPED' if outlook.cuped else ''}"
