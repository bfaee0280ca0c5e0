"""How an experiment is measured, as a form: a role for every metric, and the statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from dashboard import formats
from experiments.exceptions import ExperimentError
from experiments.measurement import (
    EXPLAINING,
    WATCHED_MARGIN,
    Guarded,
    Measurement,
    faults,
)
from experiments.metrics import GUARDRAILS, Metric
from experiments.metrics.wording import sentence

ROLES = [
    ("", _("Not measured")),
    ("goal", _("Goal as well")),
    ("secondary", _("Secondary")),
    ("guardrail", _("Guardrail")),
]
METHODS = {
    "sequential": (_("Sequential"), _("Look any day, stop when it is clear")),
    "fixed": (_("Fixed horizon"), _("One look, when the planned users have come")),
    "bayesian": (_("Bayesian"), _("Chance to win by a prior, at the planned users")),
}
CORRECTIONS = [
    ("holm", _("Holm: no false find, at the confidence")),
    ("e_bh", _("e-BH: few false finds among the finds")),
    ("none", _("None: each comparison for itself")),
]
TRAINING = [
    ("own_arm", _("Own arm: each arm learns from its own clicks")),
    ("frozen", _("Frozen: nothing is learned while it runs")),
    ("shared", _("Shared: arms learn from each other, and nothing is decided")),
]
USUAL_MARGIN = Decimal(5)


@dataclass(frozen=True, kw_only=True)
class MetricRow:
    """One metric that is not the primary goal, with its two fields. `note` is what it does unless
    it is given a role.
    """

    metric: Metric
    role: forms.BoundField
    margin: forms.BoundField
    note: str


class MeasurementForm(forms.Form):
    """Margins and the confidence are typed in percent."""

    use_required_attribute = False

    primary_metric = forms.ChoiceField(
        initial="ctr",
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the metric that decides."),
            "invalid_choice": _("There is no such metric. Choose one of those shown."),
        },
    )
    method = forms.ChoiceField(
        choices=[(key, name) for key, (name, _) in METHODS.items()],
        initial="sequential",
        widget=forms.RadioSelect,
    )
    planned_users = forms.IntegerField(
        initial=5000,
        label=_("Planned users"),
        help_text=_("Of control and one treatment together. Intervals are tightest about there."),
        error_messages={
            "required": _("Give the planned number of users."),
            "invalid": _("Give a whole number of users."),
        },
    )
    confidence = forms.DecimalField(
        initial=95,
        label=_("Confidence"),
        help_text=_("80 to 99.9."),
        error_messages={
            "required": _("Give a confidence from 80 to 99.9."),
            "invalid": _("Give a number from 80 to 99.9."),
        },
    )
    correction = forms.ChoiceField(
        choices=CORRECTIONS,
        initial="holm",
        label=_("Correction"),
        help_text=_("Over goals and treatments."),
    )
    lookback_days = forms.IntegerField(
        initial=0,
        required=False,
        label=_("Days before"),
        error_messages={"invalid": _("Give a whole number of days.")},
        help_text=_(
            "Before each user's first exposure, for CUPED and to check that arms were alike."
        ),
    )
    cuped = forms.BooleanField(required=False, label=_("Adjust by CUPED"))
    segments = forms.CharField(
        required=False,
        label=_("Segments"),
        help_text=_("Attributes of your requests to cut by, such as country, device."),
    )
    training_data = forms.ChoiceField(
        choices=TRAINING,
        initial="own_arm",
        label=_("Training data"),
        help_text=_("What the arms' models learn from while it runs."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        metrics: Mapping[str, Metric],
        of: Measurement | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=(_initial(of) if of else {}) | dict(initial or {}))
        self._metrics = metrics
        goal = self.fields["primary_metric"]
        assert isinstance(goal, forms.ChoiceField)  # noqa: S101  (for the type checker)
        goal.choices = [(metric.key, metric.name) for metric in metrics.values()]
        for key in metrics:
            self.fields[f"role_{key}"] = forms.ChoiceField(choices=ROLES, required=False)
            self.fields[f"margin_{key}"] = forms.DecimalField(
                required=False,
                initial=USUAL_MARGIN,
                max_digits=5,
                error_messages={"invalid": _("Give a number above 0 and below 100.")},
            )

    @property
    def primaries(self) -> list[dict[str, Any]]:
        """The radio cards of the primary goal."""
        chosen = self["primary_metric"].value()
        return [
            {"metric": m, "says": m.description or sentence(m), "checked": m.key == chosen}
            for m in self._metrics.values()
        ]

    @property
    def methods(self) -> list[dict[str, Any]]:
        """The radio cards of the method."""
        chosen = self["method"].value()
        return [
            {"key": key, "name": name, "hint": hint, "checked": key == chosen}
            for key, (name, hint) in METHODS.items()
        ]

    @property
    def rows(self) -> list[MetricRow]:
        return [
            MetricRow(
                metric=metric,
                role=self[f"role_{key}"],
                margin=self[f"margin_{key}"],
                note=_note(metric),
            )
            for key, metric in self._metrics.items()
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for key in self._of_role("guardrail"):
            margin = cleaned.get(f"margin_{key}")
            if f"margin_{key}" not in self.errors and not (margin and 0 < margin < 100):
                self.add_error(
                    f"margin_{key}",
                    _now(
                        "Give a margin above 0 and below 100. With 0, no amount of data can show "
                        "that the metric is safe."
                    ),
                )
        for fault in faults(self.wanted(), self._metrics):
            self.refuse(fault)
        return cleaned

    def wanted(self) -> Measurement:
        """What was chosen; a field that is in error is left at its default."""
        given = self.cleaned_data
        primary = given.get("primary_metric")
        plain = ("method", "planned_users", "correction", "training_data")
        names = [name.strip() for name in given.get("segments", "").split(",")]
        chosen: dict[str, Any] = {name: given[name] for name in plain if name in given}
        if "confidence" in given:
            chosen["confidence"] = float(given["confidence"] / 100)
        return Measurement(
            goals=(*([primary] if primary else []), *self._of_role("goal")),
            secondaries=self._of_role("secondary"),
            guardrails=tuple(
                Guarded(metric=key, margin=float(given[f"margin_{key}"] / 100))
                for key in self._of_role("guardrail")
                if f"margin_{key}" in given
            ),
            lookback_days=given.get("lookback_days") or 0,
            cuped=given.get("cuped", False) and "lookback_days" in given,
            segments=tuple(name for name in names if name),
            **chosen,
        )

    def refuse(self, error: ExperimentError) -> bool:
        """Shows the error in its place; False where it is not about the measurement. What a field
        says of itself comes first.
        """
        places = {"goals": "primary_metric", "secondaries": None, "guardrails": None}
        field = (error.field or "").partition("/")[0]
        if field not in places and field not in self.fields:
            return False
        place = places.get(field, field)
        if place is None or place not in self.errors:
            self.add_error(place, error.message)
        return True

    def _of_role(self, role: str) -> tuple[str, ...]:
        """The metrics of a role. The primary goal has no other, whatever its row says."""
        primary = self.cleaned_data.get("primary_metric")
        return tuple(
            key
            for key in self._metrics
            if key != primary and self.cleaned_data.get(f"role_{key}") == role
        )


def _note(metric: Metric) -> str:
    said = []
    if metric.key in EXPLAINING:
        said.append(_now("Shown in any case"))
    if metric.key in GUARDRAILS:
        said.append(_now("Watched in any case, margin %s") % formats.share(WATCHED_MARGIN))
    if metric.winsorise is not None:
        said.append(winsorised(metric.winsorise))
    return ". ".join(said)


def winsorised(percentile: float) -> str:
    """Where the definition of a metric cuts users off, which no experiment does for itself."""
    return _now("Winsorised at the %(percentile)sth percentile, by its definition") % {
        "percentile": f"{percentile * 100:g}"
    }


def _initial(measured: Measurement) -> dict[str, Any]:
    """A measurement as it is typed."""
    primary, *others = measured.goals
    shown: dict[str, Any] = {
        "primary_metric": primary,
        "method": measured.method,
        "planned_users": measured.planned_users,
        "confidence": f"{measured.confidence * 100:g}",
        "correction": measured.correction,
        "lookback_days": measured.lookback_days,
        "cuped": measured.cuped,
        "segments": ", ".join(measured.segments),
        "training_data": measured.training_data,
    }
    shown |= {f"role_{key}": "goal" for key in others}
    shown |= {f"role_{key}": "secondary" for key in measured.secondaries}
    for guarded in measured.guardrails:
        shown[f"role_{guarded.metric}"] = "guardrail"
        shown[f"margin_{guarded.metric}"] = f"{guarded.margin * 100:g}"
    return shown
