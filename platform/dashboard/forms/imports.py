"""The forms of an import: which file, and which column is which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard import formats
from events import import_columns
from imports import uploading
from imports.guessing import guess
from recommenders import item_shapes


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A kind of file: its fields with the names that they go by elsewhere, and what each holds."""

    title: str | Promise
    says: str | Promise
    required: Sequence[str]
    known: Mapping[str, Sequence[str]]
    holds: Mapping[str, str | Promise]


USERS = ("user id", "customer", "customer id", "visitor id", "member id", "account id", "client id")
ITEMS = ("item id", "product", "product id", "sku", "movie id", "article id", "content id", "asin")
EVENTS = Shape(
    title=_("Past behaviour"),
    says=_(
        "What people did: views, clicks, purchases, ratings. It goes into the log, for training."
    ),
    required=import_columns.REQUIRED,
    known={
        "user": USERS,
        "item": ITEMS,
        "at": ("timestamp", "time", "datetime", "date", "event time", "created at", "ts"),
        "type": ("event", "event type", "action"),
        "value": ("rating", "price", "amount", "score", "revenue"),
        "id": ("event id",),
        "request_id": ("request",),
        "properties": (),
    },
    holds={
        "user": _("who did it"),
        "item": _("with what"),
        "at": _("when: a time with a zone, or seconds since 1970"),
        "type": _("what it was; without it a rating where there is a value, else a view"),
        "value": _("a number: a price, a rating"),
        "id": _("its own id; without it one is made of what the row says"),
        "request_id": _("the request that showed the item"),
        "properties": _("an object of plain values, as JSON"),
    },
)
CATALOGUE = Shape(
    title=_("The catalogue"),
    says=_("Items with their titles. Those that are there are brought up to date."),
    required=item_shapes.REQUIRED,
    known={
        "item": (*ITEMS, "id"),
        "title": ("name", "product name", "item name", "movie title"),
        "categories": ("category", "genres", "genre", "tags"),
        "attributes": (),
        "available": ("in stock", "in_stock"),
    },
    holds={
        "item": _("its id, as events name it"),
        "title": _("as people read it"),
        "categories": _("a list, or text with | between"),
        "attributes": _("an object; every column that is no field is an attribute too"),
        "available": _("true or false: whether it may be recommended now; without it true"),
    },
)
SHAPES = {"events": EVENTS, "items": CATALOGUE}
SUFFIXES = ", ".join(uploading.SUFFIXES)


class FileForm(forms.Form):
    """What is imported, and the file: sent along, or for an admin one of the server's."""

    use_required_attribute = False

    kind = forms.ChoiceField(
        label=_("What is in it"),
        choices=[(kind, shape.title) for kind, shape in SHAPES.items()],
        initial="events",
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what is in the file.")},
    )
    upload = forms.FileField(required=False, allow_empty_file=True, label=_("File"))
    on_server = forms.ChoiceField(required=False, label=_("Or one on the server"))

    def __init__(self, *args: Any, may_name: bool, too_large: bool = False, **given: Any) -> None:
        super().__init__(*args, **given)
        self._too_large = too_large
        self._files = {path.name: path for path in uploading.server_files()} if may_name else {}
        if not self._files:
            del self.fields["on_server"]
            return
        picker = self.fields["on_server"]
        assert isinstance(picker, forms.ChoiceField)  # noqa: S101  (for the type checker)
        picker.choices = [("", _("none")), *((name, name) for name in self._files)]
        picker.help_text = _("Files of %s.") % settings.IMPORT_DIR

    @property
    def bound(self) -> str:
        """What may be sent."""
        most = formats.size(settings.UPLOAD_MOST_BYTES)
        return str(_("%(kinds)s, of at most %(most)s.") % {"kinds": SUFFIXES, "most": most})

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        if self._too_large:
            raise forms.ValidationError(
                _("The file is too large: give %s Larger ones go by manage.py, or by the server.")
                % self.bound
            )
        if upload and Path(upload.name).suffix.lower() not in uploading.SUFFIXES:
            raise forms.ValidationError(_("Give a file that ends in one of %s.") % SUFFIXES)
        if upload and not upload.size:
            raise forms.ValidationError(_("The file is empty. Give one with rows."))
        return upload

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and bool(given.get("upload")) == bool(given.get("on_server")):
            self.add_error(
                "upload",
                _("Give one file: sent along or on the server, not both.")
                if given.get("upload")
                else _("Choose a file."),
            )
        return given

    def server_file(self) -> Path | None:
        """The file that was named, if any."""
        return self._files.get(self.cleaned_data.get("on_server", ""))


class ColumnsForm(forms.Form):
    """A column for each field, guessed from the names."""

    use_required_attribute = False

    def __init__(
        self, data: Any, *, kind: str, columns: Sequence[str], chosen: Mapping[str, str]
    ) -> None:
        super().__init__(data)
        self._shape, self._columns = SHAPES[kind], columns
        usual = chosen or guess(columns, self._shape.known)
        for field in self._shape.known:
            required = field in self._shape.required
            self.fields[field] = forms.ChoiceField(
                label=field.replace("_", " "),
                required=required,
                initial=usual.get(field, ""),
                choices=[("", _("none")), *((name, name) for name in columns)],
                help_text=str(self._shape.holds[field]),
                error_messages={"required": _("Choose the column that holds it.")},
            )

    def clean(self) -> dict[str, Any]:
        taken: dict[str, str] = {}
        for field, column in list(self.cleaned_data.items()):
            if column and column in taken:
                self.add_error(field, _("This column is %s already.") % taken[column])
            elif column:
                taken[column] = field
        for field in self.fields:
            if self.cleaned_data.get(field) == "" and field in self._columns:
                self._check_free(field, taken)
        return self.cleaned_data

    def _check_free(self, field: str, taken: Mapping[str, str]) -> None:
        """A column of a field's own name is that field, unless another field takes it."""
        if field not in taken:
            self.add_error(field, _("The column “%s” is this field: choose it.") % field)

    def columns(self) -> dict[str, str]:
        """The column by field, of those that have one."""
        return {field: column for field, column in self.cleaned_data.items() if column}
