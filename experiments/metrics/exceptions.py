"""What can be wrong with a request for an analysis."""

from datetime import datetime


class MetricsError(Exception):
    """Base of every error of this package."""


class UnknownMetric(MetricsError, KeyError):
    """A metric key that is not in METRICS."""

    def __init__(self, key: str, known: tuple[str, ...]) -> None:
        self.key = key
        super().__init__(f"There is no metric {key!r}. Known: {', '.join(known)}.")

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidMetric(MetricsError, ValueError):
    """A definition that cannot be computed; `field` is the one to change, `remedy` says to what."""

    def __init__(self, field: str, remedy: str) -> None:
        self.field, self.remedy = field, remedy
        super().__init__(f"{field}: {remedy}.")


class InvalidSpec(MetricsError, ValueError):
    """A specification that cannot be analysed; the message names the field and the remedy."""


class MissingColumn(MetricsError, ValueError):
    """A table lacks a column that something asked for needs, or has it in an unusable type."""

    def __init__(self, table: str, column: str, needed_by: str) -> None:
        self.table, self.column, self.needed_by = table, column, needed_by
        super().__init__(f"{table} has no usable column {column!r}, which {needed_by} needs.")


class NoTraffic(MetricsError, ValueError):
    """Nobody was served on a placement in a time; the message names the placements that were."""

    def __init__(
        self,
        placement: str | None,
        span: tuple[datetime, datetime] | None = None,
        known: tuple[str, ...] = (),
    ) -> None:
        self.placement, self.known = placement, known
        where = "anywhere" if placement is None else f"on the placement {placement!r}"
        when = " from {:%Y-%m-%d %H:%M} to {:%Y-%m-%d %H:%M} UTC".format(*span) if span else ""
        others = f" Placements with traffic then: {', '.join(known)}." if known else ""
        super().__init__(f"The log has nobody who was served {where}{when}.{others}")


class TooFewUsers(MetricsError, ValueError):
    """A stretch of the log with too few users for what was asked."""

    def __init__(self, users: int, needed: int, since: datetime, until: datetime) -> None:
        self.users, self.needed = users, needed
        stretch = f"from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
        who = f"only {users:,} users were" if users else "nobody was"
        super().__init__(
            f"An audit needs {needed:,} users who were served anything and are no bots; {who} "
            f"{stretch}. Take more days, or wait for more traffic."
        )


class UnusableFile(MetricsError, ValueError):
    """A file that cannot be analysed; the message says why."""

    def __init__(self, path: object, why: str) -> None:
        super().__init__(f"{path} {why}.")
