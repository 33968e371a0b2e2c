"""A connector tells its server who calls: the right person, as the identity provider says it, never as a model does."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.db import transaction
from django.db.models import F
from django.test import Client as DjangoClient

from audit.models import Event
from connectors.access.load import load
from connectors.actions.replace_identity_key import replace_identity_key
from connectors.actions.set_identity_passing import set_identity_passing
from connectors.errors import ConnectorError
from connectors.identity_keys import identity_key_of, identity_key_set
from connectors.models import Connector, IdentityKey
from connectors.passed_identity import Identity, as_header, header_problem, value_of
from harriet.lib.ids import new_id
from harriet.people.actions.assert_identity import Asserted, assert_identity
from harriet.people.actors import actor_of
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership, User
from tests.servers.upstream import leaked
from tests.stage.cast import Cast, person
from tests.stage.clients import Client
from tests.stage.credentials import SECRET
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.tokens import device_token, shared_key

CLAIMS = {"x-user": "alice@acme.test", "user": "alice@acme.test", "role": "owner", "organization": "globex"}
"""What a model says of who it works for."""


def known(office: Office, user: User, **said: Any) -> None:
    """The identity provider has asserted this person."""
    membership = Membership.objects.select_related("organization", "user").get(user=user, organization=office.cast.acme)
    facts = {"subject": f"{user.name}-1", "email": user.email} | said
    asserted = Asserted(new_id(), "oidc", "https://idp.acme.test", **facts)
    with transaction.atomic():
        assert_identity(membership, asserted, is_sign_in=True, actor=actor_of(user))


def passing(office: Office, gateway: Gateway, *rule: str, refuses_local: bool = True) -> None:
    set_identity_passing(office.crm, *rule, refuses_local=refuses_local, actor=actor_of(office.cast.alice))
    office.wait_until_known(gateway)


def test_each_person_is_told_of_as_themselves(gateway: Gateway, office: Office, upstream: Upstream) -> None:
    """Dana and Erin call by turns; Bob has a local account, and a shared key is nobody."""
    erin = person(office.cast.acme, "Erin", office.cast.dana.memberships.get().role, groups=[office.cast.sales])
    bob = person(office.cast.acme, "Berta", office.cast.dana.memberships.get().role, groups=[office.cast.sales])
    known(office, office.cast.dana)
    known(office, erin, employee_id="E-7")
    clients = {user.email: Client(gateway, device_token(office.cast.acme, user)) for user in (erin, bob)}
    clients[office.cast.dana.email] = Client(gateway, office.token)
    robot = Client(gateway, shared_key(office.cast.acme, [office.cast.sales], office.cast.alice))
    passing(office, gateway, "header", "X-User", "email")
    upstream.forget()
    log = Log(office.cast.acme.id)
    for number in range(4):
        for email in (office.cast.dana.email, erin.email):
            answer = clients[email].call("echo", {"text": f"{email} {number}"}, **CLAIMS)
            assert answer.text == f"{email} {number}"
    for entry in upstream.calls:
        said = entry["message"]["params"]["arguments"]["text"].partition(" ")[0]
        assert entry["headers"]["x-user"] == said
    assert len(upstream.calls) == 8
    upstream.forget()
    for client in (clients[bob.email], robot):
        answer = client.call("echo", {"text": "x"}, **CLAIMS)
        assert answer.result["isError"] is True
        assert "nothing was sent" in answer.text
    assert upstream.calls == []
    events = log.events("call.intent", wanted=8)
    assert [event["details"]["identity"] for event in events] == ["email in the header X-User"] * 8
    assert "dana@acme.test" not in str([event["details"] for event in events])
    passing(office, gateway, "header", "X-User", "email", refuses_local=False)
    upstream.forget()
    assert clients[bob.email].call("echo", {"text": "bare"}, **CLAIMS).text == "bare"
    assert "x-user" not in upstream.calls[0]["headers"]
    passing(office, gateway, "header", "X-Employee", "employee_id")
    upstream.forget()
    assert clients[erin.email].call("echo", {"text": "e"}).text == "e"
    assert upstream.calls[0]["headers"]["x-employee"] == "E-7"
    assert "employee id" in clients[office.cast.dana.email].call("echo", {"text": "d"}).text


def test_signed_token(gateway: Gateway, office: Office, upstream: Upstream, settings: Any) -> None:
    known(office, office.cast.dana, groups=("sales-team",))
    passing(office, gateway, "jwt", "", "")
    dana = Client(gateway, office.token)
    upstream.forget()
    for _ in range(3):
        assert dana.call("echo", {"text": "x"}, **CLAIMS).text == "x"
    tokens = {entry["headers"]["x-harriet-identity"] for entry in upstream.calls}
    assert len(tokens) == 1, "one serves for some minutes"
    (token,) = tokens
    (published,) = identity_key_set(office.cast.acme.pk)["keys"]
    assert "d" not in published
    with urllib.request.urlopen(f"{gateway.url}/oauth/acme/jwks") as answer:
        assert json.load(answer) == {"keys": [published]}
    key = jwt.PyJWK(published)
    said = jwt.decode(token, key.key, algorithms=["ES256"], audience=office.crm.url)
    assert (said["sub"], said["email"], said["groups"]) == ("Dana-1", "dana@acme.test", ["sales-team"])
    assert said["iss"].endswith("/oauth/acme")
    assert said["exp"] - said["iat"] == 300
    assert said["jti"]
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key.key, algorithms=["ES256"], audience="https://other.test/mcp")
    with urllib.request.urlopen(f"{gateway.url}/oauth/globex/jwks") as answer:
        assert json.load(answer) == {"keys": []}


WHICH = "x-harriet-identity"


def test_signed_token_that_a_server_repeats_reaches_nobody(
    gateway: Gateway, office: Office, upstream: Upstream, logs: Path
) -> None:
    """In the answer, in errors, in what is told on the way; in the audit log and in the server's log."""
    known(office, office.cast.dana, groups=("sales-team",))
    passing(office, gateway, "jwt", "", "")
    dana, log = Client(gateway, office.token), Log(office.cast.acme.id)
    answers = [
        dana.call("leak", {"form": form, "header": WHICH}) for form in ("raw", "hex", "base64-1", "url", "nested")
    ]
    token = upstream.calls[0]["headers"][WHICH]
    for answer, form in zip(answers, ("raw", "hex", "base64-1", "url", "nested"), strict=True):
        assert "[redacted]" in answer.text and leaked(token, form) not in answer.body.decode(), form
    params = f'{{"progressToken":TOKEN,"progress":1,"message":"{token}"}}'
    progress = f'{{"jsonrpc":"2.0","method":"notifications/progress","params":{params}}}'
    said = {"events": [progress], "result": '{"content":[{"type":"text","text":"done"}]}'}
    answers += [
        dana.call("refuse", {"code": 4711, "header": WHICH}),
        dana.call("leak", {"form": "raw"}),
        dana.call("say", said, progressToken="p"),
    ]
    assert "[redacted]" in answers[-3].error["message"]
    assert SECRET not in answers[-2].body.decode(), "the connector's own secret goes as before"
    assert answers[-1].messages[0]["params"]["message"] == "[redacted]"
    assert all(token not in one.body.decode() for one in answers)
    outcomes = log.events("call.outcome", wanted=len(answers))
    assert outcomes[0]["details"]["redacted"] >= 3
    assert not Event.objects.filter(body__contains=token.rpartition(".")[2]).exists()
    assert token not in (logs / "gateway.log").read_text()


