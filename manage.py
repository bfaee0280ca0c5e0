#!/usr/bin/env python3
"""Winnow's command line: `python manage.py help` lists the commands."""

import os
import sys
from pathlib import Path


def main() -> None:
    # platform/ is a source folder, not a package: its children are imported by their own names. It goes
    # in second place so that this file's folder (experiments, recommenders) stays first, and the
    # standard library's module `platform` is never shadowed.
    sys.path.insert(1, str(Path(__file__).resolve().parent / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
