"""What one person sees in a profile, tool by tool, with the rule that decides; nobody acts as them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpResponse

from connectors.access.in_database import callable_first, is_in
from connectors.access.load_part import load_part
from connectors.access.preview import Preview, counted_words, preview
from connectors.models import Profile, Tool
from connectors.queries import BY_KIND, profile_of
from harriet.pages.context import PageContext, show
from harriet.pages.keyset import page_after
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Membership, Organization
from harriet.people.pages.fields import PersonField
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power

ORDER = ("rank", "connector__name", "place", "name", "pk")
"""What may be used first, then by connector."""


class PersonForm(PickingForm):
    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = PersonField(organization, label="Person")


@dataclass(frozen=True, slots=True)
class PreviewPage(PageContext):
    template = "profiles/preview.html"
    active = "profiles"
    profile: Profile
    form: PersonForm
    chosen: Membership | None
    preview: Preview | None
    """Of this page's tools."""
    words: str
    """Of all."""
    after: str
    is_first: bool


@needs(Power.VIEW_SETTINGS)
def preview_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    profile = profile_of(request.organization, pk)
    form = PersonForm(request.organization, request.GET if "person" in request.GET or "find" in request.GET else None)
    chosen = form.cleaned_data.get("person") if form.is_valid() else None
    cursor = request.GET.get("after", "")
    seen, words, after = _seen(profile, chosen, cursor) if chosen else (None, "", "")
    page = PreviewPage(
        profile=profile, form=form, chosen=chosen, preview=seen, words=words, after=after, is_first=not cursor
    )
    return show(request, page)


def _seen(profile: Profile, person: Membership, cursor: str) -> tuple[Preview, str, str]:
    here = Profile.objects.filter(pk=profile.pk)
    tools = Tool.objects.filter(is_in(here), organization=profile.organization_id)
    ranked = callable_first(tools, person, profile).annotate(place=BY_KIND)
    page = page_after(ranked, ORDER, cursor)
    facts = load_part(profile.organization, tools=[tool.pk for tool in page.rows], people=[person.pk], profiles=here)
    seen = preview(facts, facts.profiles[profile.pk], facts.members[person.user_id])
    counts = ranked.order_by().values_list("kind").annotate(all=Count("pk"), may=Count("pk", filter=Q(rank=0)))
    return seen, counted_words({kind: (may, every) for kind, every, may in counts}), page.after
