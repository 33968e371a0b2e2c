"""Takes a device's report of the MCP servers that are configured on it; the latest stands in place of earlier ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models.functions import Now

from audit.record import record
from harriet.lib.text import storable
from harriet.people.actors import actor_of, device_label, person_label
from harriet.people.events import ServersReported
from harriet.people.machine_report import clean_server
from harriet.people.models import AccessToken, Device, FoundServer, ServerSighting

MOST_SERVERS = 200
"""Of one report; nobody has so many, and what a machine sends is bounded."""
_LONGEST_CLIENT, _LONGEST_TARGET = 40, 500


class Reported(NamedTuple):
    client: str
    name: str
    kind: str
    target: str
    words: tuple[str, ...]
    is_whole: bool

    @property
    def fingerprint(self) -> bytes:
        return hashlib.sha256(f"{self.kind}\0{self.target}".encode("utf-8", "surrogatepass")).digest()


def report_servers(token: AccessToken, servers: Iterable[Any]) -> int:
    """How many there are. Whatever was left out on the machine is left out here again; what is no server is passed
    over. The token proves the device."""
    device = token.device
    assert device is not None, "only a device credential reports"
    found = _read(servers)
    with transaction.atomic():
        Device.objects.select_for_update().get(pk=device.pk)  # two reports of one device come one after the other
        ServerSighting.objects.filter(device=device).delete()
        for one in found:
            _note(device, one)
        event = ServersReported(person=person_label(device.user), device=device_label(device), count=len(found))
        record(event, organization_id=device.organization_id, actor=actor_of(device.user))
    return len(found)


def _read(servers: Iterable[Any]) -> list[Reported]:
    """Each once, as far as there may be."""
    read = dict.fromkeys(filter(None, (_reported(one) for one in servers if isinstance(one, dict))))
    return sorted(one for one in read if one is not None)[:MOST_SERVERS]


def _reported(sent: dict[str, Any]) -> Reported | None:
    command = sent.get("command")
    words = [str(word) for word in command] if isinstance(command, list) else []
    one = clean_server(sent.get("name"), sent.get("url"), words[0] if words else None, words[1:])
    if one is None:
        return None
    client, name = _line(sent.get("client"))[:_LONGEST_CLIENT] or "another client", _line(one["name"])[:80] or "unnamed"
    if "url" in one:
        return Reported(client, name, FoundServer.Kind.ADDRESS.value, _line(one["url"]), (), True)
    cleaned = tuple(_line(word) for word in one["command"])
    target = " ".join(cleaned)
    is_whole = one["whole"] and sent.get("whole") is not False and len(target) <= _LONGEST_TARGET
    return Reported(client, name, FoundServer.Kind.PROGRAM.value, target[:_LONGEST_TARGET], cleaned, is_whole)


def _line(text: Any) -> str:
    """One line that can be stored."""
    return " ".join(storable(str(text or "")).split())


def _note(device: Device, one: Reported) -> None:
    server, is_new = FoundServer.objects.get_or_create(
        organization_id=device.organization_id,
        fingerprint=one.fingerprint,
        defaults={
            "kind": one.kind,
            "target": one.target,
            "words": list(one.words),
            "is_whole": one.is_whole,
            "name": one.name,
        },
    )
    if not is_new:
        FoundServer.objects.filter(pk=server.pk).update(last_seen_at=Now())
    ServerSighting.objects.get_or_create(
        organization_id=device.organization_id, server=server, device=device, client=one.client, name=one.name
    )
