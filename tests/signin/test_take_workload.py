"""The nightly report proves by its cluster that it is itself: it has no secret, and gets a token of its agent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from connectors.models import Profile
from harriet.people.actions.create_agent import create_agent
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.end_agent import end_agent
from harriet.people.actions.pause_agent import pause_agent
from harriet.people.models import AccessToken, Membership
from harriet.people.tokens import hash_token
from harriet.signin.actions.bind_workload import bind_workload
from harriet.signin.actions.trust_issuer import end_issuer
from harriet.signin.models import TrustedIssuer, UsedAssertion, WorkloadIdentity
from harriet.signin.protocol.id_jag import TYPE
from tests.stage.assertions import ALL, Bearer, key, public_keys, signed_in_by_sso, trusted
from tests.stage.cast import Cast
from tests.stage.profiles import profile
from tests.stage.signing_app import resource, says
from tests.stage.workloads import CLUSTER, SUBJECT, Workload, workload

pytestmark = pytest.mark.django_db


@pytest.fixture
def nightly(acme: Cast) -> Workload:
    return workload(acme, Profile.objects.get(organization=acme.acme, slug="work"))


def test_it_gets_a_token_of_its_agent_for_a_quarter_of_an_hour(acme: Cast, nightly: Workload) -> None:
    answer = nightly.bring()
    said = answer.json()
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"], answer.content
    assert said == {"access_token": said["access_token"], "token_type": "Bearer", "expires_in": 900, "scope": ALL}
    token = AccessToken.objects.get(token_hash=hash_token(said["access_token"]))
    assert (token.kind, token.agent, token.user, token.profile_id) == (
        "agent",
        nightly.agent,
        None,
        nightly.identity.profile_id,
    )
    assert token.created_by == acme.alice, "who said that it is the agent approves none of its calls"
    assert timedelta(minutes=14) < token.expires_at - timezone.now() <= timedelta(minutes=15)
    told = Event.objects.get(code="agent.workload_admitted")
    assert told.sentence == f"The workload {SUBJECT} was let in as the agent Nightly report, as Cluster says."
    assert said["access_token"] not in repr(list(Event.objects.values_list("body")))


def test_its_tokens_leave_few_rows_and_move_no_version(acme: Cast, nightly: Workload) -> None:
    acme.acme.version.refresh_from_db()
    version = acme.acme.version.number
    first, second = nightly.bring().json(), nightly.bring().json()
    assert AccessToken.objects.filter(agent=nightly.agent).count() == 2, "both work: it may run twice"
    AccessToken.objects.filter(token_hash=hash_token(first["access_token"])).update(expires_at=timezone.now())
    nightly.bring()
    assert AccessToken.objects.filter(agent=nightly.agent).count() == 2
    assert AccessToken.objects.filter(token_hash=hash_token(second["access_token"])).exists()
    acme.acme.version.refresh_from_db()
    assert acme.acme.version.number == version


NOW = int(time.time())
WRONG: dict[str, dict[str, Any]] = {
    "no issuer": {"iss": None},
    "an unknown issuer": {"iss": f"{CLUSTER}.evil.example"},
    "an issuer with a slash": {"iss": f"{CLUSTER}/"},
    "no subject": {"sub": None},
    "another workload": {"sub": "system:serviceaccount:reports:daily"},
    "the subject in capitals": {"sub": SUBJECT.upper()},
    "the beginning of a subject": {"sub": SUBJECT[:-1]},
    "a subject that is a list": {"sub": [SUBJECT]},
    "no audience": {"aud": None},
    "our issuer": {"aud": f"{settings.BASE_URL}/oauth/acme"},
    "the token endpoint with a slash": {"aud": f"{settings.BASE_URL}/oauth/acme/token/"},
    "another organization's endpoint": {"aud": f"{settings.BASE_URL}/oauth/other/token"},
    "two audiences": {"aud": [f"{settings.BASE_URL}/oauth/acme/token", "https://else.example"]},
    "no audience in the list": {"aud": []},
    "an id that is no text": {"jti": 7},
    "an empty id": {"jti": ""},
    "no time of issue": {"iat": None},
    "no end": {"exp": None},
    "an end in words": {"exp": "tomorrow"},
    "an end that is true": {"exp": True},
    "endless": {"exp": float("inf")},
    "long over": {"iat": NOW - 900, "exp": NOW - 600},
    "of the future": {"iat": NOW + 86_400, "exp": NOW + 86_500},
    "not yet": {"nbf": NOW + 86_400},
    "over before it began": {"iat": NOW, "exp": NOW - 1},
    "good for too long": {"iat": NOW, "exp": NOW + 86400},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_a_token_with_one_wrong_claim_opens_nothing(nightly: Workload, changed: dict[str, Any]) -> None:
    answer = nightly.bring(nightly.token(**changed))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.content
    assert not AccessToken.objects.filter(kind="agent").exists() and not UsedAssertion.objects.exists()


def unsigned(nightly: Workload) -> str:
    return jwt.encode(nightly.claims(), None, algorithm="none", headers={"typ": "JWT"})


def signed_with_public_key(nightly: Workload) -> str:
    modulus = public_keys("first")["keys"][0]["n"]
    return jwt.encode(nightly.claims(), modulus, algorithm="HS256", headers={"typ": "JWT", "kid": "first"})


FORMS: dict[str, Callable[[Workload], str]] = {
    "the type of an assertion about people": lambda one: one.token({"typ": TYPE}),
    "an access token": lambda one: one.token({"typ": "at+jwt"}),
    "the type in small letters": lambda one: one.token({"typ": "jwt"}),
    "an unknown key": lambda one: one.token(signer="second"),
    "another's key under a known name": lambda one: one.token({"kid": "first"}, signer="second"),
    "an unknown extension": lambda one: one.token({"crit": ["x"], "x": 1}),
    "unsigned": unsigned,
    "a shared secret": signed_with_public_key,
    "no JWT": lambda one: "a.b.c",
    "far too long": lambda one: one.token(sub="x" * 20000),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_is_not_the_issuers_word_opens_nothing(nightly: Workload, form: Callable[[Workload], str]) -> None:
    answer = nightly.bring(form(nightly))
    assert answer.json()["error"] in {"invalid_grant", "invalid_client"} and answer.status_code in {400, 401}
    assert not AccessToken.objects.filter(kind="agent").exists()


def test_platforms_that_say_no_type_or_no_id(nightly: Workload) -> None:
    bare = jwt.api_jws.encode(
        json.dumps(nightly.claims(jti=None)).encode(),
        key("first"),
        algorithm="RS256",
        headers={"kid": "first", "typ": None},
    )
    assert "typ" not in jwt.get_unverified_header(bare)
    assert nightly.bring(bare).status_code == 200 and nightly.bring(bare).status_code == 200


def test_a_token_with_an_id_is_used_once(nightly: Workload) -> None:
    token = nightly.token()
    assert nightly.bring(token).status_code == 200
    again = nightly.bring(token)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant") and "jti" in again.content.decode()


def test_an_issuer_is_trusted_for_each_type_by_itself(acme: Cast, nightly: Workload) -> None:
    bearer = Bearer()
    signed_in_by_sso(acme.dana, acme.acme)
    TrustedIssuer.objects.update(client_ids=[bearer.app.client_id])
    of_person = bearer.bring(bearer.assertion(iss=CLUSTER))
    assert of_person.json()["error"] == "invalid_grant" and "ID-JAG" in of_person.json()["error_description"]
    okta = trusted(acme.acme, bearer.app.client_id)
    WorkloadIdentity.objects.create(
        issuer=okta, subject=SUBJECT, agent=nightly.agent, profile_id=nightly.identity.profile_id
    )
    of_workload = nightly.bring(nightly.token(iss=okta.issuer))
    assert of_workload.json()["error"] == "invalid_grant" and "workloads" in of_workload.json()["error_description"]
    assert bearer.bring().status_code == 200 and nightly.bring().status_code == 200


def test_no_client_and_nothing_twice(nightly: Workload) -> None:
    assert nightly.bring(client_id="x").json()["error"] == "invalid_request"
    assert nightly.bring(client_secret="x").json()["error"] == "invalid_request"
    assert nightly.bring(headers={"Authorization": "Basic eDp5"}).json()["error"] == "invalid_request"
    assert nightly.bring("").json()["error"] == "invalid_request"
    assert nightly.bring(scope=["tools.read", "tools.write"]).json()["error"] == "invalid_request"
    assert not AccessToken.objects.filter(kind="agent").exists()


def test_scopes_and_profile_are_only_narrowed(acme: Cast, nightly: Workload) -> None:
    profile(acme.acme, groups=[acme.sales], slug="other")
    assert nightly.bring(scope="tools.read admin").json()["scope"] == "tools.read"
    assert nightly.bring(scope="admin").json()["error"] == "invalid_scope"
    TrustedIssuer.objects.update(scopes="tools.read")
    assert nightly.bring().json()["scope"] == "tools.read"
    assert AccessToken.objects.order_by("-pk").first().scopes == "tools.read"  # type: ignore[union-attr]
    assert nightly.bring(resource=resource()).status_code == 200
    assert nightly.bring(resource=resource("other")).json()["error"] == "invalid_target"
    assert nightly.bring(resource="https://evil.example/mcp/acme/work").json()["error"] == "invalid_target"
    Profile.objects.get(pk=nightly.identity.profile_id).delete()
    assert nightly.bring().json()["error"] == "invalid_target"


def test_what_stops_the_agent_stops_its_workload(acme: Cast, nightly: Workload) -> None:
    alice = acme.actor(acme.alice)
    pause_agent(nightly.agent, "", actor=alice)
    assert "paused" in nightly.bring().json()["error_description"]
    nightly.agent.state = "active"
    nightly.agent.save()
    assert nightly.bring().status_code == 200
    deactivate_person(Membership.objects.get(user=acme.bob, organization=acme.acme), actor=alice)
    assert nightly.bring().json()["error"] == "invalid_grant"
    end_agent(nightly.agent, actor=alice)
    assert nightly.bring().json()["error"] == "invalid_grant"
    assert not AccessToken.objects.filter(agent=nightly.agent, revoked_at=None).exists()


def test_the_end_of_the_trust_ends_its_tokens(acme: Cast, nightly: Workload) -> None:
    token = nightly.bring().json()["access_token"]
    end_issuer(TrustedIssuer.objects.get(), actor=acme.actor(acme.alice))
    assert AccessToken.objects.get(token_hash=hash_token(token)).revoked_at is not None
    assert not WorkloadIdentity.objects.exists() and nightly.bring().json()["error"] == "invalid_grant"


def test_another_organizations_platform_opens_nothing(acme: Cast, nightly: Workload) -> None:
    TrustedIssuer.objects.update(organization=acme.globex)
    assert nightly.bring().json()["error"] == "invalid_grant"


def test_bob_says_on_the_agents_page_which_workload_it_is(client: Client, acme: Cast, nightly: Workload) -> None:
    client.force_login(acme.bob)
    page = client.get(reverse("agents:detail", args=[nightly.agent.pk]))
    assert says(page, SUBJECT)
    new = reverse("agents:new_workload", args=[nightly.agent.pk])
    assert says(client.get(new), f"{settings.BASE_URL}/oauth/acme/token")
    given = {"issuer": str(nightly.identity.issuer_id), "profile": str(nightly.identity.profile_id)}
    again = client.post(new, given | {"subject": SUBJECT})
    assert again.status_code == 400 and says(again, "is an agent here already")
    blank = client.post(new, given | {"subject": "a b"})
    assert blank.status_code == 400 and says(blank, "without blanks")
    made = client.post(new, given | {"subject": "spiffe://acme/nightly"}, follow=True)
    assert says(made, "acts as Nightly report from now on"), made.content.decode()
    assert nightly.bring(nightly.token(sub="spiffe://acme/nightly")).status_code == 200
    row = WorkloadIdentity.objects.get(subject="spiffe://acme/nightly")
    ended = client.post(reverse("agents:end_workload", args=[nightly.agent.pk, row.pk]), follow=True)
    assert says(ended, "does not act as Nightly report any more")
    assert AccessToken.objects.get(workload_id=row.pk).revoked_at is not None
    sentences = [one.sentence for one in Event.objects.filter(code__startswith="agent.workload").order_by("pk")]
    assert any("let the workload spiffe://acme/nightly of Cluster act as" in one for one in sentences)
    client.force_login(acme.dana)
    assert client.get(new).status_code == 404


def test_without_a_trusted_platform_the_page_says_so(client: Client, acme: Cast, nightly: Workload) -> None:
    client.force_login(acme.alice)
    TrustedIssuer.objects.update(accepts_workloads=False)
    page = client.get(reverse("agents:new_workload", args=[nightly.agent.pk]))
    assert says(page, "No issuer is trusted for workloads")


def test_a_workload_of_an_agent_that_ended_may_be_another(acme: Cast, nightly: Workload) -> None:
    alice = acme.actor(acme.alice)
    end_agent(nightly.agent, actor=alice)
    issuer = TrustedIssuer.objects.get()
    other = create_agent(acme.acme, "Nightly report", "", acme.bob, [acme.sales], actor=alice)
    bind_workload(other, issuer, SUBJECT, Profile.objects.get(pk=nightly.identity.profile_id), actor=alice)
    assert nightly.bring().status_code == 200
