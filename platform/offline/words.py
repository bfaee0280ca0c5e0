"""A report for the terminal. Pure."""

from collections.abc import Iterator

from dashboard import formats
from dashboard.reading.verdict import badge
from dashboard.reading.words import within_sentence
from experiments.metrics.outside import Report
from experiments.metrics.results import Check, Scorecard
from offline.table import aligned, described_rows, redrawn_rows, scorecard_rows

INTERVALS = {
    "sequential": "always valid",
    "fixed": "for one look",
    "bayesian": "credible",
}
CORRECTIONS = {"holm": "Holm", "e_bh": "e-BH"}
HEALTH = {True: "ok", False: "FAILED", None: "unknown"}


def lines(report: Report) -> Iterator[str]:
    """What to do, the figures, the health, who was left out, and what was assumed."""
    card = report.scorecard
    yield _title(card)
    for decision in card.decisions:
        yield f"{badge(decision)[2]} ({decision.variant}). {decision.because}."
    yield ""
    yield from aligned(list(scorecard_rows(card)))
    yield _below(card)
    if card.described:
        yield ""
        yield from aligned(list(described_rows(card)))
    if any(c.redrawn for metric in card.metrics for c in metric.comparisons):
        yield ""
        yield from aligned(list(redrawn_rows(card)))
    yield from ("", "Health")
    yield from (_check(check) for check in card.health)
    yield from ("", "Left out")
    yield from (f"  {line}" for line in _left_out(card))
    if report.notes:
        yield from ("", "Assumed")
        yield from (f"  {note.text}" for note in report.notes)


def _title(card: Scorecard) -> str:
    start, end = (f"{at:%Y-%m-%d %H:%M}" for at in (card.started_at, card.as_of))
    users = sum(arm.users for arm in card.arms)
    return f"{card.experiment}: {formats.plural(users, 'user')}, {start} to {end} UTC"


def _below(card: Scorecard) -> str:
    said = f"Intervals are {INTERVALS[card.method]} at {formats.share(card.confidence)}."
    if card.correction == "none":
        return said
    goals = [metric for metric in card.metrics if metric.role == "goal"]
    tests = sum(len(goal.comparisons) for goal in goals)
    return f"{said} Goals are corrected for {tests} tests by {CORRECTIONS[card.correction]}."


def _check(check: Check) -> str:
    name = check.name.replace("_", " ")
    p = "" if check.p_value is None else f" ({formats.equals_p(check.p_value)})"
    return f"  {HEALTH[check.healthy]:8}{name}: {within_sentence(check.detail).rstrip('.')}{p}."


def _left_out(card: Scorecard) -> Iterator[str]:
    aside = card.set_aside
    yield f"{formats.plural(aside.users_in_two_variants, 'user')} seen in two variants"
    if aside.users_in_absent_arms:
        absent = formats.plural(aside.users_in_absent_arms, "user")
        yield f"{absent} first seen in an arm that takes none in their phase"
    for rule in aside.left_out:
        yield f"{formats.plural(rule.users, 'user')} by the rule: {rule.rule}"
    if aside.exposures_forced:
        yield f"{formats.plural(aside.exposures_forced, 'exposure')} not given by chance"
