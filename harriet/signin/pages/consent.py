"""What a person is asked before an AI client may use a profile in their name, in plain words; and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from connectors.access.scopes import DANGEROUS, READ, SCOPES, WRITE, in_order, needing
from connectors.access.usable import usable_tools
from connectors.models import Profile, Tool
from harriet.pages.context import PageContext
from harriet.people.models import Membership
from harriet.signin.actions.connect_app import LASTS
from harriet.signin.models import Application
from harriet.signin.protocol import redirects

MOST_NAMED = 8
_WORDS = {
    READ: ("Look things up", "These tools only read."),
    WRITE: ("Change things", "These tools change something, or nobody has said yet what they do."),
    DANGEROUS: ("Do dangerous things", "These tools send, delete or pay, or do something else that can't be undone."),
}
_SOURCES = {
    Application.RegistrationSource.CIMD: "It is described by a document that {host} publishes.",
    Application.RegistrationSource.MANUAL: "Your IT team set it up.",
    Application.RegistrationSource.DCR: "It named itself: any program can register under any name.",
}


@dataclass(frozen=True, slots=True)
class ToolGroup:
    """The tools of one scope that the client would get, and whether the person can leave them out."""

    scope: str
    count: int
    names: Sequence[str]
    is_ticked: bool

    @property
    def words(self) -> str:
        return _WORDS[self.scope][0]

    @property
    def meaning(self) -> str:
        return _WORDS[self.scope][1]

    @property
    def more(self) -> int:
        return self.count - len(self.names)


class ConsentForm(forms.Form):
    decision = forms.ChoiceField(choices=[("allow", "Allow"), ("refuse", "Don't allow")])
    scope = forms.MultipleChoiceField(choices=[(scope, scope) for scope in SCOPES], required=False)
    profile = forms.UUIDField(required=False)

    def allowed_of(self, asked: Sequence[str]) -> str:
        """What was ticked of what the client asked for."""
        return in_order(set(self.cleaned_data["scope"]) & set(asked))

    def chosen(self, profiles: Sequence[Profile]) -> Profile | None:
        if len(profiles) == 1:
            return profiles[0]
        wanted = self.cleaned_data.get("profile")
        return next((profile for profile in profiles if profile.pk == wanted), None)


@dataclass(frozen=True, slots=True)
class ConsentPage(PageContext):
    template = "signin/consent.html"
    client: Application
    membership: Membership
    profiles: Sequence[Profile]
    """One, or those of which the person chooses because the client named none."""
    groups: Sequence[ToolGroup]
    redirect_uri: str
    is_typed: bool
    """The person typed a code: the client is on another device."""
    switch_to: str
    """The address to come back to as somebody else."""
    form: ConsentForm
    user_code: str = ""
    """The code that was typed, to come along with the answer."""

    @property
    def client_name(self) -> str:
        return self.client.name or "An AI client without a name"

    @property
    def place(self) -> str:
        return redirects.place_of(self.redirect_uri) if self.redirect_uri else ""

    @property
    def source(self) -> str:
        host = self.client.client_id.split("/")[2] if self.is_documented else ""
        return _SOURCES[Application.RegistrationSource(self.client.registration_source)].format(host=host)

    @property
    def is_documented(self) -> bool:
        return self.client.registration_source == Application.RegistrationSource.CIMD

    @property
    def could_be_another(self) -> bool:
        """Anybody registers under any name; and a document vouches for no program that is answered on this computer."""
        is_made_by_hand = self.client.registration_source == Application.RegistrationSource.MANUAL
        return not is_made_by_hand and not (self.is_documented and self.redirect_uri.startswith("https:"))

    @property
    def is_only_said(self) -> bool:
        return self.is_documented and self.could_be_another and not self.is_typed

    @property
    def until(self) -> datetime:
        return timezone.now() + LASTS


def tool_groups(membership: Membership, profiles: Sequence[Profile], asked: Sequence[str]) -> list[ToolGroup]:
    """What the client would get of each kind that it asks for, named for one profile, counted over several. Each is
    counted and named by the database, however much there is."""
    usable = usable_tools(membership, profiles[0] if len(profiles) == 1 else None)
    return [_tool_group(scope, usable.filter(needing(scope))) for scope in SCOPES if scope in asked]


def _tool_group(scope: str, tools: QuerySet[Tool]) -> ToolGroup:
    first = tools.order_by("name", "pk").values_list("kind", "name")[:MOST_NAMED]
    names = ["reading resources" if kind == Tool.Kind.RESOURCES else name for kind, name in first]
    return ToolGroup(scope, tools.order_by().count(), names, is_ticked=True)
