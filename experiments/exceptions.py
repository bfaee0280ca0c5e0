"""What can be wrong with a request about experiments. Each error names the field and what is
allowed.
"""


class ExperimentError(Exception):
    """Base of this package's errors. `field` is the offending input, or None where no
    one field is.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(ExperimentError):
    """The input cannot be accepted as it stands."""


class Taken(Invalid):
    """The key or name is another's already."""


class NotAllowed(ExperimentError):
    """The move is not allowed in the state the experiment is in."""


class AuditCancelled(ExperimentError):
    """The audit that is being run was cancelled: stop."""
