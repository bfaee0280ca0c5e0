#!/usr/bin/env python3
"""Winnow's command line: `python manage.py help` lists the commands."""

import gc
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    os.umask(0o077)  # what Winnow writes is its owner's: keys, and what people looked at
    # platform/ is a source folder, not a package: its children are imported by their own names. It
    # goes in second place so that this file's folder (experiments, recommenders) stays first, and
    # the standard library's module `platform` is never shadowed.
    sys.path.insert(1, str(ROOT / "platform"))
    if sys.argv[1:2] == ["analyse"]:  # reads files and prints: it keeps nothing, so makes nothing
        os.environ["DJANGO_SETTINGS_MODULE"] = "offline.settings"
        analyse()
    else:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        refuse_early()
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


def analyse() -> None:
    """Without Django's apps, models and addresses, of which the command has no use."""
    gc.disable()  # what it allocates are modules and expressions, which stay until its end anyhow
    sys.modules["pandas"] = None  # type: ignore[assignment]  # Ibis imports it where it can
    from offline.management.commands.analyse import Command

    Command().run_from_argv(sys.argv)


def refuse_early() -> None:
    """Say in a sentence what stands in the way, before the settings stumble over it or make keys.

    `up` that is refused leaves nothing behind; no command goes on where var/ is unusable.
    """
    from config.management.commands import up
    from config.supervisor import SupervisorError, require_var

    var = Path(os.environ.get("WINNOW_VAR") or ROOT / "var").resolve()
    try:
        if sys.argv[1:2] == ["up"]:
            up.refuse_early(sys.argv[2:], var)
        require_var(var)
    except SupervisorError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
