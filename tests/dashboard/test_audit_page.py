"""The page of the A/A audit: what it says of a report, and how one is asked for."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.celery import app
from dashboard import figures
from dashboard.reading.audit import audit_view
from experiments import audit_runs, audits
from experiments.metrics import METRICS
from experiments.metrics.auditing import AuditedMetric, AuditReport, words
from experiments.metrics.results import LeftOut
from experiments.models import Audit
from tests.dashboard.plotted import plotted
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

ADDRESS = "/data/audit/"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVEN = (25,) * 20


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, **_: sent.append(name))
    return sent


def audited(key: str, **changes: Any) -> AuditedMetric:
    """Sound, with changes."""
    metric = METRICS[key]
    found = AuditedMetric(
        metric=key,
        name=metric.name,
        kind=metric.kind,
        fingerprint=metric.fingerprint,
        users=4_000,
        with_any=1_900,
        top_share=0.06,
        splits=500,
        judged=500,
        rejections=25,
        rate=0.05,
        low=0.0234,
        high=0.0914,
        verdict="as_expected",
        reason=None,
        uniformity_p_value=0.43,
        uniform=True,
        uniformity_reason=None,
        p_counts=EVEN,
    )
    return msgspec.structs.replace(found, **changes)


NOTHING: dict[str, Any] = {
    "judged": 0,
    "rejections": 0,
    "rate": None,
    "low": None,
    "high": None,
    "verdict": None,
    "reason": "collecting",
    "uniform": None,
    "uniformity_p_value": None,
    "uniformity_reason": "too_few_conversions",
    "with_any": 12,
    "p_counts": (0,) * 20,
}
TOO_MANY: dict[str, Any] = {
    "rejections": 61,
    "rate": 0.122,
    "low": 0.0786,
    "high": 0.177,
    "verdict": "too_many",
    "uniform": False,
    "uniformity_p_value": 0.00001,
    "top_share": 0.46,
    "p_counts": (61, 25, *(23,) * 18),
}
TOO_FEW: dict[str, Any] = {
    "rejections": 2,
    "rate": 0.004,
    "low": 0.0001,
    "high": 0.0236,
    "verdict": "too_few",
    "judged": 480,
    "top_share": 0.02,
}


def report_of(*metrics: AuditedMetric, **changes: Any) -> AuditReport:
    report = AuditReport(
        since=NOW - timedelta(days=28),
        until=NOW,
        method="fixed",
        splits=500,
        seed=7,
        lookback_days=0.0,
        alpha=0.05,
        users=4_000,
        drawn=4_000,
        left_out=(LeftOut(rule="staff", fingerprint="a", users=3),),
        metrics=metrics,
    )
    return msgspec.structs.replace(report, **changes)


def stored(report: AuditReport, actor: User | None = None, **settings: Any) -> Audit:
    audit = audits.request_audit(actor=actor, **settings)
    audit_runs.start(audit, now=NOW)
    audit_runs.finish(
        audit, report, log_versions={"events": 40, "exposures": 12}, code_version="0.1.0", now=NOW
    )
    return audit


# -- words -----------------------------------------------------------------------------------------


def test_a_verdict_comes_with_what_it_means_and_what_to_do() -> None:
    rows = [
        audited("ctr"),
        audited("revenue_per_user", **TOO_MANY),
        audited("clicks_per_user", **TOO_FEW),
        audited("conversion", **NOTHING),
        audited("clicked", uniform=False, uniformity_p_value=0.0002),
    ]
    report = report_of(*rows)

    assert [words.word(row) for row in rows] == [
        *("As expected", "Too many", "Too few", "No answer", "As expected")
    ]
    fine, many, few, none, uneven = (words.sentence(row, report) for row in rows)
    assert fine == "As many false positives as the 5% that were agreed to."
    assert many == (
        "Do not trust its p-values: of splits without a difference at least 7.86% are called "
        "significant, where 5% should be. The 1% of users with most hold 46% of it: cap it "
        "(winsorise), or see whether they are bots."
    )
    assert few == (
        "Its p-values are too large: at most 2.36% of splits are called significant, where 5% "
        "should be, and real effects are missed likewise. See how it is summed per user and who "
        "the largest are; decide by another until then. Only 480 of 500 splits were past the floor."
    )
    assert none == (
        "12 of 4,000 users have any, and no half was past the floor: 100 users, the metric's own "
        "minimum, and a mean five standard errors from zero. Take more days."
    )
    assert uneven.startswith("5% are called significant as agreed, but p-values are not uniform")
    assert words.headline(report) == (
        "Mind the p-values of Revenue per user, Clicks per user and Users who clicked."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (NOTHING | {"users": 0}, "The window has passed for nobody yet. Take more days."),
        (NOTHING | {"with_any": 0}, "Nobody did it in these days."),
        (
            NOTHING | {"reason": "zero_denominator"},
            "What it divides by happened to nobody in these days.",
        ),
    ],
)
def test_where_there_is_no_verdict_the_reason_is_said(changes: dict[str, Any], said: str) -> None:
    metric = audited("ctr", **changes)
    assert words.sentence(metric, report_of(metric)) == said


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ((audited("ctr"), audited("clicked")), "All 2 metrics are as expected."),
        ((audited("ctr"),), "The metric is as expected."),
        (
            (audited("ctr"), audited("conversion", **NOTHING)),
            "1 of 2 metrics are as expected, the rest not judged.",
        ),
        ((audited("conversion", **NOTHING),), "No metric could be judged."),
    ],
)
def test_the_headline_counts(metrics: tuple[AuditedMetric, ...], said: str) -> None:
    assert words.headline(report_of(*metrics)) == said


# -- figures ---------------------------------------------------------------------------------------


def test_each_rate_is_drawn_with_its_interval_against_alpha() -> None:
    report = report_of(
        audited("ctr"), audited("conversion", **NOTHING), audited("clicked", **TOO_MANY)
    )
    figure = plotted(figures.false_positives(report))

    assert [(bar.name, bar.x[0], bar.y[0]) for bar in figure.data] == [
        ("CTR", 0.05, 1),
        ("Users who clicked", 0.122, 0),
    ]
    first, second = (bar.error_x for bar in figure.data)
    assert (first.arrayminus[0], first.array[0]) == pytest.approx((0.0266, 0.0414))
    assert (first.color, second.color) == ("var(--flat)", "var(--warn)")
    assert figure.data[1].text == ("61 of 500 splits",)
    [line] = figure.layout.shapes
    assert (line.x0, line.x1) == (0.05, 0.05)
    assert figure.layout.xaxis.range == pytest.approx((0, 0.177 * 1.08))
    assert [note.text for note in figure.layout.annotations] == [
        "CTR",
        "5.0% (2.3 to 9.1%)",
        "Users who clicked",
        "12.2% (7.9 to 17.7%)",
    ]
    assert figures.false_positives(report_of(audited("conversion", **NOTHING))) is None


def test_p_values_are_drawn_against_an_even_spread() -> None:
    figure = plotted(figures.p_values(audited("ctr")))

    assert list(figure.data[0].y) == [25] * 20
    assert figure.data[0].x[0] == pytest.approx(0.025)
    assert figure.data[0].text[1] == "25 with p from 0.05 to 0.10"
    [even] = figure.layout.shapes
    assert (even.y0, even.y1) == (25, 25)
    assert figures.p_values(audited("conversion", **NOTHING)) is None


def test_no_colour_is_written_into_the_figures() -> None:
    for figure in (
        figures.false_positives(report_of(audited("ctr"))),
        figures.p_values(audited("ctr")),
    ):
        assert figure is not None
        assert "#" not in json.dumps(figure)


def test_shown_are_the_p_values_asked_for_or_else_the_worst() -> None:
    rows = audited("ctr"), audited("clicked", uniform=False), audited("conversion", **NOTHING)
    report = report_of(*rows)

    def shown(asked: str) -> str:
        view = audit_view(report, METRICS, asked=asked)
        assert view.asked is not None
        return view.asked.metric

    assert (shown("ctr"), shown(""), shown("conversion")) == ("ctr", "clicked", "clicked")
    assert audit_view(report_of(rows[2]), METRICS).asked is None


# -- the page --------------------------------------------------------------------------------------


def test_before_the_first_audit_the_page_says_what_it_is_for(browser: Client) -> None:
    page = text(browser, ADDRESS)

    assert "No audit was ever run here." in page
    assert "Run an audit" in page
    assert "A/A audit" in text(browser, "/data/")


def test_a_report_is_shown_with_what_produced_it(browser: Client, person: User) -> None:
    stored(report_of(audited("ctr"), audited("revenue_per_user", **TOO_MANY), drawn=3_000), person)

    page = text(browser, ADDRESS)

    assert "Mind the p-values of Revenue per user." in page
    assert "4,000 users, 3,000 of them drawn, from 27 Oct to 24 Nov" in page
    assert "3 left out by rules" in page
    assert "500 splits, fixed" in page
    assert "seed 7" in page
    assert "log events at version 40, exposures at version 12; Winnow 0.1.0" in page
    assert "Too many 4,000 500 61 12.2% 7.9 to 17.7% Not uniform (p &lt; .0001)" in page
    assert "Revenue per user: not uniform by Kolmogorov and Smirnov, p &lt; .0001" in page
    assert 'data-figure="rates-figure"' in browser.get(ADDRESS).content.decode()


def test_a_metric_defined_otherwise_since_then_is_marked(browser: Client) -> None:
    stored(report_of(audited("ctr", fingerprint="old"), audited("clicked")))

    page = text(browser, ADDRESS)

    assert page.count("It is defined otherwise since then: run the audit again.") == 1


def test_why_no_p_values_are_shown_is_said(browser: Client) -> None:
    sequential = audited(
        "ctr", uniform=None, uniformity_p_value=None, uniformity_reason="not_fixed_horizon"
    )
    stored(report_of(sequential, method="sequential"))

    page = text(browser, ADDRESS)

    assert "At one look it stays below 5%, which this method spends on all looks." in page
    assert "That is asked of the fixed method only" in page


def test_an_audit_is_asked_for_with_its_settings_and_followed(
    browser: Client, person: User, rung: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    sent = {"days": "14", "splits": "200", "method": "sequential", "lookback_days": "7"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(f"{ADDRESS}run/", sent)

    assert answer["Location"] == ADDRESS
    audit = Audit.objects.get()
    assert (audit.days, audit.splits, audit.method, audit.lookback_days) == (
        *(14, 200, "sequential", 7),
    )
    assert (audit.requested_by, audit.metrics, rung) == (person, [], ["pipelines.run_audits"])
    page = text(browser, ADDRESS)
    assert "200 splits, users of 14 days, sequential, adjusted by 7 days before" in page
    assert "Waiting for a worker." in page


def test_who_asks_while_one_is_under_way_follows_that(browser: Client) -> None:
    audits.request_audit(days=3)

    answer = browser.post(
        f"{ADDRESS}run/",
        {"days": "14", "splits": "200", "method": "fixed", "lookback_days": "0"},
        follow=True,
    )

    assert "An audit is under way already." in answer.content.decode()
    assert Audit.objects.get().days == 3


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("days", "0", "Give 1 to 365 days."),
        ("days", "", "Give a number."),
        ("splits", "50", "Give 100 to 10,000 splits."),
        ("splits", "many", "Give a whole number."),
        ("lookback_days", "-1", "Give 0 to 365 days."),
        ("method", "luck", "Choose one of those shown."),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_their_place(
    browser: Client, field: str, value: str, said: str
) -> None:
    sent = {"days": "28", "splits": "500", "method": "fixed", "lookback_days": "0"}
    answer = browser.post(f"{ADDRESS}run/", sent | {field: value})

    assert error_of(answer.content.decode(), f"id_{field}") == said
    assert not Audit.objects.exists()


def test_all_that_makes_no_sense_is_said_at_once(browser: Client) -> None:
    sent = {"days": "0", "splits": "50", "method": "fixed", "lookback_days": "x"}

    page = browser.post(f"{ADDRESS}run/", sent).content.decode()

    assert [error_of(page, f"id_{field}") for field in ("days", "splits", "lookback_days")] == [
        "Give 1 to 365 days.",
        "Give 100 to 10,000 splits.",
        "Give a whole number.",
    ]
    assert not Audit.objects.exists()


def test_the_live_part_is_sent_when_something_has_changed(browser: Client) -> None:
    audit = audits.request_audit()
    seen = f"{audit.pk}/queued/0.000/0"
    assert browser.get(f"{ADDRESS}live/", {"seen": seen}).status_code == 204

    audit_runs.start(audit, now=NOW)
    audit_runs.tell(audit, 0.42, "Splitting 4,000 users for CTR.")
    part = browser.get(f"{ADDRESS}live/", {"seen": seen}).content.decode()

    assert "Splitting 4,000 users for CTR." in part
    assert 'aria-valuenow="42"' in part
    assert 'hx-trigger="every 2s"' in part
    assert "<h1" not in part


def test_a_failure_is_shown_above_the_last_good_report(browser: Client) -> None:
    stored(report_of(audited("ctr")))
    failed = audits.request_audit()
    audit_runs.fail(failed, "An audit needs 200 users. Take more days.", now=NOW)

    page = text(browser, ADDRESS)

    assert "ended without a result. An audit needs 200 users. Take more days." in page
    assert "The metric is as expected." in page


def test_an_audit_under_way_is_cancelled_after_a_question(browser: Client) -> None:
    stored(report_of(audited("ctr")))
    audit = audits.request_audit()
    address = f"{ADDRESS}{audit.pk}/cancel/"
    page = browser.get(ADDRESS).content.decode()
    [asked] = re.findall(r'<div popover id="cancel-audit".*?</form>', page, re.DOTALL)
    assert f'action="{address}"' in asked
    assert page.count(address) == 1

    first = browser.post(address, follow=True).content.decode()
    second = browser.post(address, follow=True).content.decode()

    assert "The audit is cancelled. What earlier ones found stays." in first
    assert "has no result. Cancelled by maya." in first
    assert "The metric is as expected." in first
    assert "Under way" not in first
    assert "The audit had ended already, so nothing was cancelled." in second
    audit.refresh_from_db()
    assert audit.status == "cancelled"


def test_earlier_audits_can_be_read_again(browser: Client, person: User) -> None:
    old = stored(report_of(audited("ctr", **TOO_MANY)), person, days=7)
    stored(report_of(audited("ctr")))

    assert "The metric is as expected." in text(browser, ADDRESS)
    page = text(browser, f"{ADDRESS}?audit={old.pk}")
    assert "Mind the p-values of CTR." in page
    assert "7 days, 500 splits, fixed maya" in page
    assert "28 days, 500 splits, fixed the weekly round" in page
    assert "The metric is as expected." in text(browser, f"{ADDRESS}?audit=nonsense")
