"""What the pages of My AI have in common: their tabs, and that they show a person's own things alone."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from harriet.pages.context import PageContext
from harriet.people.errors import NotFound
from harriet.people.models import AccessToken
from harriet.people.pages.guards import OrganizationRequest
from harriet.people.queries import tokens_of


class MyPage(PageContext):
    __slots__ = ()

    active = "me"
    tab: ClassVar[str]
    """home, tools, connections, devices, apps, connect, activity, usage or waiting: templates/me/tabs.html."""


def my_token(request: OrganizationRequest, pk: UUID) -> AccessToken:
    """Raises NotFound for somebody else's."""
    token = tokens_of(request.organization, request.user).filter(pk=pk).first()
    if token is None:
        raise NotFound("You have no such token.")
    return token
