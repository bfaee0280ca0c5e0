from django.urls import path

from api import erasure, exposures, results, views
from api.management.urls import urlpatterns as management

urlpatterns = [
    path("route", views.RouteView.as_view()),
    path("assign", views.AssignView.as_view()),
    path("events", views.EventsView.as_view()),
    path("erasures", erasure.ErasuresView.as_view()),
    path("erasures/<int:number>", erasure.ErasureView.as_view()),
    path("exposures", exposures.ExposuresView.as_view()),
    path("experiments/<slug:key>/results", results.ResultsView.as_view()),
    *management,
    path("<path:rest>", views.UnknownView.as_view()),
]
