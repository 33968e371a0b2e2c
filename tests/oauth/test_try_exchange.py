"""Alice changes how company sign-ins are exchanged: her own is exchanged with what she entered before it is saved, and
where she has none, that is said; nobody else's is used for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.actions.replace_secret import NOTHING_TO_TRY, SecretNotTaken, replace_secret
from connectors.inspect.findings import Finding, is_working
from harriet.lib.secret import Secret
from tests.servers.authorization_server import Reply
from tests.servers.exchanging import REGISTERED, TYPES
from tests.stage.company_sign_ins import IN_ONE_STEP, IN_TWO_STEPS, CompanySignIns
from vault.models import OAuthGrant
from vault.queries import credential_of

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("steps", [IN_ONE_STEP, IN_TWO_STEPS])


def entered(company: CompanySignIns, steps: str) -> dict[str, str]:
    return {"steps": steps, "issuer": company.server.issuer, "client_id": REGISTERED[0], "scopes": "tickets.write"}


def replace(company: CompanySignIns, steps: str = IN_ONE_STEP, secret: str = REGISTERED[1]) -> list[Finding]:
    return replace_secret(
        company.connector,
        type="token_exchange",
        secret=Secret(secret),
        placement=entered(company, steps),
        actor=company.cast.actor(company.cast.alice),
    )


def scopes_in_use(company: CompanySignIns) -> str:
    credential = credential_of(company.connector.pk)
    assert credential is not None
    return str(credential.placement["scopes"])


@both
def test_it_is_tried_with_her_own_sign_in(company: CompanySignIns, steps: str) -> None:
    company.sign_in(company.cast.alice)
    assert is_working(replace(company, steps)) and scopes_in_use(company) == "tickets.write"
    (asked,) = company.server.at("/token" if steps == IN_ONE_STEP else "/idp/token")
    assert asked.fields["scope"] == "tickets.write", "as it was entered, not as it was saved before"
    assert list(company.server.given.values()) == ["alice@acme.test"]
    assert not OAuthGrant.objects.exists(), "nothing of a try is kept"


@both
@pytest.mark.parametrize(
    ("path", "reply", "word"),
    [
        ("/token", Reply(401, {"error": "invalid_client"}), "invalid_client"),
        ("/token", Reply(400, {"error": "invalid_target"}), "invalid_target"),
        ("/token", Reply(400, {"error": "access_denied"}), "access_denied"),
        ("/token", Reply(200, "<html>no</html>"), "gave no token"),
        ("/mcp", Reply(401, {"error": "no"}, {"WWW-Authenticate": "Bearer"}), "nothing was changed"),
    ],
)
def test_what_does_not_work_is_not_saved(
    company: CompanySignIns, path: str, reply: Reply, word: str, steps: str
) -> None:
    company.sign_in(company.cast.alice)
    company.server.pages[path] = lambda _: reply
    with pytest.raises(SecretNotTaken, match=word):
        replace(company, steps)
    assert scopes_in_use(company) == "tickets.read" and not OAuthGrant.objects.exists()


@pytest.mark.parametrize(
    "more", [{"token_type": "DPoP"}, {"token_type": "N_A"}, {"issued_token_type": f"{TYPES}id_token"}]
)
def test_a_token_that_could_not_be_sent_is_no_success(company: CompanySignIns, more: dict[str, Any]) -> None:
    company.sign_in(company.cast.alice)
    company.server.more = more
    with pytest.raises(SecretNotTaken):
        replace(company)
    assert scopes_in_use(company) == "tickets.read" and not company.server.calls


def test_another_secret_is_tried_and_the_saved_one_stays(company: CompanySignIns) -> None:
    company.sign_in(company.cast.alice)
    with pytest.raises(SecretNotTaken, match="invalid_client"):
        replace(company, secret="mistyped")
    company.sign_in(company.cast.dana)
    replace(company, secret="")
    assert scopes_in_use(company) == "tickets.write", "with the one that is kept"


def test_without_a_sign_in_of_hers_nothing_is_tried_and_that_is_said(company: CompanySignIns) -> None:
    """Dana and Bob are signed in: that is none of Alice's business."""
    cast = company.cast
    for user in (cast.dana, cast.bob):
        company.sign_in(user)
    findings = replace(company)
    assert [one.sentence for one in findings] == [NOTHING_TO_TRY] and not is_working(findings)
    assert scopes_in_use(company) == "tickets.write" and not company.server.at("/token")


def test_her_page_says_so(client: Client, company: CompanySignIns) -> None:
    client.force_login(company.cast.alice)
    here = reverse("connectors:authentication", args=[company.connector.pk])
    fields = {"type": "token_exchange", "secret": REGISTERED[1], **entered(company, IN_ONE_STEP)}
    said = client.post(here, fields, follow=True).content.decode()
    assert "untested. It was saved without a try" in said and "does not work with it" not in said
    assert "callout ok" not in said
    company.sign_in(company.cast.alice)
    said = client.post(here, fields | {"scopes": "tickets.read"}, follow=True).content.decode()
    assert "the server works with it" in said
