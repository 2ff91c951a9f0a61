from django.contrib import admin

from guestbook.models import Entry, Upload

admin.site.site_header = "Hello administration"


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ["name", "message", "written_at"]
    search_fields = ["name", "message"]


@admin.register(Upload)
class UploadAdmin(admin.ModelAdmin):
    list_display = ["file", "uploaded_at"]
