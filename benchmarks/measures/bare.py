"""Winnow as it is served, and beside it a view that does nothing: one WSGI application with
Winnow's settings, middleware included.
"""

import os

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()

from config.urls import urlpatterns as winnow  # noqa: E402  (needs the applications ready)


@login_not_required
@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("bare", bare), *winnow]
