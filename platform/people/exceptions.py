"""What can be wrong with a request about people. Each error names the field and what is allowed."""


class PeopleError(Exception):
    """Base of this package's errors. `field` is the offending input."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(PeopleError):
    """The input cannot be accepted as it stands."""
