"""What stands around a list of experiments: filters with counts, heads that sort. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard.experiment_list import Asked, Option

HEADS = (
    ("name", gettext_lazy("Experiment")),
    ("attention", gettext_lazy("Reads")),
    ("lift", gettext_lazy("Lift")),
    ("", gettext_lazy("Arms")),
    ("users", gettext_lazy("Users")),
    ("", gettext_lazy("Placement")),
    ("started", gettext_lazy("Started")),
)
FIGURES = ("lift", "users", "started")
STATUSES = {
    "draft": gettext_lazy("Drafts"),
    "running": gettext_lazy("Running"),
    "paused": gettext_lazy("Paused"),
    "stopped": gettext_lazy("Stopped"),
    "shipped": gettext_lazy("Shipped"),
    "archived": gettext_lazy("Archived"),
}


@dataclass(frozen=True, kw_only=True)
class Link:
    """One of several to choose from, with what it would show."""

    name: str
    address: str
    count: int
    on: bool


@dataclass(frozen=True, kw_only=True)
class Select:
    """A filter to choose a value of; `all` is what it says where none is chosen."""

    name: str
    label: str
    all: str
    chosen: str
    options: Sequence[Option]


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a column. `column` is empty where it does not sort, `order` where it does not
    now.
    """

    column: str
    name: str
    address: str
    order: str

    @property
    def figures(self) -> bool:
        return self.column in FIGURES


def statuses(asked: Asked, options: Sequence[Option]) -> list[Link]:
    """All of them together first, then each that there is."""
    return [
        Link(
            name=_("All"),
            address=asked.address(status=""),
            count=sum(option.count for option in options),
            on=not asked.status,
        ),
        *(
            Link(
                name=str(STATUSES.get(option.value, option.value)),
                address=asked.address(status=option.value),
                count=option.count,
                on=asked.status == option.value,
            )
            for option in options
        ),
    ]


def selects(asked: Asked, options: Mapping[str, Sequence[Option]]) -> list[Select]:
    """Those that have anything to choose between, or a value chosen."""
    found = (
        Select(
            name=name, label=label, all=every, chosen=getattr(asked, name), options=options[name]
        )
        for name, label, every in (
            ("placement", _("Placement"), _("All placements")),
            ("layer", _("Layer"), _("All layers")),
            ("owner", _("Owner"), _("Everybody's")),
        )
    )
    return [select for select in found if len(select.options) > 1 or select.chosen]


def heads(asked: Asked) -> list[Head]:
    return [
        Head(
            column=column,
            name=str(name),
            address=asked.address(sort=asked.sorted_by(column)) if column else "",
            order=_order(asked, column),
        )
        for column, name in HEADS
    ]


def _order(asked: Asked, column: str) -> str:
    if not column or asked.sort.removeprefix("-") != column:
        return ""
    return "descending" if asked.sort.startswith("-") else "ascending"


def pages(asked: Asked, *, number: int, last: int) -> dict[str, str]:
    """Where `before` and `after` lead; empty at an end."""
    return {
        "before": asked.address(page=number - 1) if number > 1 else "",
        "after": asked.address(page=number + 1) if number < last else "",
    }
