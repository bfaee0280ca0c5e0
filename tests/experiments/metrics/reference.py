"""The definitions of every metric once more, slow and obvious: plain loops over plain rows.

Written from docs/explanation/scorecard.md and not from the engine: one user, one fact at a time.
Rows are as the toy log takes them; times are seconds after its start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from experiments.metrics.definitions import Metric
from experiments.metrics.filters import Compare, Condition, Equals, Exists, OneOf
from experiments.metrics.measures import (
    ClickedSlates,
    Clicks,
    Events,
    Items,
    Measure,
    SeenItems,
    Slates,
    UnattributedClicks,
    Window,
)

Row = dict[str, Any]
DAY = 86_400


class Fact(NamedTuple):
    """Something that happened to a user and adds `amount`; `name` only for different items."""

    at: float
    amount: float
    post: bool
    pre: bool
    name: str | None = None


@dataclass
class Person:
    """A user of the experiment."""

    user: str
    phase: int
    arm: str
    first_at: float
    until: float
    placement: str | None
    attributes: dict[str, str]
    crossed: bool
    slates: list[Row] = field(default_factory=list)  # post
    earlier: list[Row] = field(default_factory=list)  # pre


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the spec says, in seconds. `phases` are (number, start); `linked`: by request ids;
    `absent`: the (phase number, variant) that take no users.
    """

    experiment: str
    variants: tuple[str, ...]
    phases: tuple[tuple[int, float], ...]
    as_of: float
    lookback: float
    linked: bool = True
    absent: frozenset[tuple[int, str]] = frozenset()


