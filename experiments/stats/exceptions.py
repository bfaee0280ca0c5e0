"""What can be wrong with a request for statistics. Each error names the field and the limit."""


class StatsError(ValueError):
    """Base of this package's errors. `field` is the offending input."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field


class SettingsError(StatsError):
    """A setting lies outside its range, or two settings contradict each other."""


class SampleError(StatsError):
    """Sums that no data can have, or samples that cannot be compared or added."""
