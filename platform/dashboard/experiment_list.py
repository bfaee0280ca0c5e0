"""Which experiments a list shows: searched, filtered, sorted, a page at a time. In the database, in
as many queries for a thousand experiments as for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from experiments import selectors
from experiments.models import Experiment

SHOWN = 25
LONGEST = 160
FILTERS = {
    "status": "status",
    "placement": "placement__key",
    "layer": "layer__key",
    "owner": "created_by__username",
}
SORTS = ("name", "attention", "lift", "users", "started")
COLUMNS = {"name": "name", "lift": "lift", "users": "users", "started": "started_at"}

PRESSING = ("unhealthy", "roll_back", "ship", "inconclusive", "taken_out")
STATUSES = ("paused", "stopped", "running", "draft", "shipped", "archived")
ATTENTION = Case(
    *(
        When(Q(status="running", state=state), then=Value(rank))
        for rank, state in enumerate(PRESSING)
    ),
    *(When(status=status, then=Value(10 + rank)) for rank, status in enumerate(STATUSES)),
    output_field=IntegerField(),
)
"""How much an experiment of `selectors.listed` asks for a person: the lower, the more."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an address asks for; empty where it asks for nothing. `sort` with a minus descends."""

    q: str = ""
    status: str = ""
    placement: str = ""
    layer: str = ""
    owner: str = ""
    sort: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        """A column that is not there sorts nothing; a value that is not there finds nothing."""
        said = {name: _clean(given.get(name, "")) for name in ("q", *FILTERS, "sort")}
        if said["sort"].removeprefix("-") not in SORTS:
            said["sort"] = ""
        return cls(**said)

    def address(self, *, page: int = 1, **changes: str) -> str:
        """The query of this list with `changes`, in as few words as say it."""
        changed = replace(self, **changes)
        said = {name: getattr(changed, name) for name in ("q", *FILTERS, "sort")}
        said["page"] = str(page) if page > 1 else ""
        return "?" + urlencode({name: value for name, value in said.items() if value})

    def sorted_by(self, column: str) -> str:
        """The sort that a click on a column's head asks for: the other way round, if it is on."""
        first = column if column in ("name", "attention") else f"-{column}"
        second = f"-{column}" if first == column else column
        return second if self.sort == first else first


@dataclass(frozen=True, kw_only=True)
class Option:
    """A value of a filter, and how many experiments it would show beside the other filters."""

    value: str
    name: str
    count: int


def found(asked: Asked) -> QuerySet[Experiment]:
    """The experiments asked for, in the order asked for: the newest made first without one."""
    return _sorted(_narrowed(selectors.listed(), asked), asked.sort)


def options(asked: Asked) -> dict[str, list[Option]]:
    """The values of every filter. What is chosen is among them even where it shows nothing."""
    return {name: _options(name, asked) for name in FILTERS}


def _options(name: str, asked: Asked) -> list[Option]:
    field, chosen = FILTERS[name], getattr(asked, name)
    others = _narrowed(Experiment.objects.all(), replace(asked, **{name: ""}))
    rows = others.exclude(**{f"{field}": None}).order_by(field).values_list(field)
    counts: dict[str, int] = dict(rows.annotate(Count("pk")))
    counts.setdefault(chosen, 0)
    names = _names(counts) if name == "owner" else {}
    order = [*Experiment.Status.values] if name == "status" else sorted(counts)
    return [
        Option(value=value, name=names.get(value, value), count=counts[value])
        for value in (*order, *(each for each in counts if each not in order))
        if value and value in counts
    ]


def _names(usernames: Mapping[str, int]) -> dict[str, str]:
    people = User.objects.filter(username__in=usernames)
    return {one.get_username(): one.get_full_name() or one.get_username() for one in people}


def _narrowed(experiments: QuerySet[Experiment], asked: Asked) -> QuerySet[Experiment]:
    chosen = {field: getattr(asked, name) for name, field in FILTERS.items()}
    narrowed = experiments.filter(**{field: value for field, value in chosen.items() if value})
    for condition in _said(asked.q):
        narrowed = narrowed.filter(condition)
    return narrowed


def _said(text: str) -> Iterator[Q]:
    """Each word is in the name, the key or the hypothesis."""
    for word in text.split():
        in_name, in_key = Q(name__icontains=word), Q(key__icontains=word)
        yield in_name | in_key | Q(hypothesis__icontains=word)


def _sorted(experiments: QuerySet[Experiment], sort: str) -> QuerySet[Experiment]:
    """What has no value comes last, whichever way."""
    if not sort:
        return experiments.order_by("-id")
    column = sort.removeprefix("-")
    if column == "attention":
        experiments = experiments.annotate(attention=ATTENTION)
    by = F(COLUMNS.get(column, "attention"))
    ordered = by.desc(nulls_last=True) if sort.startswith("-") else by.asc(nulls_last=True)
    return experiments.order_by(ordered, "-id")


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST]
