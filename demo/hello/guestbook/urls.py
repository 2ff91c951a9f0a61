from django.urls import path

from guestbook import probes, views

urlpatterns = [
    path("", views.index, name="index"),
    path("sign", views.sign, name="sign"),
    path("upload", views.upload, name="upload"),
    path("whoami", probes.whoami, name="whoami"),
    path("slow", probes.slow, name="slow"),
    path("sse", probes.sse, name="sse"),
    path("healthz", probes.healthz, name="healthz"),
]
