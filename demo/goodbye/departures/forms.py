from django import forms

from departures.models import Departure, Keepsake


class DepartureForm(forms.ModelForm):
    class Meta:
        model = Departure
        fields = ["name", "destination", "message"]
        widgets = {"message": forms.Textarea(attrs={"rows": 3})}


class KeepsakeForm(forms.ModelForm):
    class Meta:
        model = Keepsake
        fields = ["file"]
