from django.apps import AppConfig


class DeparturesConfig(AppConfig):
    name = "departures"
    default_auto_field = "django.db.models.BigAutoField"
