"""What providers say of people, in all the forms that it comes in; and what its silence means."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone

from harriet.people.models import AssertedIdentity, Membership, User
from harriet.people.roles import Role
from harriet.signin.actions.finish_sign_in import finish_sign_in
from harriet.signin.actions.set_mapping import add_mapping
from harriet.signin.claims import Claims, Names, claims_from
from harriet.signin.models import IdentityProvider, SignInAttempt
from harriet.signin.sso_sealing import seal_attempt
from tests.stage.cast import Cast
from tests.stage.providers import verified

URL_NAME = "http://schemas.xmlsoap.org/claims/Group"


@pytest.mark.parametrize(
    ("said", "name", "groups"),
    [
        ({"groups": ["a", "b"]}, "groups", ("a", "b")),
        ({"groups": "a"}, "groups", ("a",)),
        ({"groups": "a, b"}, "groups", ("a, b",)),
        ({"groups": []}, "groups", ()),
        ({URL_NAME: ["a"]}, URL_NAME, ("a",)),
        ({"realm_access": {"roles": ["a", "b"]}}, "realm_access.roles", ("a", "b")),
        ({"resource_access": {"harriet.io": {"roles": ["a"]}}}, "resource_access.harriet.io.roles", ("a",)),
        ({"a.b": ["own"], "a": {"b": ["within"]}}, "a.b", ("own",)),
        ({f"c{number}": "x" for number in range(300)} | {"groups": ["a"]}, "groups", ("a",)),
        ({"groups": [7, True, None, "", "x" * 301, "a\nb", "a\u202eb", ["a"], "z"]}, "groups", ("7", "true", "z")),
    ],
)
def test_groups_in_every_form(said: dict[str, Any], name: str, groups: tuple[str, ...]) -> None:
    found = claims_from(said, "dana-1", Names(groups=name))
    assert found.groups == groups and not found.is_groups_missing
    assert len(found.received) <= 100


@pytest.mark.parametrize(
    ("said", "is_elsewhere"),
    [
        ({}, False),
        ({"groups": None}, False),
        ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph"}}}, True),
        ({"hasgroups": True}, True),
        ({"hasgroups": "true"}, True),
        ({"_claim_names": {"photo": "src1"}}, False),
    ],
)
def test_groups_that_did_not_come(said: dict[str, Any], is_elsewhere: bool) -> None:
    found = claims_from(said, "dana-1", Names())
    assert found.groups == () and found.are_groups_elsewhere == is_elsewhere


@pytest.mark.parametrize(
    ("value", "is_verified"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        (["true"], True),
        (None, None),
        (False, False),
        ("false", False),
        (["false"], False),
        ("yes", False),
        (1, False),
        (["true", "false"], False),
        ([], False),
    ],
)
def test_whether_an_address_is_verified(value: Any, is_verified: bool | None) -> None:
    assert claims_from({"email_verified": value}, "dana-1", Names()).is_email_verified is is_verified


def come(provider: IdentityProvider, **said: Any) -> Membership:
    """Erin signs in, and the provider says this of her."""
    claims = claims_from({"email": "erin@acme.test"} | said, "erin-1", Names())
    now = timezone.now()
    attempt = SignInAttempt(
        provider=provider,
        state_hash=sha256(str(SignInAttempt.objects.count()).encode()).digest(),
        expires_at=now + timedelta(minutes=5),
        answered_at=now,
    )
    kept = {"claims": claims.to_bytes().decode(), "id_token": "", "good_until": 0}
    attempt.sealed = seal_attempt(json.dumps(kept).encode(), attempt.pk)
    attempt.save()
    found = finish_sign_in(attempt)
    assert isinstance(found, Membership)
    return Membership.objects.get(pk=found.pk)


@pytest.fixture
def provider(cast: Cast) -> IdentityProvider:
    verified(cast.acme)
    made = IdentityProvider.objects.create(
        organization=cast.acme, kind="oidc", name="Acme account", is_active=True, issuer="i", makes_accounts=True
    )
    add_mapping(made, "admins", None, Role.MCP_ADMIN, actor=cast.actor(cast.alice))
    add_mapping(made, "sales", cast.sales, "", actor=cast.actor(cast.alice))
    return made


@pytest.mark.django_db
def test_a_claim_that_came_before_and_is_gone_means_no_group(cast: Cast, provider: IdentityProvider) -> None:
    """Entra ID and Okta leave it out for somebody who is in no group any more."""
    erin = come(provider, groups=["admins", "sales"])
    assert (erin.role, list(erin.groups.all())) == (Role.MCP_ADMIN, [cast.sales])
    erin = come(provider)
    assert (erin.role, list(erin.groups.all())) == (Role.MEMBER, [])
    assert AssertedIdentity.objects.get().groups == []


@pytest.mark.django_db
def test_groups_too_many_to_send_leave_everything_as_it_is(cast: Cast, provider: IdentityProvider) -> None:
    come(provider, groups=["admins", "sales"])
    erin = come(provider, _claim_names={"groups": "src1"})
    assert (erin.role, list(erin.groups.all())) == (Role.MCP_ADMIN, [cast.sales])
    assert AssertedIdentity.objects.get().groups == ["admins", "sales"], "servers are told what was said last"


@pytest.mark.django_db
def test_a_provider_that_never_spoke_of_groups_says_nothing(cast: Cast, provider: IdentityProvider) -> None:
    erin = come(provider)
    erin.role = Role.APPROVER
    erin.save()
    erin.groups.add(cast.sales)
    erin = come(provider)
    assert (erin.role, list(erin.groups.all())) == (Role.APPROVER, [cast.sales])
    assert not User.objects.get(email="erin@acme.test").has_usable_password()


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["x" * 280 + "@acme.test", "no address", "a@b@c", ""])
def test_an_address_that_became_none_keeps_nobody_out(provider: IdentityProvider, email: str) -> None:
    """Erin is known by her subject; servers are told of no address."""
    come(provider)
    come(provider, email=email)
    assert AssertedIdentity.objects.get().email == ""


@pytest.mark.django_db
def test_a_changed_address_is_told_on_and_the_account_stays(provider: IdentityProvider) -> None:
    first = come(provider)
    assert come(provider, email="erin.stone@acme.test") == first
    assert AssertedIdentity.objects.get().email == "erin.stone@acme.test"
    assert first.user.email == "erin@acme.test"


def test_claims_are_kept_whole() -> None:
    claims = claims_from({"groups": ["a"], "a": {"b": "c"}}, "dana-1", Names(), sid="s")
    assert Claims.from_bytes(claims.to_bytes()) == claims
