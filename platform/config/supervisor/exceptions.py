"""Why `manage.py up` refuses to start. Each message says what is wrong and what to do."""


class SupervisorError(Exception):
    """Base of every refusal."""


class AlreadyRunningError(SupervisorError):
    """Another supervisor, or a process it left behind, holds the lock of this var/."""


class PortUnusableError(SupervisorError):
    """A port is taken, or may not be opened by this user."""


class VarUnusableError(SupervisorError):
    """var/ cannot be written, cannot be closed to others, or its disk is full."""


class ValkeyUnusableError(SupervisorError):
    """The Valkey that VALKEY_URL names does not answer, or VALKEY_URL is no address."""
