import os

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Makes the superuser $DJANGO_SUPERUSER_USERNAME, or sets its password to $DJANGO_SUPERUSER_PASSWORD."

    def handle(self, *args, **options):
        name = os.environ["DJANGO_SUPERUSER_USERNAME"]
        rights = {"is_staff": True, "is_superuser": True}
        user, _ = get_user_model().objects.update_or_create(username=name, defaults=rights)
        user.set_password(os.environ["DJANGO_SUPERUSER_PASSWORD"])
        user.save()
