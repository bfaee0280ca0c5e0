"""What is wrong with a look that was asked for."""

from experiments.metrics.exceptions import MetricsError


class CannotExplore(MetricsError):
    """Names the field of the choice, and says why it is not to be had here."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
