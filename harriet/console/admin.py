"""Registers every model that has an entry in its app's records.py with the admin site."""

from django.contrib import admin

from harriet.console.records.admin import admin_of
from harriet.console.records.registry import all_records, model_of

for record in all_records():
    admin.site.register(model_of(record), admin_of(record))