def test_earlier_token_that_is_still_good_reaches_nobody_either(
    gateway: Gateway, office: Office, upstream: Upstream
) -> None:
    known(office, office.cast.dana)
    passing(office, gateway, "jwt", "", "")
    dana = Client(gateway, office.token)
    assert dana.call("echo", {"text": "x"}).text == "x"
    first = upstream.calls[-1]["headers"][WHICH]
    office.changed()
    office.wait_until_known(gateway)
    assert dana.call("echo", {"text": "x"}).text == "x"
    assert upstream.calls[-1]["headers"][WHICH] == first, "a change that is none of hers makes no new token"
    known(office, office.cast.dana, employee_id="E-8")
    office.wait_until_known(gateway)
    assert dana.call("echo", {"text": first}).text == "[redacted]"
    second = upstream.calls[-1]["headers"][WHICH]
    assert second != first
    assert dana.call("echo", {"text": f"{first} and {second}"}).text == "[redacted] and [redacted]"


def test_what_a_model_says_of_itself_goes_nowhere(gateway: Gateway, office: Office, upstream: Upstream) -> None:
    """Names, roles and organizations in arguments and `_meta` are neither who calls nor what they may."""
    known(office, office.cast.dana, employee_id="E-7")
    passing(office, gateway, "header", "X-User", "email")
    dana = Client(gateway, office.token)
    upstream.forget()
    assert dana.call("echo", {"text": "x", **CLAIMS}, **CLAIMS, **{"harriet/user": "alice@acme.test"}).text == "x"
    sent = upstream.calls[0]["headers"]
    assert sent["x-user"] == "dana@acme.test"
    others = {name: value for name, value in sent.items() if name != "x-user"}
    assert not any(said in str(others) for said in ("alice", "owner", "globex"))
    message = dana.message("tools/call", {"name": "echo", "arguments": {"text": "y"}})
    forged = {**dana.headers(message), "x-user": "alice@acme.test", "X-Forwarded-User": "alice@acme.test"}
    assert dana.post(json.dumps(message).encode(), forged).text == "y"
    assert upstream.calls[1]["headers"]["x-user"] == "dana@acme.test" and "alice" not in str(
        upstream.calls[1]["headers"]
    )


