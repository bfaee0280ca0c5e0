#!/usr/bin/env python3
"""Winnow's command line: `python manage.py help` lists the commands."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    # platform/ is a source folder, not a package: its children are imported by their own names. It
    # goes in second place so that this file's folder (experiments, recommenders) stays first, and
    # the standard library's module `platform` is never shadowed.
    sys.path.insert(1, str(ROOT / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["up"]:
        refuse_unusable_var()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def refuse_unusable_var() -> None:
    """Say in a sentence what is wrong with var/, before the settings stumble over it."""
    from config.supervisor import VarUnusableError, require_var

    try:
        require_var(Path(os.environ.get("WINNOW_VAR", ROOT / "var")))
    except VarUnusableError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
