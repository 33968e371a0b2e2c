"""Who a proved answer is here: a person who is known, one who has to prove an account, somebody new, or nobody.

A provider is one organization's, and so is what it opens: it signs somebody in to that organization alone. An account
that has a password is linked only once its person has signed in with it in the same browser.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.add_person import admit, user_for
from harriet.people.actions.assert_identity import Asserted, assert_identity
from harriet.people.actions.change_role import change_role
from harriet.people.actions.set_person_groups import change_person_groups
from harriet.people.actors import person_label
from harriet.people.errors import PeopleError
from harriet.people.models import AssertedIdentity, Group, Membership, SignInRule, User
from harriet.people.names import clean_email, clean_name
from harriet.people.roles import Role
from harriet.signin.actions.keep_subject import Said, keep_subject
from harriet.signin.claims import Claims
from harriet.signin.errors import SignInRefused, refused
from harriet.signin.events import ProviderSignInRefused, SignedInByProvider
from harriet.signin.mapping import meaning_of, role_to_set
from harriet.signin.models import IdentityProvider, SignInAttempt
from harriet.signin.provider_queries import is_verified, mapped_of
from harriet.signin.saml.response import NOT_ASKED
from harriet.signin.sso_sealing import open_attempt


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said in an attempt."""

    claims: Claims
    id_token: str
    good_until: float
    refresh_token: str = ""
    """What renews the sign-in; empty where there is none, or nobody wants that."""


@dataclass(frozen=True, slots=True)
class NeedsProof:
    """There is an account with this address that has a password: whoever knows it signs in with it once."""

    user: User


def answer_of(attempt: SignInAttempt) -> Answer:
    """Raises SignInRefused when there is none."""
    if attempt.answered_at is None or attempt.used_at is not None or attempt.sealed is None:
        raise SignInRefused(NOT_ASKED)
    kept = json.loads(open_attempt(bytes(attempt.sealed), attempt.pk))
    claims = Claims.from_bytes(kept["claims"].encode())
    return Answer(claims, kept["id_token"], kept["good_until"], kept.get("refresh_token", ""))


def actor_of_provider(provider: IdentityProvider) -> Actor:
    return Actor("system", None, f"{provider.name} (identity provider)")


def finish_sign_in(attempt: SignInAttempt, *, proven: User | None = None) -> Membership | NeedsProof:
    """`proven` is who is signed in in this browser by their own means. Raises SignInRefused, which the log tells."""
    answer = answer_of(attempt)
    try:
        with transaction.atomic():
            return _finished(attempt, answer, proven)
    except SignInRefused as problem:
        _tell_refusal(attempt.provider, answer.claims, problem)
        raise
    except IntegrityError:
        raise refused("somebody signed in as you at the same moment. Sign in again.") from None


def _finished(attempt: SignInAttempt, answer: Answer, proven: User | None) -> Membership | NeedsProof:
    provider = IdentityProvider.objects.select_for_update(of=["self"]).select_related("organization")
    found = _person(provider.get(pk=attempt.provider_id), answer.claims, proven)
    if isinstance(found, NeedsProof):
        return found
    used = SignInAttempt.objects.filter(pk=attempt.pk, used_at=None, is_test=False, expires_at__gt=Now())
    if not used.update(used_at=Now(), sealed=None):
        raise SignInRefused(NOT_ASKED)
    _write(attempt.provider, found, answer)
    return found


def _person(provider: IdentityProvider, claims: Claims, proven: User | None) -> Membership | NeedsProof:
    if not provider.is_active:
        raise refused(f"signing in through {provider.name} is switched off.")
    known = AssertedIdentity.objects.select_related("membership__user", "membership__organization").filter(
        provider_id=provider.pk, subject=claims.subject, membership__organization=provider.organization
    )
    identity = known.first()
    if identity is not None:
        return _let_in(identity.membership)
    return _by_address(provider, claims, proven)


def _let_in(membership: Membership) -> Membership:
    if not membership.is_active or not membership.user.is_active:
        raise SignInRefused(f"Your access to {membership.organization.name} ended. Ask your IT team.")
    return membership


def _by_address(provider: IdentityProvider, claims: Claims, proven: User | None) -> Membership | NeedsProof:
    """Somebody who comes for the first time."""
    organization, email = provider.organization, _address(provider, claims)
    user = User.objects.filter(email__iexact=email).first()
    membership = Membership.objects.filter(user=user, organization=organization).first() if user else None
    if membership is not None:
        _let_in(membership)
        _check_is_free(provider, membership)
    elif not provider.makes_accounts:
        raise SignInRefused(
            f"{provider.name} knows you, but nobody has let you into {organization.name} here. Ask your IT team."
        )
    if user is not None and user.has_usable_password() and user.password and user != proven:
        return NeedsProof(user)
    return membership or _new_member(provider, claims, email)


