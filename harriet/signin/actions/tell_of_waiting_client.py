"""Tells those who decide that somebody wants to use an AI client which nobody here has decided about."""

from __future__ import annotations

from django.urls import reverse

from harriet.lib.text import quoted
from harriet.people.actions.tell_people import tell_people
from harriet.people.models import User
from harriet.people.notifications.kinds import CLIENT_WAITS, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Power, roles_with
from harriet.signin.models import Application
from harriet.signin.steps import note_step


def tell_of_waiting_client(client: Application, person: User) -> None:
    """Once for each client, whoever else meets it and however often it registers. By a person alone: what anybody can
    cause by registering tells nobody."""
    note_step(client.organization_id, "authorize", user_id=person.pk, application=client, problem="client_waiting")
    text = f"{person} wants to use the AI client {quoted(str(client), 80)}. New clients wait here until you allow them."
    matter = Matter(
        CLIENT_WAITS, client.organization_id, key_of(client), text, f"{reverse('clients:list')}?show=waiting"
    )
    tell_people(matter, with_roles(client.organization_id, roles_with(Power.MANAGE_TOKENS)))


def key_of(client: Application) -> str:
    return f"client waits {client.group_key}"
