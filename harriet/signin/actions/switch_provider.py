"""Switches identity providers on and off, and removes them. Owners alone; nobody's access comes back by it."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_matter, settle_matters
from harriet.people.errors import PeopleError
from harriet.people.models import SignInRule
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from harriet.signin.actions.let_people_go import LetGo, end_sign_ins, let_people_go
from harriet.signin.actions.remind_of_certificates import key_of as certificates_told_as
from harriet.signin.actions.tell_of_closed_way import CLOSED_WAY
from harriet.signin.events import ProviderRemoved, ProviderSwitched
from harriet.signin.models import IdentityProvider

LAST_WAY = "Single sign-on is required, and this is the only provider that is on. Stop requiring it first."


def switch_provider(provider: IdentityProvider, is_on: bool, *, actor: Actor) -> None:
    """When it goes off, whoever is signed in by it is signed out, and what their sign-in was exchanged for at servers
    ends. Raises PeopleError or NotAllowed."""
    demand(actor, provider.organization, Power.MANAGE_ORGANIZATION)
    if is_on and not provider.endpoints:
        raise PeopleError("Save the provider’s settings first.")
    with transaction.atomic():
        if is_on:
            settle_matter(provider.organization_id, CLOSED_WAY)
        else:
            _check_another_way(provider)
            end_sign_ins(provider, actor=actor)
        if IdentityProvider.objects.filter(pk=provider.pk, is_active=not is_on).update(is_active=is_on):
            event = ProviderSwitched(provider=provider.name, state="on" if is_on else "off")
            record(event, organization_id=provider.organization_id, actor=actor)


def remove_provider(provider: IdentityProvider, *, actor: Actor) -> LetGo:
    """Its people are known by it no more, and go on by other means; whose clients waited for a sign-in through it have
    no access until somebody lets them in again. Raises PeopleError or NotAllowed."""
    demand(actor, provider.organization, Power.MANAGE_ORGANIZATION)
    with transaction.atomic():
        _check_another_way(provider)
        end_sign_ins(provider, actor=actor)
        settle_matters(provider.organization_id, certificates_told_as(provider))
        gone = let_people_go(provider, actor=actor)
        name, organization_id = provider.name, provider.organization_id
        IdentityProvider.objects.filter(pk=provider.pk).delete()
        move_version(organization_id)
        record(ProviderRemoved(provider=name, count=gone.people), organization_id=organization_id, actor=actor)
    return gone


def _check_another_way(provider: IdentityProvider) -> None:
    """Locks the rule, so that it is not set meanwhile."""
    rule = SignInRule.objects.select_for_update().filter(organization=provider.organization_id).first()
    others = IdentityProvider.objects.filter(organization=provider.organization_id, is_active=True)
    if rule is not None and rule.is_enforced and not others.exclude(pk=provider.pk).exists():
        raise PeopleError(LAST_WAY)
