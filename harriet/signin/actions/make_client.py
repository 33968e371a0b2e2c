"""Makes, changes and re-keys clients by hand, for products that can’t register themselves. A secret is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from harriet.people.actors import person_behind
from harriet.people.errors import PeopleError
from harriet.people.models import Organization
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.signin.events import ClientChanged, ClientMade, ClientSecretReplaced
from harriet.signin.models import Application
from harriet.signin.protocol import redirects
from harriet.signin.protocol.client_secrets import NewClientSecret, new_client_secret


class MadeClient(NamedTuple):
    application: Application
    secret: Secret


def make_client(organization: Organization, name: str, redirect_uris: Sequence[str], *, actor: Actor) -> MadeClient:
    """Allowed from the start: whoever makes it decides. Raises NotAllowed or PeopleError."""
    demand(actor, organization, Power.MANAGE_TOKENS)
    name, uris, new = clean_name(name), clean_redirects(redirect_uris), new_client_secret()
    with transaction.atomic():
        made = Application.objects.create(
            organization=organization,
            client_id=f"hrt_c_{new_id().hex}",
            name=name,
            redirect_uris=" ".join(uris),
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
            auth_method="client_secret_post",
            registration_source=Application.RegistrationSource.MANUAL,
            user=person_behind(actor),
            decided_by=person_behind(actor),
            decided_at=Now(),
            **_kept(new),
        )
        said = ClientMade(client_name=name, client_id=made.client_id, redirects=made.redirect_uris)
        record(said, organization_id=organization.pk, actor=actor)
    return MadeClient(made, new.secret)


def change_client(client: Application, *, name: str, redirect_uris: Sequence[str], actor: Actor) -> None:
    """Of one that was made by hand: what others say of themselves is theirs. Raises NotAllowed or PeopleError."""
    demand(actor, client.organization, Power.MANAGE_TOKENS)
    _demand_by_hand(client)
    client.name, client.redirect_uris = clean_name(name), " ".join(clean_redirects(redirect_uris))
    with transaction.atomic():
        client.save(update_fields=["name", "redirect_uris", "updated"])
        said = ClientChanged(client_name=client.name, client_id=client.client_id, redirects=client.redirect_uris)
        record(said, organization_id=client.organization_id, actor=actor)


def replace_client_secret(client: Application, *, actor: Actor) -> MadeClient:
    """The one before ends at once: the product can't refresh until it has the new one. Raises NotAllowed or
    PeopleError."""
    demand(actor, client.organization, Power.MANAGE_TOKENS)
    _demand_by_hand(client)
    new = new_client_secret()
    with transaction.atomic():
        Application.objects.filter(pk=client.pk).update(**_kept(new))
        said = ClientSecretReplaced(client_name=client.name, client_id=client.client_id)
        record(said, organization_id=client.organization_id, actor=actor)
    return MadeClient(client, new.secret)


def clean_redirects(uris: Sequence[str]) -> list[str]:
    """Checked as those of clients that register themselves. Raises PeopleError."""
    given = list(dict.fromkeys(uri.strip() for uri in uris if uri.strip()))
    if not given:
        raise PeopleError("Paste at least one redirect address: the product shows it.", field="redirect_uris")
    if len(given) > redirects.MOST:
        raise PeopleError(f"A client has at most {redirects.MOST} redirect addresses.", field="redirect_uris")
    for uri in given:
        if problem := redirects.why_not(uri):
            raise PeopleError(f"{uri[:120]}: {problem}", field="redirect_uris")
    return given


def _kept(new: NewClientSecret) -> dict[str, object]:
    return {"client_secret": new.stored, "hash_client_secret": False, "sealed_secret_hint": new.hint}


def _demand_by_hand(client: Application) -> None:
    if client.registration_source != Application.RegistrationSource.MANUAL:
        raise PeopleError(f"{client} says itself what it is called and where its answers go: nobody changes it here.")
