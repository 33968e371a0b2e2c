"""The vault page: which secrets are kept, who looks after them, when they are due. Never a value."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.http import HttpResponse
from django.utils import timezone

from harriet.pages.context import PageContext, show
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.search_words import Noun, has_words
from vault.models import Credential, CredentialVersion, DataKey
from vault.pages.rows import CredentialRow, row_of
from vault.queries import DUE_SOON, credentials_of, data_keys_of

_SAVED = CredentialVersion.objects.filter(credential=OuterRef("pk"), is_current=True).values("saved_at")[:1]
FILTERS = (
    Filter("", "All", Q()),
    Filter("due", "Due", Q(rotation_due_at__lte=Now() + DUE_SOON)),
    Filter("overdue", "Overdue", Q(rotation_due_at__lt=Now())),
    Filter("nobody", "Nobody looks after", Q(owner=None)),
    Filter("unscheduled", "No schedule", Q(rotation_due_at=None)),
)
CREDENTIALS = Table(
    key="credentials",
    columns=(
        Column("name", "Connector", sort="name"),
        Column("sent", "Sent as", is_optional=True),
        Column("owner", "Owner", sort="owner__email", is_optional=True),
        Column("saved", "Saved", sort=Subquery(_SAVED), is_optional=True),
        Column("due", "Rotation", sort="rotation_due_at", is_optional=True),
        Column("used", "Last used", sort="last_used_at", is_optional=True),
        Column("actions", "Change", is_label_read=True),
    ),
    order="name",
)


@dataclass(frozen=True, slots=True)
class VaultPage(PageContext):
    template = "vault/list.html"
    active = "vault"
    table: Listed[Credential]
    rows: list[CredentialRow]
    text: str
    show: str
    is_empty: bool
    data_keys: list[DataKey]
    can_change: bool


@needs(Power.VIEW_SETTINGS)
def vault_page(request: OrganizationRequest) -> HttpResponse:
    text, chips = request.GET.get("q", "").strip(), Chips(FILTERS, request.GET)
    everything, now = credentials_of(request.organization.pk), timezone.now()
    found = everything.filter(has_words(Noun.CREDENTIAL, text)) if text else everything
    can_change = has_power(request.membership, Power.MANAGE_CREDENTIALS)
    table = listed_for(request, CREDENTIALS, chips.narrowed(found), chips=chips.shown(found), can_tick=can_change)
    shown = VaultPage(
        table=table,
        rows=[row_of(credential, now) for credential in table.rows],
        text=text,
        show=chips.chosen.key,
        is_empty=not table.rows and not everything.exists(),
        data_keys=data_keys_of(request.organization.pk),
        can_change=can_change,
    )
    return show(request, shown)
