"""Company settings: the Django admin site that Harriet's own pages hang from.

Roles decide, never `is_staff`: who may see company settings may open it, and only inside their organization.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from harriet.people.permissions import has_power
from harriet.people.roles import Power


class CompanySettings(AdminSite):
    site_header = site_title = "Harriet"
    index_title = "Overview"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only tables with an organization may have pages here: those of other packages know no border between two."""
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        ours = [model for model in models if any(field.name == "organization" for field in model._meta.fields)]
        super().register(ours, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Without Django's shortcut to an object's own page: it knows no border between two organizations."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", "") != "view_on_site"]

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
