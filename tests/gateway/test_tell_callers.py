"""What whoever calls hears: what happened and what they can do themselves, or else who can mend it. Words of those who
look after connectors, addresses of servers and bare statuses are not for them."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from connectors.access.facts import ConnectorRow
from connectors.errors import (
    ConnectorError,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamDown,
    UpstreamError,
    UpstreamOutOfReach,
    UpstreamRefused,
    UpstreamRefusedCredential,
    UpstreamTimeout,
)
from connectors.models import Connector, Tool
from harriet.gateway.errors import ACCESS_LOST, NO_DATABASE, OUR_FAULT, NotOffered, RpcRefusal
from harriet.gateway.steps.caller_words import for_caller
from harriet.gateway.steps.health import down_sentence
from harriet.lib.egress.reach import Reach
from harriet.lib.mcp.error_codes import HEADER_MISMATCH, INVALID_REQUEST, PARSE_ERROR
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken, Device
from tests.house import reference
from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.profiles import profile
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for
from vault.errors import CannotOpen, NoDataKey, VaultError

HOST = "crm.internal.acme.test"
CRM = ConnectorRow(
    id=uuid4(),
    slug="crm",
    name="Our CRM",
    kind="native",
    url=f"https://{HOST}:8443/mcp",
    era="legacy",
    session_era="legacy",
    capabilities={},
    state=Connector.State.ACTIVE,
    health=Connector.Health.UP,
    health_reason="",
    revision=1,
    reach=Reach(),
)
NOT_THEIRS = re.compile(
    r"connector|credential's|data key|root key|pinned|quarantin|allow_internal|HARRIET_[A-Z]|manage\.py|synchroni[sz]e"
    r"|\bsync\b|prefix|schema that|vault|organization's",
    re.IGNORECASE,
)
"""Words that mean something to those alone who set Harriet up."""
BARE_STATUS = re.compile(r"\(\d{3}\)|status \d{3}")
WHAT_TO_DO = re.compile(
    r"IT (team|admin)|[Tt]ry again|[Cc]all again|[Ww]ait|https?://|client|[Ss]end|[Ll]ist|[Rr]epeat|[Gg]ive|[Gg]o on|"
    r"[Bb]egin|look before|[Rr]ead it anew"
)


def lead(what: str) -> str:
    return f"The server at {HOST} {what}."


FAILURES: list[ConnectorError | VaultError] = [
    UpstreamRefusedCredential(lead("refused the credential (401)"), advice="Check the connector's authentication."),
    UpstreamRefusedCredential(lead("refused the credential (403)"), said="Scope pay is missing", status=403),
    UpstreamOutOfReach(f"{HOST} is an internal address. Start Harriet with HARRIET_ALLOWED_LOCAL_HOSTS={HOST}:8443."),
    UpstreamBusy(lead("says that it is asked too often (429)"), wait="It asks to wait 7 seconds."),
    UpstreamDown(f"{HOST} hung up before it answered, or doesn't speak HTTP.", may_have_run=False),
    UpstreamDown(f"The host {HOST} has no address. Check how it is spelled.", may_have_run=False),
    UpstreamDown(lead("failed (500)"), said="disk full"),
    UpstreamDown(lead("says that it can't work on it now (503)"), is_refusal=True, wait="Try again later."),
    UpstreamTimeout(f"{HOST} didn't accept a connection within 5 seconds.", may_have_run=False),
    UpstreamRefused(lead("refused the request (404)"), status=404, advice="Check the connector's URL."),
    UpstreamRefused(lead("refused the request (403)"), status=403, advice="look at the connector's credential"),
    UpstreamRefused(lead("refused the request (400)"), status=400, said="Amount must be positive"),
    UpstreamBroken(lead("took the request (202) and gave no answer to it")),
    UpstreamBroken(lead("opened a session and didn't know it a moment later"), advice="its balancer"),
    UpstreamBroken("The server's answer to tools/call can't be read: it ends too early."),
    ConnectorError("There is no kind x of connectors. The kinds are: native."),
    NoDataKey(),
    CannotOpen(),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: f"{type(failure).__name__} {failure.message[:40]}")
def test_a_failure_of_a_server_is_told_in_words_of_whoever_calls(failure: ConnectorError | VaultError) -> None:
    said = for_caller(failure, CRM)
    assert "CRM" in said or said.startswith("The server's answer")
    assert HOST not in said
    assert "8443" not in said
    assert not NOT_THEIRS.search(said), said
    assert not BARE_STATUS.search(said), said
    assert "have been told" not in said, "nobody knows that here"
    if not (isinstance(failure, UpstreamError) and failure.said):
        assert WHAT_TO_DO.search(said) or isinstance(failure, UpstreamTimeout), said


def test_every_class_of_failure_has_words() -> None:
    walked = {type(failure) for failure in FAILURES}
    every = [UpstreamError]
    for kind in every:
        every += kind.__subclasses__()
    assert set(every) - walked <= {UpstreamError}


def test_the_servers_own_words_stay() -> None:
    assert "It said: “Amount must be positive”." in for_caller(FAILURES[11], CRM)
    assert "It said: “Scope pay is missing”." in for_caller(FAILURES[1], CRM)


def test_that_others_have_been_told_is_said_only_where_it_is_known() -> None:
    refused, down = FAILURES[0], FAILURES[4]
    told = replace(CRM, health=Connector.Health.NEEDS_ADMIN, has_told=True)
    said = for_caller(refused, told)
    assert said.endswith("You can't mend this yourself. Those who look after Our CRM have been told.")
    assert "have been told" not in for_caller(down, told), "they were told of something else"
    assert "have been told" not in for_caller(refused, replace(told, has_told=False))
    paused = replace(CRM, health=Connector.Health.DOWN, has_told=True)
    assert for_caller(down, paused).endswith("Those who look after Our CRM have been told.")
    assert down_sentence(paused, None).endswith("Those who look after Our CRM have been told.")
    assert "told" not in down_sentence(replace(paused, has_told=False), None)


TOLD_TO_CALLERS = ("harriet/gateway/", "approvals/limits.py", "approvals/queries.py")
NOT_TO_CALLERS = ("harriet/gateway/try_it.py",)


def test_no_refusal_of_the_gateway_speaks_of_what_only_admins_know() -> None:
    """Every sentence that the reference lists for it, but the reasons of `NotOffered`: those are for the log, and the
    client hears the same of each."""
    told = [
        sentence
        for sentence in reference.sentences()
        if sentence.where.startswith(TOLD_TO_CALLERS)
        and not sentence.where.startswith(NOT_TO_CALLERS)
        and sentence.kind != "NotOffered"
    ]
    assert len(told) > 40
    for sentence in told:
        assert not NOT_THEIRS.search(sentence.text), sentence
        assert not BARE_STATUS.search(sentence.text), sentence


@pytest.mark.parametrize(
    "said",
    [
        OUR_FAULT,
        NO_DATABASE,
        ACCESS_LOST,
        *(NotOffered(kind, "x", "a reason for the log").message for kind in ("tool", "prompt", "resources")),
        *(RpcRefusal(code, "It is wrong.").message for code in (PARSE_ERROR, INVALID_REQUEST, HEADER_MISMATCH)),
    ],
)
def test_a_refusal_says_what_to_do(said: str) -> None:
    assert WHAT_TO_DO.search(said)
    assert not NOT_THEIRS.search(said)


def refused(client: Client) -> str:
    answer = client.request("tools/list")
    assert answer.status == 401
    said = str(answer.error["message"])
    assert said.encode("ascii", "replace").decode() in answer.headers["www-authenticate"]
    return said


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [deactivate_person, remove_person])
def test_the_client_of_somebody_who_left_hears_that_and_not_to_make_a_credential(
    office: Office, dana: Client, end: type
) -> None:
    end(office.cast.dana.memberships.get(), actor=actor_of(office.cast.alice))
    dana.until(401)
    said = refused(dana)
    assert "Your access to Harriet has ended" in said
    assert "A new credential won't change that" in said
    assert "ask your IT team" in said
    assert "/me/connect/" not in said


@pytest.mark.django_db(transaction=True)
def test_a_token_that_opens_nothing_says_why(office: Office, dana: Client, gateway: Gateway) -> None:
    mistyped = Client(gateway, office.token[:-4] + "aaaa")
    assert "mistyped" in refused(mistyped)
    expired = Client(gateway, device_token(office.cast.acme, office.cast.dana, "old"))
    expired.until(200)
    AccessToken.objects.filter(name="old").update(expires_at=Now())
    office.changed()
    expired.until(401)
    assert "expired on" in refused(expired)
    mine = issue_personal_token(office.cast.acme, office.cast.dana, "for scripts", 30, actor=actor_of(office.cast.dana))
    assert "opens the API alone" in refused(Client(gateway, mine.secret.reveal()))
    revoke_device(Device.objects.get(name="laptop"), actor=actor_of(office.cast.dana))
    dana.until(401)
    assert "was revoked on" in refused(dana)
    assert "/me/connect/" in refused(dana)


@pytest.mark.django_db(transaction=True)
def test_what_went_wrong_is_told_to_each_in_their_words(office: Office, dana: Client) -> None:
    """The client hears who can mend it; the log and the connector's page what is to be mended."""
    from audit.models import Event

    Connector.objects.update(url="http://127.0.0.1:9/mcp")
    office.changed()
    office.wait_until_known(dana.gateway)
    said = dana.call("echo", {"text": "x"}).text
    assert "127.0.0.1" not in said
    assert not NOT_THEIRS.search(said)
    outcomes = Event.objects.filter(code="call.outcome")
    wait_for(outcomes.exists)
    assert "127.0.0.1" in outcomes.get().fields["details"]["fault"]
    assert outcomes.get().fields["reason"] == said


@pytest.mark.django_db(transaction=True)
def test_who_sees_no_tools_hears_why_without_names_of_what_is_not_theirs(office: Office, gateway: Gateway) -> None:
    for_alice = profile(office.cast.acme, office.crm, groups=[], slug="for-alice")
    for_alice.people.add(office.cast.alice.memberships.get())
    Tool.objects.filter(name="echo").update(state=Tool.State.QUARANTINED)
    office.changed()
    alice = Client(gateway, device_token(office.cast.acme, office.cast.alice), "/mcp/acme/for-alice").until(200)
    said = alice.request("initialize", {"protocolVersion": "2025-11-25"}).result["instructions"]
    assert "wait for your IT team to look at the change" in said
    assert "which you are not in" in said
    assert not NOT_THEIRS.search(said)
    assert not [tool for tool in office.tools if re.search(rf"\b{tool}\b", said)]