class Reference:
    def __init__(self, exposures: list[Row], events: list[Row], setting: Setting) -> None:
        self.setting = setting
        self.exposures = self.first_of_each_request(
            [row for row in exposures if row["at"] <= setting.as_of]
        )
        self.events = [row for row in events if row["at"] <= setting.as_of]
        self.people = {p.user: p for p in self.find_people()}

    def first_of_each_request(self, rows: list[Row]) -> list[Row]:
        kept: dict[Any, Row] = {}
        for number, row in enumerate(sorted(rows, key=lambda r: (r["at"], str(r["variant"])))):
            known = row["request_id"] is not None
            kept.setdefault((row["user"], row["request_id"]) if known else number, row)
        return list(kept.values())

    def find_people(self) -> Iterator[Person]:
        s = self.setting
        for user in sorted({row["user"] for row in self.exposures}):
            own = [row for row in self.exposures if row["user"] == user]
            ours = [row for row in own if row["experiment"] == s.experiment]
            split = [
                row
                for row in ours
                if row["reason"] == "split" and row["variant"] and row["phase"] <= s.phases[-1][0]
            ]
            if not split:
                continue
            phase = min(row["phase"] for row in split)
            here = [row for row in split if row["phase"] == phase]
            first = min(here, key=lambda row: row["at"])
            if phase not in [n for n, _ in s.phases] or first["variant"] not in s.variants:
                continue
            later = [start for n, start in s.phases if n > phase]
            person = Person(
                user=user,
                phase=phase,
                arm=first["variant"],
                first_at=first["at"],
                until=min([*later, s.as_of]),
                placement=first["placement"],
                attributes=first["attributes"],
                crossed=len({row["variant"] for row in here}) > 1,
                slates=here,
            )
            person.earlier = [
                row
                for row in own
                if row["placement"] == person.placement and self.is_before(person, row["at"])
            ]
            yield person

    def is_before(self, person: Person, at: float) -> bool:
        return person.first_at - self.setting.lookback <= at < person.first_at

    def counted(self) -> list[Person]:
        return [p for p in self.people.values() if not p.crossed and not self.is_absent(p)]

    def is_absent(self, person: Person) -> bool:
        return (person.phase, person.arm) in self.setting.absent

    # -- facts ---------------------------------------------------------------------------------

    def facts(self, person: Person, measure: Measure) -> list[Fact]:
        match measure:
            case Items():
                return self.served(person, lambda row: len(row["items"]))
            case Slates(slower_than_ms=limit, fallback=fallback):

                def wanted(row: Row) -> float:
                    slow = limit is None or (row["latency_ms"] or 0) > limit
                    return float(slow and (not fallback or row["fallback"] is not None))

                return self.served(person, wanted)
            case Clicks():
                return self.named(person, "click")[0]
            case SeenItems():
                return self.named(person, "impression")[0]
            case UnattributedClicks():
                return self.stray(person)
            case ClickedSlates():
                firsts: dict[str, Fact] = {}
                for fact in sorted(self.named(person, "click")[0]):
                    firsts.setdefault(str(fact.name), fact)
                return list(firsts.values())
            case Events():
                return self.happened(person, measure)
        raise AssertionError(measure)

    def served(self, person: Person, amount: Callable[[Row], float]) -> list[Fact]:
        post = [Fact(row["at"], amount(row), True, False) for row in person.slates]
        return post + [Fact(row["at"], amount(row), False, True) for row in person.earlier]

    def named(self, person: Person, kind: str) -> tuple[list[Fact], set[tuple[str, str]]]:
        """Facts named by their request, and the (request, item) pairs they stand for."""
        mine = [e for e in self.events if e["user"] == person.user and e["type"] == kind]
        if not self.setting.linked:
            return [self.fact(person, e["at"]) for e in mine], set()
        found: list[Fact] = []
        pairs: set[tuple[str, str]] = set()
        for event in sorted(mine, key=lambda e: e["at"]):
            pair = (event["request_id"], event["item"])
            if None in pair or pair in pairs:
                continue
            for slates, post in ((person.slates, True), (person.earlier, False)):
                for row in slates:
                    if row["request_id"] == pair[0] and pair[1] in row["items"]:
                        at = max(event["at"], row["at"])
                        pre = not post and self.is_before(person, at)
                        found.append(Fact(at, 1, post, pre, pair[0]))
                        pairs.add(pair)
        return found, pairs

    def stray(self, person: Person) -> list[Fact]:
        pairs = {
            (row["request_id"], item)
            for row in self.exposures
            if row["user"] == person.user and row["request_id"] is not None
            for item in row["items"]
        }
        found, seen = [], set()
        for event in sorted(self.events, key=lambda e: e["at"]):
            if event["user"] != person.user or event["type"] != "click":
                continue
            pair = (event["request_id"], event["item"])
            if pair in pairs or pair in seen:
                continue
            if None not in pair:
                seen.add(pair)
            found.append(self.fact(person, event["at"]))
        return found

    def fact(self, person: Person, at: float, amount: float = 1, name: str | None = None) -> Fact:
        post = person.first_at <= at <= person.until
        return Fact(at, amount, post, self.is_before(person, at), name)

    def happened(self, person: Person, measure: Events) -> list[Fact]:
        found = []
        for event in self.events:
            if event["user"] != person.user or measure.type not in (None, event["type"]):
                continue
            if not all(holds(event, condition) for condition in measure.where):
                continue
            amount = 1.0 if measure.aggregation != "sum" else (event["value"] or 0.0)
            if measure.aggregation != "items" or event["item"] is not None:
                found.append(self.fact(person, event["at"], amount, event["item"]))
        return found

    # -- totals --------------------------------------------------------------------------------

    def total(
        self, person: Person, measure: Measure, window: Window | None, end: Callable[[float], bool]
    ) -> float:
        """Up to the time that `end` says is still before it."""
        begins = person.first_at + (window.begins if window else 0)
        ends = person.first_at + window.ends if window else None
        inside = [
            fact
            for fact in self.facts(person, measure)
            if fact.post and end(fact.at) and (not window or begins <= fact.at < (ends or 0))
        ]
        return added(measure, inside)

    def pre_total(self, person: Person, measure: Measure) -> float:
        return added(measure, [fact for fact in self.facts(person, measure) if fact.pre])

    def is_in(self, person: Person, window: Window | None, end: Callable[[float], bool]) -> bool:
        if window is None:
            return end(person.first_at)
        passed = person.first_at + window.ends
        return passed <= person.until and end(passed)

    def users(
        self, metric: Metric, end: Callable[[float], bool]
    ) -> list[tuple[Person, list[float], list[float]]]:
        """Everyone who counts by then: post totals and pre totals, of each measure, capped."""
        everyone = self.counted()
        inside = [p for p in everyone if self.is_in(p, metric.window, end)]
        final = [p for p in everyone if self.is_in(p, metric.window, self.by_as_of)]
        made = []
        for person in inside:
            post = [self.total(person, m, metric.window, end) for m in metric.measures]
            pre = [self.pre_total(person, m) for m in metric.measures]
            made.append((person, post, pre))
        if metric.winsorise is not None and final:
            for i, measure in enumerate(metric.measures):
                posts = [self.total(p, measure, metric.window, self.by_as_of) for p in final]
                pres = [self.pre_total(p, measure) for p in final]
                caps = [
                    np.quantile(values, metric.winsorise, method="inverted_cdf")
                    for values in (posts, pres)
                ]
                for _, post, pre in made:
                    post[i], pre[i] = min(post[i], caps[0]), min(pre[i], caps[1])
        if metric.kind in ("proportion", "retention"):
            made = [(p, [float(v > 0) for v in a], [float(v > 0) for v in b]) for p, a, b in made]
        return made

    def by_as_of(self, at: float) -> bool:
        return at <= self.setting.as_of


def added(measure: Measure, facts: list[Fact]) -> float:
    if isinstance(measure, Events) and measure.aggregation == "items":
        return float(len({fact.name for fact in facts}))
    return float(sum(fact.amount for fact in facts))


def holds(event: Row, condition: Condition) -> bool:
    name = condition.field.removeprefix("properties.")
    given = event[name] if name in ("item", "value") else event["properties"].get(name)
    match condition:
        case Exists(present=present):
            return (given is not None) == present
        case Equals(to=to):
            return same(given, to)
        case OneOf(values=values):
            return any(same(given, value) for value in values)
        case Compare(order=order, to=to):
            if isinstance(given, bool) or not isinstance(given, int | float):
                return False
            return {"<": given < to, "<=": given <= to, ">": given > to, ">=": given >= to}[order]


def same(given: Any, to: Any) -> bool:
    number = (int, float)
    if isinstance(given, number) and isinstance(to, number):
        return given == to and isinstance(given, bool) == isinstance(to, bool)
    return type(given) is type(to) and bool(given == to)
