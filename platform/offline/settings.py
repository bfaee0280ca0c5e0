"""What a command that only reads files is run with (see manage.py): no database to touch by
mistake, no key to make, and no app to load that it has no use for.
"""

INSTALLED_APPS = ["offline"]
DATABASES: dict[str, dict[str, str]] = {}
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False  # a terminal is told in English; catalogues would need the apps
