"""Which forms of a very large company are sent: each is shown again, with what was found or with what is wrong, or asks
about very many things at once. None of them changes anything."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.urls import reverse

from approvals.models import Ticket
from connectors.models import Connector, Profile
from harriet.people.models import AccessToken, Device, Membership
from harriet.people.roles import Role
from tests.stage.cast import Cast
from vault.models import Credential

MANY = 900
"""Ticked at once: a form has at most a thousand values."""


class Form(NamedTuple):
    path: str
    says: str
    """What is sent, in a word."""
    sent: dict[str, Any]


def large_forms(cast: Cast) -> list[Form]:
    return [*_picking(cast), *_wrong(cast), *many_at_once(cast)]


def decisions(cast: Cast) -> list[Form]:
    waiting = _ids(Ticket.objects.filter(organization=cast.acme, is_open=True, action__state="waiting"))
    decide, reason = reverse("tickets:bulk"), {"action": "reject", "reason": "Not today.", "filled": "1"}
    return [
        Form(decide, "approve many", {"action": "approve", "ids": waiting}),
        Form(decide, "reject many", {"ids": waiting, **reason}),
        Form(reverse("tickets:reject", args=[1]), "no reason", {"reason": ""}),
    ]


def _picking(cast: Cast) -> list[Form]:
    """Somebody searches."""
    crm = Connector.objects.get(organization=cast.acme, slug="crm")
    longest = Profile.objects.get(slug="longest")
    leaving = Membership.objects.get(user=cast.alice, organization=cast.acme)
    return [
        _find(reverse("groups:add_people", args=[cast.sales.pk]), "people", "silva"),
        _find(reverse("profiles:new"), "people", "silva", name="New"),
        _find(reverse("profiles:new"), "tools", "issue", name="New"),
        _find(reverse("profiles:detail", args=[longest.pk]), "people", "silva", name="Longest"),
        _find(reverse("connectors:access", args=[crm.pk]), "groups", "team"),
        _find(reverse("connectors:approvers", args=[crm.pk]), "approvers", "team"),
        _find(reverse("people:invite"), "groups", "team", email="new@acme.test"),
        _find(reverse("vault:schedule", args=[Credential.objects.get(connector_id=crm.pk).pk]), "owner", "silva"),
        _find(reverse("console:off_board", args=[leaving.pk]), "to", "silva"),
        _find(reverse("console:hand_over"), "to", "silva"),
    ]


def _find(path: str, field: str, text: str, **others: str) -> Form:
    return Form(path, f"find {text}", {f"{field}-q": text, "find": field, **others})


def _wrong(cast: Cast) -> list[Form]:
    """Something is missing, or is not what it should be."""
    crm = Connector.objects.get(organization=cast.acme, slug="crm")
    longest = Profile.objects.get(slug="longest")
    return [
        Form(path, "wrong", sent)
        for path, sent in (
            (reverse("groups:new"), {"name": ""}),
            (reverse("groups:add_people", args=[cast.sales.pk]), {}),
            (reverse("groups:rename", args=[cast.sales.pk]), {"name": ""}),
            (reverse("profiles:new"), {"name": ""}),
            (reverse("profiles:detail", args=[longest.pk]), {"name": ""}),
            (reverse("profiles:delete", args=[longest.pk]), {"confirmation": "no"}),
            (reverse("connectors:access", args=[crm.pk]), {"groups-q": "team"}),
            (reverse("connectors:basics", args=[crm.pk]), {"name": ""}),
            (reverse("connectors:connection", args=[crm.pk]), {"url": "x"}),
            (reverse("connectors:delete", args=[crm.pk]), {"confirmation": "no"}),
            (reverse("me:request"), {}),
        )
    ]


def many_at_once(cast: Cast) -> list[Form]:
    """What very many ticked things would become."""
    members = Membership.objects.filter(organization=cast.acme, role=Role.MEMBER)
    devices = Device.objects.filter(organization=cast.acme, revoked_at=None)
    tokens = AccessToken.objects.filter(organization=cast.acme, revoked_at=None)
    connectors = Connector.objects.filter(organization=cast.acme, state=Connector.State.ACTIVE)
    return [
        Form(reverse("people:bulk"), "deactivate many", {"action": "deactivate", "ids": _ids(members)}),
        Form(reverse("devices:bulk"), "revoke many", {"action": "revoke", "ids": _ids(devices)}),
        Form(reverse("devices:bulk_tokens"), "revoke many", {"action": "revoke", "ids": _ids(tokens)}),
        Form(reverse("connectors:bulk"), "pause many", {"action": "pause", "ids": _ids(connectors)}),
    ]


def _ids(rows: Any) -> list[str]:
    return [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)[:MANY]]
