"""Addresses of people (from the root; signin/urls.py adds set-up and joining), of groups, and of devices."""

from __future__ import annotations

from django.urls import URLPattern, path

from harriet.people.pages import devices as device_views
from harriet.people.pages import groups as group_views
from harriet.people.pages import organizations as organization_views
from harriet.people.pages import people as views

people_pages: list[URLPattern] = [
    path("settings/people/", views.people, name="list"),
    path("settings/people/invite/", views.invite, name="invite"),
    path("settings/people/invitations/<uuid:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("settings/people/<uuid:pk>/", views.person, name="detail"),
    path("settings/people/<uuid:pk>/role/", views.role, name="role"),
    path("settings/people/<uuid:pk>/groups/", views.groups, name="groups"),
    path("settings/people/<uuid:pk>/deactivate/", views.deactivate, name="deactivate"),
    path("settings/people/<uuid:pk>/activate/", views.activate, name="activate"),
    path("settings/people/<uuid:pk>/remove/", views.remove, name="remove"),
    path("choose-organization/", organization_views.choose, name="choose"),
    path("choose-organization/switch/", organization_views.switch, name="switch"),
    path("choose-organization/invitations/<uuid:pk>/accept/", organization_views.accept, name="accept"),
    path("choose-organization/invitations/<uuid:pk>/decline/", organization_views.decline, name="decline"),
]

group_urls = (
    [
        path("", group_views.groups, name="list"),
        path("new/", group_views.new, name="new"),
        path("<uuid:pk>/", group_views.group, name="detail"),
        path("<uuid:pk>/members/", group_views.members, name="members"),
        path("<uuid:pk>/rename/", group_views.rename, name="rename"),
        path("<uuid:pk>/delete/", group_views.delete, name="delete"),
    ],
    "groups",
)

device_urls = (
    [
        path("", device_views.devices, name="list"),
        path("new-key/", device_views.new_key, name="new_key"),
        path("<uuid:pk>/revoke/", device_views.revoke_one_device, name="revoke"),
        path("tokens/<uuid:pk>/revoke/", device_views.revoke_one_token, name="revoke_token"),
    ],
    "devices",
)
