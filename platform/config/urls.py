from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from api import health, metrics

handler400 = "api.outside.bad_request"
handler404 = "api.outside.not_found"
handler500 = "api.outside.server_error"

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("api/v1/", include("api.urls")),
    path("api/schema", login_not_required(SpectacularAPIView.as_view()), name="schema"),
    path(
        "api/docs",
        login_not_required(SpectacularSwaggerSplitView.as_view(url_name="schema")),
        name="docs",
    ),
    path("", include("dashboard.urls")),
]
