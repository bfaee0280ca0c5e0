"""Rules for bots and staff: whom an analysis leaves out, alike in all arms.

A rule marks users when the log is read; no row of the log is ever dropped for it. It looks at all
that a user was served, or did, from the day the phase started, on every placement.
"""

import hashlib

import ibis
import msgspec
from ibis import _
from ibis.expr.types import Table

from experiments.metrics.engine import hashed
from experiments.metrics.exceptions import InvalidSpec

DAY_SECONDS = 86_400
BUCKETS = 1 << 17
"""So many that 100 million rows are far fewer than a limit in each."""
BOT_SLATES = 1_000
"""More slates than this in one day are taken for a bot's."""
BOT_EVENTS = 2_000
"""More events than this in one day are taken for a bot's: one every 30 seconds of 16 hours."""
DONE = ("click", "view", "add_to_cart", "purchase", "rating")
"""Events that are counted for it. A page sends impressions and custom types by itself, and of a
person who looks at much it sends thousands.
"""

BOOLEANS = (("true", "True"), ("false", "False"))


class SlatesPerDay(msgspec.Struct, frozen=True, kw_only=True, tag="slates_per_day"):
    """Users who were served more than `limit` slates on any one day of UTC."""

    limit: int = BOT_SLATES

    @property
    def words(self) -> str:
        return f"more than {self.limit:,} slates a day"


class EventsPerDay(msgspec.Struct, frozen=True, kw_only=True, tag="events_per_day"):
    """Users who did more than `limit` things (see DONE) on any one day of UTC."""

    limit: int = BOT_EVENTS

    @property
    def words(self) -> str:
        return f"more than {self.limit:,} events a day"


class UserList(msgspec.Struct, frozen=True, kw_only=True, tag="users", omit_defaults=True):
    """Users named one by one.

    `made_as` is the fingerprint of the list as it was made, once an erased user was taken from it.
    """

    name: str
    users: tuple[str, ...]
    made_as: str | None = None

    @property
    def words(self) -> str:
        return f"on the list “{self.name}”"


class AttributeIs(msgspec.Struct, frozen=True, kw_only=True, tag="attribute"):
    """Users who were served anything with this attribute at this value; values are text.

    True and false are matched in either spelling: the log had them as Python writes them once.
    """

    attribute: str
    value: str

    @property
    def spellings(self) -> tuple[str, ...]:
        return next((pair for pair in BOOLEANS if self.value in pair), (self.value,))

    @property
    def words(self) -> str:
        return f"{self.attribute} is “{self.value}”"


Limit = SlatesPerDay | EventsPerDay
Exclusion = Limit | UserList | AttributeIs

DEFAULT: tuple[Limit, ...] = (SlatesPerDay(), EventsPerDay())


def fingerprint(rule: Exclusion) -> str:
    """What tells a rule from any other, without the users it names.

    A list from which an erased user was taken is the same rule still: no row is left of that user,
    so no number changes with it, and no test begins anew.
    """
    if isinstance(rule, UserList) and rule.made_as:
        return rule.made_as
    said = msgspec.json.encode(rule)
    if isinstance(rule, AttributeIs) and len(rule.spellings) > 1:
        said += msgspec.json.encode(rule.spellings)  # it marked those of one spelling once
    return hashlib.sha256(said).hexdigest()[:16]


def marked_users(seen: Table, done: Table, rules: tuple[Exclusion, ...]) -> Table:
    """Rows: user, rule (int64), the place of the first of the rules that marks the user.

    `seen` are exposures: user, at, attributes; `done` are events: user, at, type. Raises
    InvalidSpec without a rule.
    """
    if not rules:
        raise InvalidSpec("exclusions holds no rule to mark users by.")
    marks = [
        _marked(seen, done, rule).select("user", rule=ibis.literal(place, "int64"))
        for place, rule in enumerate(rules)
    ]
    every = marks[0] if len(marks) == 1 else ibis.union(*marks)
    return every.group_by("user").aggregate(rule=_.rule.min())


def _marked(seen: Table, done: Table, rule: Exclusion) -> Table:
    match rule:
        case SlatesPerDay(limit=limit):
            return _above(seen, limit)
        case EventsPerDay(limit=limit):
            return _above(done.filter(_.type.isin(DONE)), limit)
        case UserList(users=users):
            return seen.filter(_.user.isin(users))
        case AttributeIs(attribute=attribute, spellings=spellings):
            return seen.filter(_.attributes.get(attribute).isin(spellings))


def _above(rows: Table, limit: int) -> Table:
    """Users with more than `limit` of the rows on any one day."""
    # Users are thrown into buckets first, by hash. Hardly a bucket has so many rows in all; only
    # its users are counted one by one, and only the days of those who have so many.
    placed = rows.mutate(bucket=hashed(_.user) % BUCKETS)
    full = placed.group_by("bucket").aggregate(rows=_.count()).filter(_.rows > limit)
    suspects = placed.semi_join(full, "bucket")
    all_days = suspects.group_by("user").aggregate(rows=_.count()).filter(_.rows > limit)
    # Whole days since 1970: a cast to a date would go by the engine's own time zone.
    days = suspects.semi_join(all_days, "user").group_by(
        "user", day=_.at.epoch_seconds() // DAY_SECONDS
    )
    return days.aggregate(rows=_.count()).filter(_.rows > limit)
