"""The form that asks for an A/A audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from experiments import audits
from experiments.metrics.auditing.spec import DAYS, SPLITS
from experiments.models import Audit

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _number(label: StrOrPromise, help_text: StrOrPromise, initial: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        initial=initial,
        error_messages={"required": _("Give a number."), "invalid": _("Give a whole number.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


class AuditForm(forms.Form):
    """Settings are checked where the audit is asked for; errors are said in their place."""

    use_required_attribute = False

    days = _number(_("Days"), _("Users who were served anything in the last days are split."), DAYS)
    splits = _number(
        _("Splits"),
        _("100 say little: the interval is as wide as 16 points. Take 500 or more."),
        SPLITS,
    )
    lookback_days = _number(
        _("Days before, for CUPED"),
        _("With a number above 0, the comparisons that CUPED adjusts are audited."),
        0,
    )
    method = forms.ChoiceField(
        label=_("Method"),
        help_text=_("The fixed one shows most: the sequential one keeps its 5% for many looks."),
        choices=[
            ("fixed", _("Fixed horizon, one look")),
            ("sequential", _("Sequential, at one look")),
        ],
        error_messages={"invalid_choice": _("Choose one of those shown.")},
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for fault in audits.faults(**cleaned):
            self.add_error(fault.field, fault.message)
        return cleaned

    def ask(self, actor: User) -> Audit | None:
        """The audit that was asked for; None where something is wrong, which the form then says."""
        if not self.is_valid():
            return None
        return audits.request_audit(**self.cleaned_data, actor=actor)
