"""Addresses of people (from the root; signin/pages/urls.py adds set-up and joining), of groups, and of devices."""

from __future__ import annotations

from django.urls import URLPattern, path

from harriet.people.pages.device_invitations import (
    device_invited_page,
    invite_device_page,
    withdraw_this_device_invitation,
)
from harriet.people.pages.devices import (
    device_page,
    key_issued_page,
    new_key_page,
    rename_this_device,
    revoke_this_device,
    revoke_this_token,
    set_trust_of_device,
)
from harriet.people.pages.devices_bulk import change_many_devices, change_many_tokens
from harriet.people.pages.devices_list import devices_page
from harriet.people.pages.groups import (
    add_people_to_group,
    delete_this_group,
    group_page,
    new_group_page,
    remove_person_from_group,
    rename_this_group,
)
from harriet.people.pages.groups_list import groups_page
from harriet.people.pages.notifications import notifications_page
from harriet.people.pages.organizations import (
    accept_this_invitation,
    choose_page,
    decline_this_invitation,
    switch_organization,
)
from harriet.people.pages.people import invite_page, invited_page, people_page, withdraw_this_invitation
from harriet.people.pages.people_bulk import change_many_invitations, change_many_people
from harriet.people.pages.person import (
    activate_this_person,
    deactivate_this_person,
    person_page,
    remove_this_person,
    set_groups_of_person,
    set_role_of_person,
)
from harriet.people.pages.tables import keep_this_table

people_pages: list[URLPattern] = [
    path("settings/people/", people_page, name="list"),
    path("settings/people/invite/", invite_page, name="invite"),
    path("settings/people/invited/<uuid:pk>/", invited_page, name="invited"),
    path("settings/people/change/", change_many_people, name="bulk"),
    path("settings/people/invitations/change/", change_many_invitations, name="bulk_invitations"),
    path("settings/people/invitations/<uuid:pk>/withdraw/", withdraw_this_invitation, name="withdraw"),
    path("settings/people/<uuid:pk>/", person_page, name="detail"),
    path("settings/people/<uuid:pk>/role/", set_role_of_person, name="role"),
    path("settings/people/<uuid:pk>/groups/", set_groups_of_person, name="groups"),
    path("settings/people/<uuid:pk>/deactivate/", deactivate_this_person, name="deactivate"),
    path("settings/people/<uuid:pk>/activate/", activate_this_person, name="activate"),
    path("settings/people/<uuid:pk>/remove/", remove_this_person, name="remove"),
    path("tables/<slug:table>/", keep_this_table, name="table"),
    path("account/notifications/", notifications_page, name="notifications"),
    path("choose-organization/", choose_page, name="choose"),
    path("choose-organization/switch/", switch_organization, name="switch"),
    path("choose-organization/invitations/<uuid:pk>/accept/", accept_this_invitation, name="accept"),
    path("choose-organization/invitations/<uuid:pk>/decline/", decline_this_invitation, name="decline"),
]

group_urls = (
    [
        path("", groups_page, name="list"),
        path("new/", new_group_page, name="new"),
        path("<uuid:pk>/", group_page, name="detail"),
        path("<uuid:pk>/people/", add_people_to_group, name="add_people"),
        path("<uuid:pk>/people/<uuid:person_pk>/remove/", remove_person_from_group, name="remove_person"),
        path("<uuid:pk>/rename/", rename_this_group, name="rename"),
        path("<uuid:pk>/delete/", delete_this_group, name="delete"),
    ],
    "groups",
)

device_urls = (
    [
        path("", devices_page, name="list"),
        path("new-key/", new_key_page, name="new_key"),
        path("new-key/<uuid:pk>/", key_issued_page, name="key_issued"),
        path("change/", change_many_devices, name="bulk"),
        path("tokens/change/", change_many_tokens, name="bulk_tokens"),
        path("<uuid:pk>/", device_page, name="detail"),
        path("invite/<uuid:pk>/", invite_device_page, name="invite"),
        path("invited/<uuid:pk>/", device_invited_page, name="invited"),
        path("invited/<uuid:pk>/withdraw/", withdraw_this_device_invitation, name="withdraw_invitation"),
        path("<uuid:pk>/rename/", rename_this_device, name="rename"),
        path("<uuid:pk>/trust/", set_trust_of_device, name="trust"),
        path("<uuid:pk>/revoke/", revoke_this_device, name="revoke"),
        path("tokens/<uuid:pk>/revoke/", revoke_this_token, name="revoke_token"),
    ],
    "devices",
)
