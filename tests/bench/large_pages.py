"""Which pages of a very large company are opened: lists and details, searched and filtered too, and single things that
hold very many others."""

from __future__ import annotations

from django.urls import reverse

from audit.actor import Actor
from connectors.actions.preview_bulk_change import preview_bulk_change
from connectors.bulk.wish import Wish
from connectors.models import Connector, Profile, Tool
from harriet.people.models import AccessToken, Membership
from harriet.people.roles import Role
from tests.browser.pages import LISTS, OWN, details
from tests.stage.cast import Cast


def lists() -> list[str]:
    return [reverse(name) for name in LISTS]


def own_pages() -> list[str]:
    return [reverse(name) for name in OWN]


def large_pages(cast: Cast) -> list[str]:
    """All lists and details, searched and filtered too, and single things that hold very many others."""
    crm = Connector.objects.get(organization=cast.acme, slug="crm")
    longest = Profile.objects.get(slug="longest")
    some = Membership.objects.filter(organization=cast.acme, role=Role.MEMBER)[500]
    return [
        *lists(),
        *details(cast),
        *(f"{reverse(name)}?q={text}" for name, text in _SEARCHES),
        *(f"{reverse(name)}?{query}" for name, query in _FILTERED),
        f"{reverse('connectors:detail', args=[crm.pk])}?q=issue",
        reverse("profiles:delete", args=[longest.pk]),
        reverse("people:detail", args=[some.pk]),
        reverse("profiles:person", args=[some.pk]),
        reverse("people:recover", args=[some.pk]),
        *(reverse("console:off_board", args=[one.pk]) for one in (some, Membership.objects.get(user=cast.alice))),
        *(reverse("profiles:members", args=[longest.pk, what]) for what in ("people", "tools")),
        *(f"{reverse('audit:list')}?{query}" for query in _of_one(cast, crm)),
        _preview(cast, crm),
        *(f"{reverse('pick', args=[key])}?q={text}" for key, text in _PICKED),
        *_records(),
        *api_lists(cast),
    ]


def api_lists(cast: Cast) -> list[str]:
    """All lists of the API, those within single things too."""
    longest, tool = Profile.objects.get(slug="longest"), Tool.objects.filter(connector__slug="crm", kind="tool")[0]
    some = Membership.objects.filter(organization=cast.acme, role=Role.MEMBER)[0]
    key = AccessToken.objects.filter(organization=cast.acme, kind="integration", revoked_at=None)[0]
    return [
        *(reverse(f"api:{name}") for name in _API),
        reverse("api:connector_tools", args=[tool.connector_id]),
        reverse("api:profile", args=[longest.pk]),
        *(reverse(f"api:profile_{what}", args=[longest.pk]) for what in _OF_PROFILE),
        reverse("api:tool_groups", args=[tool.pk]),
        reverse("api:person_groups", args=[some.pk]),
        reverse("api:token_groups", args=[key.pk]),
    ]


def _of_one(cast: Cast, crm: Connector) -> list[str]:
    tool = Tool.objects.get(connector=crm, kind="tool", name="send_mail")
    return [f"person={cast.dana.pk}", f"tool={tool.pk}", f"connector={crm.pk}", "q=invoice"]


def _preview(cast: Cast, crm: Connector) -> str:
    """Of a change of all its tools."""
    alice = Actor(kind="person", id=cast.alice.pk, label="Alice")
    chosen = Tool.objects.filter(connector=crm).exclude(state=Tool.State.REMOVED).values_list("pk", flat=True)
    bulk = preview_bulk_change(crm, chosen, Wish("enable"), is_of_all=True, actor=alice)
    return reverse("connectors:tool_changes", args=[crm.pk, bulk.pk])


_API = (
    *("connectors", "profiles", "people", "groups", "devices", "tokens", "agents", "reviews", "clients", "apps"),
    *("trusted_issuers", "tickets", "webhooks", "workflows", "runs", "run_schedules", "limits", "repeated-calls"),
    *("stops", "usage", "audit"),
)
_OF_PROFILE = ("groups", "people", "connectors", "tools", "prompts", "resources", "scopes")
_PICKED = (
    ("people", "silva"),
    ("people", "s"),
    ("subjects", "maria silva"),
    ("every-tool", "issue"),
    ("groups", "team"),
)
_SEARCHES = (
    ("me:tools", "issue"),
    ("console:search", "silva"),
    ("console:search", "%2312"),
    ("console:search", "issue"),
    ("people:list", "silva"),
    ("connectors:list", "invoice"),
    ("devices:list", "laptop"),
)
_FILTERED = (
    ("people:list", "group=sales"),
    ("people:list", "role=approver"),
    ("connectors:list", "show=attention"),
    ("tickets:list", "show=decided"),
    ("audit:list", "code=call.refused"),
)


def _records() -> list[str]:
    from harriet.console.records.registry import all_records, url_name
    from harriet.lib.records import INSTALLATION

    kinds = [record for record in all_records() if record.scope != INSTALLATION]
    return [reverse("admin:records"), *(reverse(url_name(record, "changelist")) for record in kinds)]


def operators_pages() -> list[str]:
    return [reverse("admin:installation"), f"{reverse('admin:installation')}?q=silva", reverse("admin:records")]