def test_groups_beyond_what_a_header_holds_are_told_as_that(
    gateway: Gateway, office: Office, upstream: Upstream
) -> None:
    known(office, office.cast.dana, groups=tuple(f"{number} {'g' * 90}" for number in range(90)))
    dana, log = Client(gateway, office.token), Log(office.cast.acme.id)
    for rule in (("header", "X-Groups", "groups"), ("jwt", "", "")):
        passing(office, gateway, *rule)
        upstream.forget()
        assert "groups are more than fit into a header" in dana.call("echo", {"text": "x"}).text
        assert upstream.calls == []
        passing(office, gateway, *rule, refuses_local=False)
        assert dana.call("echo", {"text": "bare"}).text == "bare"
        assert {WHICH, "x-groups"}.isdisjoint(upstream.calls[0]["headers"])
    told = [one["details"]["identity"] for one in log.events("call.intent", wanted=2)]
    assert told == ["nothing: the caller’s groups are more than fit into a header"] * 2


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("dana@acme.test", "dana@acme.test"),
        ("Dana Müller", "UTF-8''Dana%20M%C3%BCller"),
        ("a\r\nX-Admin: yes", "UTF-8''a%0D%0AX-Admin%3A%20yes"),
        ("a\x00b", "UTF-8''a%00b"),
        ("a\nb", "UTF-8''a%0Ab"),
        ("a\tb", "UTF-8''a%09b"),
        ("a\x7fb\x1b", "UTF-8''a%7Fb%1B"),
        ("a\u2028X-Admin: yes\u2029", "UTF-8''a%E2%80%A8X-Admin%3A%20yes%E2%80%A9"),
        ("a\x85b", "UTF-8''a%C2%85b"),
        ("Zo\u00eb", "UTF-8''Zo%C3%AB"),
        ("\u010d\u010a", "UTF-8''%C4%8D%C4%8A"),
        ("\U0001f600", "UTF-8''%F0%9F%98%80"),
        ("dana\u202egro.test", "UTF-8''dana%E2%80%AEgro.test"),
        (" padded ", "UTF-8''%20padded%20"),
        ("UTF-8''alice", "UTF-8''UTF-8%27%27alice"),
        ("utf-8''alice", "UTF-8''utf-8%27%27alice"),
        ("", ""),
    ],
)
def test_value_injects_nothing(value: str, header: str) -> None:
    assert as_header(value) == header


