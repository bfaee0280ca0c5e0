"""Which tests `make test` runs together, where it runs them in several processes at once."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

OF_THE_STACK = ("tests/browser/", "tests/doors/", "tests/flow/")


def together(nodeid: str) -> str:
    """One name for the tests of one file, whose fixtures are made once, and one for all tests that
    need all of Winnow running, which takes a minute to start."""
    path = nodeid.partition("::")[0]
    return "stack" if path.startswith(OF_THE_STACK) else path


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out whole files, those of the stack as one."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)