def _address(provider: IdentityProvider, claims: Claims) -> str:
    """Raises SignInRefused unless the organization has proved that addresses like this are its own."""
    if not claims.email:
        raise refused(f"the identity provider does not say your e-mail address (claim “{provider.email_claim}”).")
    try:
        email = clean_email(claims.email)
    except PeopleError:
        raise refused("what the identity provider gives as your e-mail address is none.") from None
    if claims.is_email_verified is False:
        raise refused(f"the identity provider says that {email} is not verified. Verify it there first.")
    if not is_verified(provider.organization, email):
        raise refused(f"the domain of {email} is not verified for {provider.organization.name} here.")
    return email


def _check_is_free(provider: IdentityProvider, membership: Membership) -> None:
    """An address that went on to somebody else at the provider does not take the account along."""
    taken = AssertedIdentity.objects.filter(membership=membership, provider_id=provider.pk).first()
    if taken is not None:
        raise refused(
            f"{membership.user.email} belongs to another account at {provider.name} here. An owner can separate them "
            "on the person’s page."
        )


def _new_member(provider: IdentityProvider, claims: Claims, email: str) -> Membership:
    try:
        name = clean_name(claims.name) if claims.name else ""
    except PeopleError:
        name = ""
    return admit(provider.organization, user_for(email, name), Role.MEMBER, actor=actor_of_provider(provider))


def _write(provider: IdentityProvider, membership: Membership, answer: Answer) -> None:
    actor, claims = actor_of_provider(provider), answer.claims
    before = AssertedIdentity.objects.filter(membership=membership, provider_id=provider.pk).first()
    had = tuple(before.groups) if before is not None else ()
    said = Asserted(
        provider_id=provider.pk,
        source=provider.kind,
        issuer=provider.issuer,
        subject=claims.subject,
        email=_kept_address(claims.email),
        employee_id=claims.employee_id,
        groups=had if claims.are_groups_elsewhere else claims.groups,
    )
    identity = assert_identity(membership, said, is_sign_in=True, actor=actor)
    if identity.source != AssertedIdentity.Source.SCIM and _speaks_of_groups(claims, had):
        apply_meaning(provider, membership, claims, actor)
    if answer.id_token:
        said_of = Said(claims, answer.id_token, answer.good_until, answer.refresh_token)
        keep_subject(provider, membership, said_of, actor=actor)
    event = SignedInByProvider(person=person_label(membership.user), provider=provider.name)
    record(event, organization_id=provider.organization_id, actor=actor)


def _kept_address(email: str) -> str:
    """Of somebody who is known already it lets nobody in, and is passed on as it is; what is none is left out."""
    try:
        return clean_email(email) if email else ""
    except PeopleError:
        return ""


def _speaks_of_groups(claims: Claims, had: tuple[str, ...]) -> bool:
    """Many providers leave the claim out for somebody who is in no group any more: where it came before, that it is
    gone means none. Where it never came, it says nothing."""
    return not claims.is_groups_missing or (bool(had) and not claims.are_groups_elsewhere)


def apply_meaning(provider: IdentityProvider, membership: Membership, claims: Claims, actor: Actor) -> None:
    """Groups and role as the mapping has them now. The last owner, and the one who gets in without the provider, stay
    owners."""
    mapped = mapped_of(provider)
    meaning = meaning_of(claims.groups, mapped)
    groups = Group.objects.filter(organization=provider.organization_id)
    change_person_groups(
        membership, add=groups.filter(pk__in=meaning.add), remove=groups.filter(pk__in=meaning.remove), actor=actor
    )
    role = role_to_set(membership.role, meaning, mapped)
    is_kept = SignInRule.objects.filter(
        organization=provider.organization_id, is_enforced=True, break_glass=membership.user_id
    ).exists()
    if role == membership.role or is_kept:
        return
    try:
        change_role(membership, role, actor=actor)
    except PeopleError:
        return  # the last owner


def _tell_refusal(provider: IdentityProvider, claims: Claims, problem: SignInRefused) -> None:
    event = ProviderSignInRefused(provider=provider.name, email=claims.email, why=problem.message)
    with transaction.atomic():
        record(event, organization_id=provider.organization_id, actor=actor_of_provider(provider))
