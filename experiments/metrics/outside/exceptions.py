"""Why files cannot be analysed as asked."""

from experiments.metrics.exceptions import MetricsError


class InvalidRequest(MetricsError, ValueError):
    """`field` is the field of the Request to change; the message says what is allowed."""

    def __init__(self, field: str, remedy: str) -> None:
        self.field, self.remedy = field, remedy
        super().__init__(f"{field}: {remedy}")