def test_groups_are_told_apart() -> None:
    identity = Identity("d", "", "", ("sales, europe", "a%2Cb", "it\r\nX: y"))
    assert value_of(identity, "groups") == "sales%2C europe,a%252Cb,it%0D%0AX: y"
    assert value_of(Identity("d", "", "", (" admin", "it ", "  ")), "groups") == "%20admin,it%20,%20%20"
    assert value_of(identity, "email") == ""
    assert value_of(Identity("d", "", "", ("g" * 200,) * 100), "groups") == ""
    assert value_of(Identity("d", "x" * 4001, "", ()), "email") == ""
    assert value_of(Identity("d", "é" * 1000, "", ()), "email") == "", "as it would be written"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Host",
        "Content-Length",
        "authorization",
        "Cookie",
        "Mcp-Session-Id",
        "X-Forwarded-For",
        "X User",
        "X:Y",
        "X_Y",
    ],
)
def test_reserved_header_is_refused(name: str) -> None:
    assert header_problem(name)


@pytest.mark.django_db
def test_rule_is_judged(cast: Cast) -> None:
    crm = Connector.objects.create(organization=cast.acme, slug="crm", name="CRM", url="https://crm.acme.test/mcp")
    by = actor_of(cast.alice)
    for rule in (
        ("header", "Host", "email"),
        ("header", "X-User", ""),
        ("header", "", "email"),
        ("other", "X-User", ""),
    ):
        with pytest.raises(ConnectorError):
            set_identity_passing(crm, *rule, actor=by)
    before = crm.revision
    after = set_identity_passing(crm, "header", "X-User", "groups", actor=by)
    assert after.revision == before + 1
    assert set_identity_passing(after, "header", "X-User", "groups", actor=by).revision == before + 1


@pytest.mark.django_db
def test_key_is_replaced(cast: Cast, client: DjangoClient) -> None:
    """The new one signs at once; the one before signs nothing more, and servers can read it for what it has signed."""
    with pytest.raises(ConnectorError, match="there is no key"):
        replace_identity_key(cast.acme, actor=actor_of(cast.alice))
    crm = Connector.objects.create(organization=cast.acme, slug="crm", name="CRM", url="https://crm.acme.test/mcp")
    set_identity_passing(crm, "jwt", actor=actor_of(cast.alice))
    first = identity_key_set(cast.acme.pk)["keys"]
    IdentityKey.objects.update(sealed=b"of another installation")
    client.force_login(cast.alice)
    assert "/oauth/acme/jwks" in client.get("/settings/sign-in/").content.decode()
    page = client.post("/settings/sign-in/key/", follow=True)
    assert "Another key signs who calls" in page.content.decode()
    new, old = identity_key_set(cast.acme.pk)["keys"]
    assert [old] == first and new["kid"] != old["kid"] and "d" not in new
    key = identity_key_of(load(cast.acme.pk))
    assert key is not None and key.kid == new["kid"], "it mends one that can't be opened"
    assert bytes(IdentityKey.objects.get(kid=old["kid"]).sealed) == b""
    event = Event.objects.get(code="identity_key.replaced")
    assert new["kid"] in event.body
    IdentityKey.objects.update(created_at=F("created_at") - timedelta(hours=2))
    assert identity_key_set(cast.acme.pk)["keys"] == [new]
    replace_identity_key(cast.acme, actor=actor_of(cast.alice))
    assert not IdentityKey.objects.filter(kid=old["kid"]).exists()


@pytest.mark.django_db
def test_only_owners_replace_the_key(cast: Cast) -> None:
    for user in (cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            replace_identity_key(cast.acme, actor=actor_of(user))
