"""A program trusts an issuer, says which workload is which agent, approves what waits, and ends it all."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.models import Profile, Tool
from harriet.people.models import Agent, Notice
from harriet.signin.models import TrustedIssuer, TrustedProfile
from tests.signin.test_use_clients_api import Program
from tests.stage.assertions import OKTA, Bearer, public_keys, signed_in_by_sso
from tests.stage.cast import Cast
from tests.stage.workloads import CLUSTER, SUBJECT, Workload, trusted_platform, workload

pytestmark = pytest.mark.django_db


def okta(**changed: Any) -> dict[str, Any]:
    usual = {"name": "Acme Okta", "issuer": OKTA, "accepts_id_jag": True, "keys": public_keys("first")}
    return usual | {"client_ids": ["hrt_c_1"], "scopes": ["tools.read", "tools.write", "tools.dangerous"]} | changed


def test_an_owners_program_trusts_an_issuer_and_ends_it(acme: Cast) -> None:
    alice = Program(acme, acme.alice)
    status, made = alice.ask("POST", "trusted-issuers/", okta())
    assert status == 201 and made["longest"] == 300 and made["accepts_workloads"] is False, made
    here = f"trusted-issuers/{made['id']}/"
    assert alice.ask("GET", "trusted-issuers/")[1]["results"][0]["id"] == made["id"]
    status, changed = alice.ask("PUT", here, okta(longest=600))
    assert status == 200 and changed["longest"] == 600
    assert alice.ask("POST", "trusted-issuers/", okta(issuer="https://claude.ai"))[0] == 400
    assert alice.ask("POST", "trusted-issuers/", okta(scopes=["admin"]))[0] == 400
    assert alice.ask("DELETE", here)[0] == 204 and not TrustedIssuer.objects.exists()
    dana = Program(acme, acme.dana)
    assert dana.ask("GET", "trusted-issuers/")[0] == dana.ask("POST", "trusted-issuers/", okta())[0] == 403


def test_owners_are_told_once_of_what_waits_and_approve_it(acme: Cast) -> None:
    bearer, alice = Bearer(), Program(acme, acme.alice)
    issuer = alice.ask("POST", "trusted-issuers/", okta(client_ids=[bearer.app.client_id]))[1]
    signed_in_by_sso(acme.dana, acme.acme)
    dangerous = Tool.objects.filter(risk_override="dangerous")
    dangerous.update(is_enabled=False)
    assert bearer.bring().json()["scope"] == "tools.read tools.write" and not Notice.objects.exists()
    dangerous.update(is_enabled=True)
    for _ in range(3):
        assert bearer.bring().json()["scope"] == "tools.read tools.write"
    told = Notice.objects.filter(kind="issuer_waits")
    assert {notice.user for notice in told} == {acme.alice} and told.count() == 1
    assert told.get().path == f"/settings/trusted-issuers/{issuer['id']}/" and "Acme Okta" in told.get().text
    (waiting,) = alice.ask("GET", f"trusted-issuers/{issuer['id']}/profiles/")[1]
    assert waiting["wanted"] == "tools.dangerous"
    status, opened = alice.ask("POST", f"trusted-profiles/{waiting['id']}/approve/")
    assert status == 200 and "tools.dangerous" in opened["scopes"] and not opened["wanted"]
    assert told.get().settled_at is not None and "tools.dangerous" in bearer.bring().json()["scope"]


def test_what_waits_is_settled_with_the_trust(acme: Cast) -> None:
    bearer, alice = Bearer(), Program(acme, acme.alice)
    issuer = alice.ask("POST", "trusted-issuers/", okta(client_ids=[bearer.app.client_id]))[1]
    signed_in_by_sso(acme.dana, acme.acme)
    bearer.bring()
    TrustedProfile.objects.update(scopes="tools.read")
    bearer.bring()
    assert Notice.objects.get(kind="issuer_waits").settled_at is None
    alice.ask("DELETE", f"trusted-issuers/{issuer['id']}/")
    assert Notice.objects.get(kind="issuer_waits").settled_at is not None


def test_a_program_says_which_workload_is_which_agent(acme: Cast) -> None:
    work = Profile.objects.get(organization=acme.acme, slug="work")
    nightly = workload(acme, work, trusted_platform(acme))
    bob = Program(acme, acme.bob)
    here = f"agents/{nightly.agent.pk}/workloads/"
    (row,) = bob.ask("GET", here)[1]
    assert (row["subject"], row["profile"]) == (SUBJECT, str(work.pk))
    body = {"issuer": row["issuer"], "subject": "spiffe://acme/nightly", "profile": str(work.pk)}
    status, made = bob.ask("POST", here, body)
    assert status == 201 and bob.ask("POST", here, body)[0] == 400
    assert nightly.bring(nightly.token(sub="spiffe://acme/nightly", iss=CLUSTER)).status_code == 200
    assert bob.ask("DELETE", f"{here}{made['id']}/")[0] == 204
    assert nightly.bring(nightly.token(sub="spiffe://acme/nightly")).status_code == 400
    assert Program(acme, acme.dana).ask("GET", here)[0] == 404
    assert isinstance(nightly, Workload) and Agent.objects.count() == 1
