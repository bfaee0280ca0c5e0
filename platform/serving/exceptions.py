"""What a caller can get wrong. `pointer` is the JSON pointer of the field (RFC 6901)."""


class ServingError(Exception):
    """Base of this package's errors."""

    def __init__(self, message: str, *, pointer: str) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer


class Invalid(ServingError):
    """A field is outside what is allowed."""


class UnknownPlacement(ServingError):
    """The placement is not in the plan."""
