"""The forms that end an experiment's life. The moves decide what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from experiments.exceptions import ExperimentError
from experiments.models import Variant
from experiments.moves.close import LONGEST_RATIONALE

WHY = _("Say why: whoever comes after you will ask.")
DECISIONS = [
    ("roll_back", "Roll back: the default stays as it is"),
    ("inconclusive", "Inconclusive: it could not be told"),
]


class ClosingForm(forms.Form):
    """Why it ends as it does."""

    use_required_attribute = False

    rationale = forms.CharField(
        max_length=LONGEST_RATIONALE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Kept with the decision and in the audit trail."),
        error_messages={"required": WHY},
    )

    def wanted(self) -> dict[str, Any]:
        """What the move is given."""
        return dict(self.cleaned_data)

    def refuse(self, error: ExperimentError) -> None:
        """Shows the move's error in its place."""
        self.add_error(error.field if error.field in self.fields else None, error.message)


class ShipForm(ClosingForm):
    """Which variant becomes the default, and why."""

    field_order = ["winner", "rationale"]
    winner = forms.ChoiceField(
        widget=forms.RadioSelect,
        label=_("Ship"),
        error_messages={
            "required": _("Choose the variant that everybody gets."),
            "invalid_choice": _("There is no such variant. Choose one of those shown."),
        },
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        variants: Sequence[Variant],
        default: str,
        chosen: str = "",
    ) -> None:
        """`default` is the key of the recommender that the placement has now."""
        super().__init__(data, initial={"winner": chosen})
        picker = self.fields["winner"]
        assert isinstance(picker, forms.ChoiceField)  # noqa: S101  (for the type checker)
        picker.choices = [(variant.key, _named(variant, default)) for variant in variants]


class ArchiveForm(ClosingForm):
    """What was decided, and why; of a draft or a shipped experiment neither is asked."""

    field_order = ["decision", "rationale"]
    decision = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=DECISIONS,
        label=_("What was decided"),
        error_messages={"required": _("Say what was decided. To ship, ship it.")},
    )

    def __init__(self, data: QueryDict | None, *, decides: bool) -> None:
        super().__init__(data)
        if not decides:
            del self.fields["decision"], self.fields["rationale"]


def _named(variant: Variant, default: str) -> str:
    serves = variant.recommender.key
    return format_html(
        '<span class="chip arm-{}">{}</span> {}{}{}',
        variant.letter.lower(),
        variant.letter,
        variant.key,
        f" ({serves})" if serves != variant.key else "",
        _now(", the default already: it stays as it is") if serves == default else "",
    )
