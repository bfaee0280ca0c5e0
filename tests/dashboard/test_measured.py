"""What was chosen before the start, in words on the experiment's page."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from dashboard.reading.measured import Fact, facts
from experiments.measurement import Guarded, Measurement
from experiments.metrics import METRICS
from experiments.models import Experiment


def test_every_choice_is_said() -> None:
    measurement = Measurement(
        goals=("ctr", "conversion"),
        secondaries=("clicked",),
        guardrails=(Guarded(metric="revenue_per_user", margin=0.025),),
        method="fixed",
        planned_users=20_000,
        confidence=0.9,
        correction="none",
        lookback_days=14,
        cuped=True,
        segments=("country", "device"),
        training_data="frozen",
    )

    assert facts(measurement, METRICS) == (
        Fact(name="Goals", text="CTR, Conversion"),
        Fact(name="Secondaries", text="Users who clicked"),
        Fact(name="Guardrails", text="Revenue per user, margin 2.5%", term="guardrail"),
        Fact(name="Always shown", text="Clicks per user, Impressions per user"),
        Fact(
            name="Watched",
            text="Slow slates, Fallback rate, Unattributed clicks, margin 10%; "
            "no winner waits for them",
            term="guardrail",
        ),
        Fact(
            name="Method",
            text="Fixed horizon: judged once, at the planned users",
            term="fixed-horizon",
        ),
        Fact(
            name="Planned users",
            text="20,000 in control and a treatment together",
            term="planned-users",
        ),
        Fact(name="Confidence", text="90%", term="confidence"),
        Fact(name="Correction", text="none", term="correction"),
        Fact(name="Days before", text="14 days, adjusted by CUPED", term="cuped"),
        Fact(name="Segments", text="country, device", term="segment"),
        Fact(name="Training data", text="Frozen while it runs"),
    )


def test_what_was_not_chosen_is_not_said() -> None:
    said = [fact.name for fact in facts(Measurement(goals=("ctr",)), METRICS)]

    assert said == [
        *("Goal", "Always shown", "Watched", "Method", "Planned users", "Confidence", "Correction"),
        "Training data",
    ]


def test_the_page_says_it_before_and_after_the_start(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    draft, running = make_experiment("One", running=False), make_experiment("Two")

    for address, when in (
        (draft.get_absolute_url(), "Frozen when it starts"),
        (f"{running.get_absolute_url()}settings/", "Frozen since it"),
    ):
        page = browser.get(address).content.decode()
        assert when in page
        assert "5,000 in control and a treatment together" in page


def test_the_settings_say_who_takes_part(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    running = make_experiment("Two")
    Experiment.objects.filter(pk=running.pk).update(traffic="0.3")

    page = " ".join(browser.get(f"{running.get_absolute_url()}settings/").content.decode().split())

    assert f"30% of the users of layer {running.layer.key}" in page
    assert "None: users of any attributes" in page
