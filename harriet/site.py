"""Company settings: Django's admin site at /settings/, with Harriet's name on it."""

from django.contrib.admin.apps import AdminConfig


class HarrietAdminConfig(AdminConfig):
    default_site = "harriet.console.site.CompanySettings"
