"""Another address for a connector that has a secret: what becomes of the secret is asked, not guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from connectors.actions.save_connection import check_address, move_between, save_connection
from connectors.errors import ConnectorError
from connectors.models import Connector
from connectors.pages.forms import ConnectionForm
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt
from harriet.people.pages.guards import OrganizationRequest
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from vault.queries import credential_of

ANSWER = "secret"
KEEP, ENTER_AGAIN = "keep", "enter-again"


@dataclass(frozen=True, slots=True)
class MovedPage(PageContext):
    template = "connectors/moved.html"
    active = "integrations"
    connector: Connector
    old: str
    given: dict[str, Any]
    """What the form of the address read; it is sent again with the answer."""
    is_same_host: bool
    can_keep: bool


def question_about_secret(
    request: OrganizationRequest, connector: Connector, form: ConnectionForm
) -> HttpResponse | None:
    """The page with both addresses; None when there is nothing to ask, or it is answered."""
    if not form.is_bound or not form.is_valid() or request.POST.get(ANSWER) in {KEEP, ENTER_AGAIN}:
        return None
    if not connector.url or not _can_be_saved(connector, **form.cleaned_data) or credential_of(connector.pk) is None:
        return None
    move = move_between(connector.url, form.cleaned_data["url"])
    if not move:
        return None
    page = MovedPage(
        connector=connector,
        old=connector.url,
        given=form.cleaned_data,
        is_same_host=move == "path",
        can_keep=move == "path" and has_power(request.membership, Power.MANAGE_ORGANIZATION),
    )
    return show(request, page)


def _can_be_saved(connector: Connector, *, url: str, allow_internal: bool) -> bool:
    """What can't be is said beside the field, when it is saved."""
    try:
        check_address(connector.organization, url, allow_internal=allow_internal)
    except ConnectorError:
        return False
    return True


def saved_connection(request: OrganizationRequest, connector: Connector, form: ConnectionForm) -> bool:
    """Whether there was something to save and it was; otherwise the form says what is wrong."""
    keep = request.POST.get(ANSWER) == KEEP
    saved = attempt(form, lambda given: save_connection(connector, **given, keep_secret=keep, actor=request.actor))
    return saved is not None
