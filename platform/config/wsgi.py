"""The WSGI application that granian serves."""

import os

from config.leash import bind_to_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if os.environ.get("WINNOW_SUPERVISED"):
    bind_to_parent()

from django.core.wsgi import get_wsgi_application

os.umask(0o077)  # as manage.py, which does not run where granian is started by itself
application = get_wsgi_application()
