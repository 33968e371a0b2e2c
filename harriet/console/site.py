"""Company settings: the Django admin site that Harriet's own pages hang from.

Roles decide, never `is_staff`: who may see company settings may open it, and only inside their organization.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, include, path

from harriet.console.records.admin import RecordAdmin
from harriet.console.records.installation_page import installation
from harriet.console.records.pages import index as records
from harriet.console.records.registry import slug_of
from harriet.people.permissions import has_power
from harriet.people.roles import Power


class CompanySettings(AdminSite):
    site_header = site_title = "Harriet"
    index_title = "Overview"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only with Records' own pages: those of other packages know no border between two organizations."""
        if admin_class is not None and issubclass(admin_class, RecordAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Without Django's list of apps, autocompletion, translations and shortcut to an object's own page: they know
        no border between two organizations, and nothing here needs them."""
        own = ("index", "login", "logout", "password_change")
        return [
            *(pattern for pattern in super().get_urls() if getattr(pattern, "name", "") in own),
            path("records/", records, name="records"),
            path("records/installation/", installation, name="installation"),
            *(path(f"records/{slug_of(one.record)}/", include(one.get_urls())) for one in self._records()),
        ]

    def _records(self) -> list[RecordAdmin]:
        return [one for one in self._registry.values() if isinstance(one, RecordAdmin)]

    def has_permission(self, request: HttpRequest) -> bool:
        return has_power(getattr(request, "membership", None), Power.VIEW_SETTINGS)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        return redirect("console:overview")

    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("console:overview")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The one sign-in page is allauth's; who is signed in without the power is told so there."""
        return redirect("home" if request.user.is_authenticated else "account_login")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        return redirect("account_change_password")
