"""Holds every process of Winnow on one machine: `manage.py up`."""

from config.supervisor.assembly import assemble
from config.supervisor.checks import require_var
from config.supervisor.exceptions import (
    AlreadyRunningError,
    PortUnusableError,
    SupervisorError,
    VarUnusableError,
)
from config.supervisor.processes import address

__all__ = [
    "AlreadyRunningError",
    "PortUnusableError",
    "SupervisorError",
    "VarUnusableError",
    "address",
    "assemble",
    "require_var",
]
