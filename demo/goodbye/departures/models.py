from django.core.validators import FileExtensionValidator
from django.db import models

# Nothing that a browser would run as a page of this site: no HTML, no SVG.
PICTURES = ["png", "jpg", "jpeg", "gif", "webp"]
OTHER_FILES = ["txt", "csv", "pdf", "zip", "bin"]


class Departure(models.Model):
    name = models.CharField(max_length=80)
    destination = models.CharField(max_length=80)
    message = models.CharField("last words", max_length=500)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-written_at", "-id"]

    def __str__(self):
        return f"{self.name} to {self.destination}"


class Keepsake(models.Model):
    file = models.FileField(upload_to="keepsakes/", validators=[FileExtensionValidator(PICTURES + OTHER_FILES)])
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-uploaded_at", "-id"]

    def __str__(self):
        return self.file.name

    @property
    def is_picture(self):
        return self.file.name.rsplit(".", 1)[-1].lower() in PICTURES
