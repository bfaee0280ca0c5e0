"""What the demonstration prints."""

from collections.abc import Iterator

from config.demo.access import Access
from config.demo.comparison import PLACEMENT
from experiments.metrics import Scorecard
from experiments.metrics.results import ArmValue, VariantComparison

READINGS = {
    "better": "better",
    "worse": "worse",
    "no_call": "no call yet",
    "collecting": "collecting",
    "no_answer": "no answer",
}


def scorecard_lines(scorecard: Scorecard) -> Iterator[str]:
    """The primary metric in a few lines, control first."""
    primary = scorecard.metric(scorecard.primary)
    users = sum(arm.users for arm in scorecard.arms)
    yield f"{scorecard.experiment}: {primary.name} of {users:,} people"
    found = {comparison.variant: comparison for comparison in primary.comparisons}
    for value in primary.values:
        yield f"  {value.variant:<10} {_share(value)}  {_against(found.get(value.variant))}"
    yield f"  {_health(scorecard)}"


def _share(value: ArmValue) -> str:
    return "   none" if value.value is None else f"{value.value:7.2%}"


def _against(comparison: VariantComparison | None) -> str:
    if comparison is None:
        return "control"
    result = comparison.decided("relative")
    reading = READINGS[comparison.reading]
    if result.effect is None:
        return f"{reading} ({result.reason})"
    low = "-inf" if result.low is None else f"{result.low:+.1%}"
    high = "inf" if result.high is None else f"{result.high:+.1%}"
    return (
        f"{result.effect:+.1%}  ({low} to {high}, p {_p(comparison.adjusted_p_value)})  {reading}"
    )


def _p(value: float | None) -> str:
    if value is None:
        return "none"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _health(scorecard: Scorecard) -> str:
    bad = [check.detail for check in scorecard.health if check.healthy is False]
    if bad:
        return "Health checks: " + " ".join(bad)
    ratio = next((c.healthy for c in scorecard.health if c.name == "sample_ratio"), None)
    if ratio is None:
        return "Health checks: there is too little to check yet."
    return "Health checks: all good."


def address_lines(url: str, access: Access, user: str) -> Iterator[str]:
    """How to come in, and a call of the API that works as it stands."""
    password = access.password or "(the one you chose)"
    yield f"Dashboard  {url}/"
    yield f"Login      {access.username}   password {password}"
    yield f"API key    {access.key}"
    yield "Try        " + curl(url, access.key, user)


def curl(url: str, key: str, user: str) -> str:
    """One line for a shell."""
    query = f"user={user}&placement={PLACEMENT}&k=5"
    return f"curl -s -H 'Authorization: Bearer {key}' '{url}/api/v1/route?{query}'"
