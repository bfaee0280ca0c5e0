"""The WSGI application that granian serves."""

import os

from config.leash import bind_to_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if os.environ.get("WINNOW_SUPERVISED"):
    bind_to_parent()

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
