"""Holds every process of Winnow on one machine: `manage.py up`."""

from config.supervisor.assembly import assembled
from config.supervisor.checks import require_all, require_var
from config.supervisor.exceptions import (
    AlreadyRunningError,
    PortUnusableError,
    SupervisorError,
    ValkeyUnusableError,
    VarUnusableError,
)
from config.supervisor.processes import address

__all__ = [
    "AlreadyRunningError",
    "PortUnusableError",
    "SupervisorError",
    "ValkeyUnusableError",
    "VarUnusableError",
    "address",
    "assembled",
    "require_all",
    "require_var",
]
