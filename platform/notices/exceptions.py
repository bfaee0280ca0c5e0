"""What can be wrong with a request about notices; each error names the field."""


class NoticesError(Exception):
    """Base of this package's errors. `field` is the offending input, or None where no one is."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(NoticesError):
    """The input cannot be accepted as it stands."""


class NotAllowed(NoticesError):
    """Not in the state that it is in."""
