from django import forms

from guestbook.models import Entry, Upload


class EntryForm(forms.ModelForm):
    class Meta:
        model = Entry
        fields = ["name", "message"]
        widgets = {"message": forms.Textarea(attrs={"rows": 3})}


class UploadForm(forms.ModelForm):
    class Meta:
        model = Upload
        fields = ["file"]
