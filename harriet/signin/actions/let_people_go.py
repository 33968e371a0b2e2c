"""People whom a provider has asserted are known by it no more: it is removed, or is another one from now on."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q

from audit.actor import Actor
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.errors import PeopleError
from harriet.people.models import AssertedIdentity
from harriet.people.version import move_version
from harriet.signin.actions.describe_person import subject_for
from harriet.signin.actions.forget_subjects import forget_subjects_of
from harriet.signin.models import IdentityProvider, ProviderSession


class LetGo(NamedTuple):
    people: int
    ended: int
    """Those of them whose clients waited for a sign-in: they have no access any more."""


def let_people_go(provider: IdentityProvider, *, actor: Actor) -> LetGo:
    """Inside the caller's transaction. Whoever waits for a sign-in that will not come is deactivated: the provider had
    stopped vouching for them, and its end vouches for nobody. An owner who must stay, and whoever does this, stay."""
    known = AssertedIdentity.objects.filter(
        provider_id=provider.pk, membership__organization=provider.organization_id
    ).select_related("membership__user", "membership__organization", "membership__scim")
    ended = sum(_end(identity, actor) for identity in known.filter(lapsed_at__isnull=False))
    count = known.count()
    known.update(lapsed_at=None)  # for when an admin lets them in again
    _keep_without(list(known.filter(source=AssertedIdentity.Source.SCIM)))
    AssertedIdentity.objects.filter(provider_id=provider.pk).delete()
    return LetGo(count, ended)


def know_people_anew(provider: IdentityProvider, *, actor: Actor) -> None:
    """Inside the caller's transaction, which gave the provider another issuer: its names for people mean nothing there,
    and none of them opens another's account. Who waits for a sign-in goes on waiting for it."""
    known = AssertedIdentity.objects.filter(provider_id=provider.pk).select_related("membership__scim")
    if not known.exists():
        return
    end_sign_ins(provider, actor=actor)
    _keep_without(list(known.filter(Q(source=AssertedIdentity.Source.SCIM) | Q(lapsed_at__isnull=False))))
    AssertedIdentity.objects.filter(provider_id=provider.pk).delete()
    move_version(provider.organization_id)


def end_sign_ins(provider: IdentityProvider, *, actor: Actor) -> None:
    """Inside the caller's transaction: whoever is signed in by it is signed out."""
    keys = ProviderSession.objects.filter(provider=provider).values("session_id")
    Session.objects.filter(pk__in=keys).delete()
    forget_subjects_of(provider, actor=actor)


def _end(identity: AssertedIdentity, actor: Actor) -> bool:
    membership = identity.membership
    if not membership.is_active or membership.user_id == actor.id:
        return False
    try:
        with transaction.atomic():
            deactivate_person(membership, actor=actor)
    except PeopleError:
        return False  # the last owner, or who gets in without single sign-on
    return True


def _keep_without(identities: list[AssertedIdentity]) -> None:
    """What is more than this provider's word: the directory's, and that somebody waits. The subject was its own."""
    for identity in identities:
        scim = getattr(identity.membership, "scim", None)
        identity.subject = subject_for(identity.membership, scim.external_id if scim else "")
        identity.provider_id, identity.issuer = identity.membership.organization_id, ""
        identity.signed_in_at = None
        identity.save(update_fields=["provider_id", "issuer", "subject", "signed_in_at"])
