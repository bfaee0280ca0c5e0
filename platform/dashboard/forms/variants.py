"""The variant rows of a new experiment. The service decides what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.ramp import typed as in_percent
from dashboard.forms.selects import TellingField
from experiments.checks import MOST_VARIANTS, VariantSpec, check_variants
from experiments.exceptions import ExperimentError
from experiments.models import Experiment, Variant
from recommenders.models import Recommender

HUNDRED = Decimal(100)
FIRST_ROWS = 3


class VariantForm(forms.Form):
    """One arm. Its weight is typed in percent; a row left wholly empty is no arm."""

    use_required_attribute = False

    recommender = TellingField(required=False)
    weight = forms.DecimalField(
        required=False,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0", "data-weight": ""}),
        error_messages={
            "invalid": _("Give a number."),
            "max_decimal_places": _("Give at most two decimals: 0.01%% is one bucket."),
        },
    )

    def is_blank(self) -> bool:
        return not self["recommender"].value() and self["weight"].value() in (None, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.is_blank() and "weight" not in self.errors:
            if not cleaned.get("recommender") and "recommender" not in self.errors:
                self.add_error("recommender", _("Choose a recommender, or clear the weight."))
            if cleaned.get("weight") is None:
                self.add_error("weight", _("Give a weight, such as 50."))
        return cleaned


@dataclass(kw_only=True)
class VariantRows:
    """The rows of the form, in their order: the first is the control."""

    rows: list[VariantForm]
    empty: VariantForm
    recommenders: dict[str, Recommender]
    keys: dict[str, str]
    """Of a draft, the keys that its arms keep, by recommender."""
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        data: Mapping[str, Any] | None,
        recommenders: Sequence[Recommender],
        *,
        of: Experiment | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> VariantRows:
        """Rows as they were sent, or as typed before, or those of a draft, or the first three of a
        new form.
        """
        if data is None and initial is not None:
            rows = [_row(None, n, recommenders, typed=initial) for n in range(_sent(initial))]
        elif data is None and of is not None:
            shown = list(of.variants.select_related("recommender"))
            rows = [_row(None, n, recommenders, variant) for n, variant in enumerate(shown)]
        else:
            count = FIRST_ROWS if data is None else _sent(data)
            rows = [_row(data, n, recommenders) for n in range(count)]
        return cls(
            rows=rows,
            empty=_row(None, "__prefix__", recommenders),
            recommenders={r.key: r for r in recommenders},
            keys=_keys(of),
        )

    def is_valid(self) -> bool:
        """What the service says of the arms together is shown, too."""
        valid = [row.is_valid() for row in self._filled()]
        if not all(valid):
            return False
        try:
            check_variants(self.wanted())
        except ExperimentError as error:
            return not self.refuse(error)
        return True

    @property
    def wrong(self) -> int:
        """How many fields are to be mended, once it was found out whether it is valid."""
        return sum(len(row.errors) for row in self._filled()) + len(self.errors)

    def wanted(self) -> list[VariantSpec]:
        left = dict(self.keys)  # of two arms of a recommender, the first keeps the key
        return [
            VariantSpec(
                recommender=self.recommenders[row.cleaned_data["recommender"]],
                weight=row.cleaned_data["weight"] / HUNDRED,
                key=left.pop(row.cleaned_data["recommender"], None),
            )
            for row in self._filled()
        ]

    def refuse(self, error: ExperimentError) -> bool:
        """Shows an error about variants in its place; False where it is about something else."""
        stem, *rest = (error.field or "").split("/")
        if stem != "variants":
            return False
        if len(rest) == 2 and rest[1] in VariantForm.base_fields:
            self._filled()[int(rest[0])].add_error(rest[1], error.message)
        else:
            self.errors.append(error.message)
        return True

    def _filled(self) -> list[VariantForm]:
        return [row for row in self.rows if not row.is_blank()]


def _keys(draft: Experiment | None) -> dict[str, str]:
    """Where one recommender has several arms, they are told apart by their order alone."""
    arms = [(v.recommender.key, v.key) for v in draft.variants.all()] if draft else []
    named = [recommender for recommender, _ in arms]
    return {recommender: key for recommender, key in arms if named.count(recommender) == 1}


def _row(
    data: Mapping[str, Any] | None,
    n: int | str,
    recommenders: Sequence[Recommender],
    variant: Variant | None = None,
    typed: Mapping[str, Any] | None = None,
) -> VariantForm:
    first: dict[str, Any] | None = {"weight": 50} if data is None and n in (0, 1) else None
    if variant is not None:
        first = {"recommender": variant.recommender.key, "weight": in_percent(variant.weight)}
    if typed is not None:
        first = {name: typed.get(f"variants-{n}-{name}", "") for name in VariantForm.base_fields}
    form = VariantForm(data, prefix=f"variants-{n}", initial=first)
    picker = form.fields["recommender"]
    assert isinstance(picker, TellingField)  # noqa: S101  (for the type checker)
    picker.offer(
        _choices(recommenders), {r.key: {"version": str(r.live or "")} for r in recommenders}
    )
    return form


def _choices(recommenders: Sequence[Recommender]) -> list[Any]:
    """Those that can be started first; a draft may name one that is still to be trained."""
    trained = [(r.key, r.key) for r in recommenders if r.live]
    waiting = [(r.key, r.key) for r in recommenders if not r.live]
    return [
        ("", _("Choose one")),
        *trained,
        *([(_("Not trained yet"), waiting)] if waiting else []),
    ]


def _sent(data: Mapping[str, Any]) -> int:
    try:
        return min(max(int(str(data["variants-TOTAL_FORMS"])), 2), MOST_VARIANTS)
    except (KeyError, ValueError):
        return FIRST_ROWS
