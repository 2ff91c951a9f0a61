"""The page that visitors see: a departure board and uploaded files."""

from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from departures.forms import DepartureForm, KeepsakeForm
from departures.models import Departure, Keepsake
from departures.probes import identity


def page(request, departure_form, keepsake_form, status=200):
    context = {
        "departures": Departure.objects.all()[:20],
        "keepsakes": Keepsake.objects.all()[:12],
        "departure_form": departure_form,
        "keepsake_form": keepsake_form,
        "process": identity(),
    }
    return render(request, "departures/index.html", context, status=status)


@require_safe
def index(request):
    return page(request, DepartureForm(), KeepsakeForm())


@require_POST
def leave(request):
    form = DepartureForm(request.POST)
    if not form.is_valid():
        return page(request, form, KeepsakeForm(), status=400)
    form.save()
    return redirect("index")


@require_POST
def upload(request):
    form = KeepsakeForm(request.POST, request.FILES)
    if not form.is_valid():
        return page(request, DepartureForm(), form, status=400)
    form.save()
    return redirect("index")
