"""The page that visitors see: a guest book and uploaded files."""

from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from guestbook.forms import EntryForm, UploadForm
from guestbook.models import Entry, Upload
from guestbook.probes import identity


def page(request, entry_form, upload_form, status=200):
    context = {
        "entries": Entry.objects.all()[:20],
        "uploads": Upload.objects.all()[:12],
        "entry_form": entry_form,
        "upload_form": upload_form,
        "process": identity(),
    }
    return render(request, "guestbook/index.html", context, status=status)


@require_safe
def index(request):
    return page(request, EntryForm(), UploadForm())


@require_POST
def sign(request):
    form = EntryForm(request.POST)
    if not form.is_valid():
        return page(request, form, UploadForm(), status=400)
    form.save()
    return redirect("index")


@require_POST
def upload(request):
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return page(request, EntryForm(), form, status=400)
    form.save()
    return redirect("index")
