"""Every error the events room raises on purpose, named for what happened."""


class EventsError(Exception):
    """Base of this package's errors; the message says what to do."""


class JournalError(EventsError):
    """A journal did not take a record; the caller must not acknowledge it."""


class JournalFull(JournalError):
    """The journals reached their bound on disk: the drain is behind or not running."""


class JournalUnavailable(JournalError):
    """The disk refused a write or an fsync."""


class RecordTooLarge(JournalError):
    """One append is larger than a journal record may be."""


class DamageNotKept(EventsError):
    """The disk took no copy of damaged bytes, so the drain must not pass them."""


class DrainAlreadyRunning(EventsError):
    """Another drain holds this host's journals."""


class LogConflict(EventsError):
    """Somebody else committed what this commit was about to: re-read the table, decide again."""


class LogFolderRefused(EventsError):
    """The log cannot be in a folder of this name."""


class LogDamaged(EventsError):
    """A file of the log is gone or cut short, and nothing here has its rows."""


class LogTooNew(EventsError):
    """A table was widened by a later Winnow than this one, which must not write to it."""


class BatchTooLarge(EventsError):
    """More events in one call than ingestion takes."""


class InvalidField(EventsError):
    """One field of an event is not as it must be; `error` says what is allowed.

    `steps` lead to it: a field, then perhaps a part of it; none for the whole event. `field` is the
    same as one word.
    """

    def __init__(self, field: str | tuple[str, ...], error: str) -> None:
        self.steps = field if isinstance(field, tuple) else (field,) if field else ()
        self.field = "/".join(self.steps)
        self.error = error
        super().__init__(f"{self.field}: {error}")


class LeaseTaken(EventsError):
    """Another process does this work; the message says who, and until when it may."""


class LeaseLost(EventsError):
    """This process was silent for longer than its lease, and another took the work over."""


class LogVersionGone(EventsError):
    """A version of a table that cannot be read any more: its files were vacuumed."""

    def __init__(self, stream: str, version: int) -> None:
        super().__init__(
            f"Version {version} of {stream} is gone: versions are kept for a day. Read a newer one."
        )
