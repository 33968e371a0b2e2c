"""Tells Django that its admin site is Company settings. In apps.py Django looks for the console's own app."""

from django.contrib.admin.apps import AdminConfig


class CompanySettingsConfig(AdminConfig):
    default_site = "harriet.console.site.CompanySettings"
