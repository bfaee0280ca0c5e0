"""What can be wrong with a request for an analysis."""


class MetricsError(Exception):
    """Base of every error of this package."""


class UnknownMetric(MetricsError, KeyError):
    """A metric key that is not in METRICS."""

    def __init__(self, key: str, known: tuple[str, ...]) -> None:
        self.key = key
        super().__init__(f"There is no metric {key!r}. Known: {', '.join(known)}.")

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidSpec(MetricsError, ValueError):
    """A specification that cannot be analysed; the message names the field and the remedy."""
