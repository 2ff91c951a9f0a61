from django.contrib import admin

from departures.models import Departure, Keepsake

admin.site.site_header = "Goodbye administration"


@admin.register(Departure)
class DepartureAdmin(admin.ModelAdmin):
    list_display = ["name", "destination", "message", "written_at"]
    search_fields = ["name", "destination"]


@admin.register(Keepsake)
class KeepsakeAdmin(admin.ModelAdmin):
    list_display = ["file", "uploaded_at"]
