from django.urls import path

from departures import probes, views

urlpatterns = [
    path("", views.index, name="index"),
    path("leave", views.leave, name="leave"),
    path("upload", views.upload, name="upload"),
    path("whoami", probes.whoami, name="whoami"),
    path("slow", probes.slow, name="slow"),
    path("sse", probes.sse, name="sse"),
    path("healthz", probes.healthz, name="healthz"),
]
