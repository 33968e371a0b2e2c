"""What a machine that was set up is told: what is written where, line by line for a shell, or as JSON."""

from __future__ import annotations

from connectors.models import Profile
from harriet.console.me.client_files import WRITTEN, settings_lines
from harriet.console.me.clients import CLIENTS, ServerEntry
from harriet.people.actions.enrol_device import Enrolled

Answer = dict[str, str | list[str]]


def answer_for(enrolled: Enrolled, profile: Profile) -> Answer:
    """Holds the credential: for that one machine, once."""
    invitation, secret = enrolled.invitation, enrolled.secret.reveal()
    client, file = CLIENTS[invitation.client], WRITTEN.get(invitation.client)
    door = ServerEntry(profile.slug, profile.url, secret)
    place = file.place if file else None
    return {
        "organization": invitation.organization.slug,
        "profile": profile.slug,
        "client": client.key,
        "client_name": client.name,
        "device": invitation.device_name,
        "url": profile.url,
        "token": secret,
        "expires": enrolled.token.expires_at.date().isoformat(),
        "kind": file.kind if file else "none",
        "linux": place.linux if place else "",
        "darwin": place.darwin if place else "",
        "windows": place.windows if place else "",
        "next_step": file.next_step if file else "The steps are on your page at Harriet, under Connect a client.",
        "settings": settings_lines(file, door) if file else [],
    }


def as_lines(answer: Answer) -> str:
    """key=value, a line each; what has several lines stands several times."""
    lines = [
        f"{key}={text}" for key, value in answer.items() for text in (value if isinstance(value, list) else [value])
    ]
    return "\n".join(lines) + "\n"
