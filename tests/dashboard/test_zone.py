"""Times in the reader's zone: shown, typed, and named where the mouse rests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from dashboard.forms.log_rows import RowsForm
from dashboard.forms.when import when
from dashboard.zone import readers_zone, zone_named
from experiments.models import Experiment
from tests.dashboard.factories import START, snapshot_of

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
AMSTERDAM = zone_named("Europe/Amsterdam")


class Form(forms.Form):
    at = when("Start", "Left empty, you start it yourself.")


def shown(at: datetime) -> str:
    return Template("{% load winnow %}{% moment at 'clock' %}").render(Context({"at": at}))


def test_a_time_is_written_in_the_zone_and_names_it() -> None:
    assert shown(NOON) == (
        '<time datetime="2026-07-01T12:00:00+00:00" data-style="clock" '
        'title="1 Jul 2026, 12:00:00 UTC">1 Jul, 12:00 UTC</time>'
    )
    with timezone.override(AMSTERDAM):
        assert shown(NOON) == (
            '<time datetime="2026-07-01T12:00:00+00:00" data-style="clock" '
            'title="1 Jul 2026, 14:00:00 Europe/Amsterdam">1 Jul, 14:00</time>'
        )


def test_a_page_is_written_in_the_zone_of_the_cookie(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)
    browser.cookies["zone"] = "Asia/Kolkata"

    page = browser.get(experiment.get_absolute_url()).content.decode()

    assert START.hour == 8
    assert "10 Nov, 13:30</time>" in page
    assert "UTC</time>" not in page


@pytest.mark.parametrize("cookie", ["", "Mars/Base", "../../etc/passwd", "x\0"])
def test_a_cookie_that_names_no_zone_is_utc(cookie: str) -> None:
    request = HttpRequest()
    request.COOKIES["zone"] = cookie
    seen: list[str] = []

    def view(_: HttpRequest) -> HttpResponse:
        seen.append(timezone.get_current_timezone_name())
        return HttpResponse()

    readers_zone(view)(request)

    assert seen == ["UTC"]


def typed(**given: str) -> Form:
    return Form({name.replace("_", "-"): value for name, value in given.items()})


def test_a_time_is_read_in_the_zone_in_which_its_form_was_shown() -> None:
    with timezone.override(AMSTERDAM):
        page = str(Form(initial={"at": NOON})["at"])
        hint = str(Form()["at"].help_text)
    assert 'value="2026-07-01T14:00"' in page
    assert '<input type="hidden" name="at-zone" value="Europe/Amsterdam">' in page
    assert hint == "Europe/Amsterdam. Left empty, you start it yourself."

    form = typed(at="2026-07-01T14:00", at_zone="Europe/Amsterdam")

    assert form.is_valid()
    assert form.cleaned_data["at"] == NOON


def test_a_time_without_a_zone_is_of_the_reader_and_a_refused_one_stays_as_typed() -> None:
    form = typed(at="2026-07-01T12:00")
    assert form.is_valid()
    assert form.cleaned_data["at"] == NOON

    gap = typed(at="2026-03-29T02:30", at_zone="Europe/Amsterdam")
    assert not gap.is_valid()
    assert 'value="2026-03-29T02:30"' in str(gap["at"])
    assert 'name="at-zone" value="Europe/Amsterdam"' in str(gap["at"])
    assert typed(at="soon", at_zone="Europe/Amsterdam").errors["at"] == [
        "Give a day and a time, such as 2026-12-01 08:00."
    ]
    assert typed(at="", at_zone="Europe/Amsterdam").is_valid()


def test_rows_of_the_log_are_asked_for_in_utc_wherever_one_is() -> None:
    with timezone.override(AMSTERDAM):
        form = RowsForm(QueryDict("since=2026-07-01T12:00"))
        assert form.is_valid()
        assert form.cleaned_data["since"] == NOON
