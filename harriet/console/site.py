"""Company settings: the Django admin site that Harriet's own pages hang from."""

from django.contrib.admin import AdminSite


class CompanySettings(AdminSite):
    site_header = site_title = "Harriet"
