"""A server that refuses a call says why, in whatever form: its words, and the wait it asks for, are told; and the call
reaches it once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import pytest

from connectors.errors import (
    UpstreamBroken,
    UpstreamBusy,
    UpstreamDown,
    UpstreamError,
    UpstreamRefused,
    UpstreamRefusedCredential,
)
from connectors.transports.base import NATIVE, Caller, Endpoint
from connectors.transports.native.server_words import words_of
from harriet.lib.mcp.versions import LEGACY, MODERN, SSE
from harriet.lib.secret import Secret
from tests.connectors.asking import LOCAL, calling
from tests.servers.hostile import JSON
from tests.servers.refusing import (
    HTML,
    PLAIN,
    PROBLEM,
    behaving,
    error,
    in_words,
    legacy,
    old,
    own_error,
)
from vault.types.bearer import AUTHORIZATION
from vault.types.registry import placed

SECRET = "sk-canary-77ab"


async def call(transport, url, era, connector=None):
    with placed("bearer", AUTHORIZATION, "", Secret(SECRET)) as credential:
        return await transport.request(
            Endpoint(connector or uuid4(), NATIVE, url, LOCAL, era),
            credential,
            calling("pay"),
            caller=Caller("dana"),
            deadline=10,
        )


def at(hostile, era, behaviour):
    """A server of the era that does this with a call."""
    if era == SSE:
        return hostile.url(old("/refuses-old", behaviour))
    return hostile.url(behaving("/refuses", legacy(tools_call=behaviour) if era == LEGACY else behaviour))


WORDS = [
    (400, "Amount must be positive", PLAIN, UpstreamRefused, "Amount must be positive"),
    (400, '{"code":17,"message":"No such account","more":[1]}', JSON, UpstreamRefused, "No such account"),
    (400, '{"status":"invalid","field":"iban"}', JSON, UpstreamRefused, '{"status":"invalid","field":"iban"}'),
    (400, '{"error":"invalid","error_description":"No iban."}', JSON, UpstreamRefused, "invalid: No iban."),
    (400, '{"error":{"code":400,"message":"Bad iban","status":"INVALID"}}', JSON, UpstreamRefused, "Bad iban"),
    (402, '{"title":"Not paid","detail":"Top up first"}', PROBLEM, UpstreamRefused, "Not paid: Top up first"),
    (403, "This account may not do that", PLAIN, UpstreamRefused, "This account may not do that"),
    (403, "{}", JSON, UpstreamRefused, "doesn't say why"),
    (409, '{"detail":"Already paid"}', "Application/JSON; charset=UTF-8", UpstreamRefused, "Already paid"),
    (413, "", PLAIN, UpstreamRefused, "doesn't say why"),
    (422, '{"detail":[{"loc":["iban"],"msg":"field required"}]}', JSON, UpstreamRefused, "field required"),
    (422, '{"errors":[{"title":"Bad"},{"detail":"Worse"}]}', JSON, UpstreamRefused, "Bad; Worse"),
    (429, "slow down", PLAIN, UpstreamBusy, "slow down"),
    (451, '"Not here"', JSON, UpstreamRefused, "Not here"),
    (500, "<html><head><title>Oops &amp; sorry</title></head><p>long", HTML, UpstreamDown, "Oops & sorry"),
    (500, "<html><h1>Oops</h1>", HTML, UpstreamDown, "failed (500)."),
    (500, "Traceback: division by zero", PLAIN, UpstreamDown, "division by zero"),
    (500, "<Error><Code>X</Code><Message>Disk full</Message></Error>", "application/xml", UpstreamDown, "Disk full"),
    (501, "not built", PLAIN, UpstreamRefused, "not built"),
    (502, b"\x89PNG\x00\x01", "image/png", UpstreamDown, "failed (502)"),
    (503, '{"message":"Maintenance"}', "", UpstreamDown, "Maintenance"),
    (503, "zur\xfcck um 5".encode("latin-1"), "text/plain; charset=ISO-8859-1", UpstreamDown, "zurück um 5"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "sort", "told"), WORDS)
@pytest.mark.parametrize("era", [MODERN, LEGACY, SSE])
async def test_the_servers_words_are_told_and_the_call_is_made_once(
    hostile, transport, era, status, body, kind, sort, told
):
    with pytest.raises(sort) as failure:
        await call(transport, at(hostile, era, in_words(status, body, kind)), era)
    assert told in failure.value.message
    assert f"({status})" in failure.value.message
    assert failure.value.message.endswith((".", ".”"))
    assert len(hostile.of("tools/call")) == 1
    assert SECRET not in str(failure.getrepr(chain=True))


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 422, 429, 500, 503])
@pytest.mark.parametrize("era", [MODERN, LEGACY, SSE])
async def test_a_json_rpc_error_under_any_status_is_the_servers_answer(hostile, transport, era, status):
    url = at(hostile, era, own_error(status, "The ledger is closed", -32044))
    answer = await call(transport, url, era)
    assert json.loads(answer.error) == {"code": -32044, "message": "The ledger is closed"}
    assert answer.status == status
    assert len(hostile.of("tools/call")) == 1


@pytest.mark.parametrize("id", [None, "server-error", 4711])
async def test_its_id_may_be_anybodys(hostile, transport, id):
    answer = await call(transport, at(hostile, MODERN, in_words(500, error("Broken", id=id), JSON)), MODERN)
    assert json.loads(answer.error)["message"] == "Broken"


async def test_the_wait_that_the_server_asks_for_is_told(hostile, transport):
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5, seconds=25), usegmt=True)
    for header, told in (
        ("Retry-After: 7", "It asks to wait 7 seconds before it is asked again."),
        ("retry-after:  1", "It asks to wait 1 second "),
        ("Retry-After: 7200", "It asks to wait 2 hours "),
        (f"Retry-After: {later}", "It asks to wait 5 minutes "),
        ("Retry-After: soon", "Try again later."),
        ("Retry-After: -5", "Try again later."),
        ("Retry-After: " + "9" * 400, "Try again later."),
        ("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", "Try again later."),
    ):
        with pytest.raises(UpstreamDown) as failure:
            await call(transport, at(hostile, MODERN, in_words(503, "busy", PLAIN, header)), MODERN)
        assert told in failure.value.message, header
        answer = await call(transport, at(hostile, MODERN, own_error(429, "Too fast.", -32044, header)), MODERN)
        wait = f" ({told}" if "asks" in told else ""
        assert json.loads(answer.error)["message"].startswith(f"Too fast.{wait}")


async def test_a_credential_is_refused_with_401_or_a_challenge_and_nothing_else(hostile, transport):
    challenge = 'WWW-Authenticate: Bearer error="insufficient_scope", scope="pay"'
    for status, more in ((401, ()), (401, (challenge,)), (403, (challenge,))):
        with pytest.raises(UpstreamRefusedCredential) as failure:
            await call(transport, at(hostile, MODERN, in_words(status, "who are you", PLAIN, *more)), MODERN)
        assert (failure.value.status, failure.value.challenge) == (status, more[0][18:] if more else "")
        assert "who are you" in failure.value.message
    with pytest.raises(UpstreamRefusedCredential):
        await call(transport, at(hostile, MODERN, own_error(401, "No token", -32001)), MODERN)


async def test_words_are_bounded_and_nothing_in_them_is_hidden(hostile, transport):
    with pytest.raises(UpstreamError) as failure:
        await call(transport, at(hostile, MODERN, in_words(500, "a\u202eb\x00\r\n" + "x" * 100_000)), MODERN)
    assert len(failure.value.message) < 700
    assert "⟨U+202E⟩" in failure.value.message
    assert failure.value.message.isprintable()


async def test_a_secret_among_them_is_taken_out_before_they_are_cut(hostile, transport):
    said = "x" * 490 + f" {SECRET} and more"
    with pytest.raises(UpstreamError) as failure:
        await call(transport, at(hostile, MODERN, in_words(500, said)), MODERN)
    assert "xxx" not in str(failure.value)  # what a log would show
    failure.value.clean(lambda text: text.replace(SECRET, "[redacted]"))
    assert "sk-can" not in failure.value.message
    assert "xxx" in failure.value.message


async def test_words_that_never_end_keep_nobody_waiting(hostile, transport):
    async def drip(hostile, seen, writer):
        writer.write(b"HTTP/1.1 500 No\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThe disk is full.")
        while True:
            writer.write(b"\n")
            await writer.drain()
            await asyncio.sleep(0.1)

    with pytest.raises(UpstreamDown, match="failed") as failure:
        await call(transport, at(hostile, MODERN, drip), MODERN)
    assert "The disk is full." in failure.value.message


async def test_what_is_known_of_the_call_depends_on_the_status(hostile, transport):
    for status in (400, 403, 429, 503, 500, 502, 504):
        with pytest.raises(UpstreamError) as failure:
            await call(transport, at(hostile, MODERN, in_words(status, "no")), MODERN)
        assert failure.value.is_outcome_open is (status in {500, 502, 504}), status


async def test_a_call_is_not_made_when_what_must_come_before_it_fails(hostile, transport):
    for number, refusal in enumerate((in_words(503, "starting"), in_words(500, "no"), own_error(500, "no", -32603))):
        url = hostile.url(behaving(f"/never-opens-{number}", refusal))
        with pytest.raises(UpstreamDown) as failure:
            await call(transport, url, LEGACY)
        assert not failure.value.was_made
        assert not failure.value.is_outcome_open
    assert hostile.of("tools/call") == []


@pytest.mark.parametrize(("status", "kind"), [(200, ""), (200, JSON), (202, ""), (204, "")])
async def test_no_answer_is_told_as_that(hostile, transport, status, kind):
    with pytest.raises(UpstreamBroken, match="gave no answer to it") as failure:
        await call(transport, at(hostile, MODERN, in_words(status, "", kind)), MODERN)
    assert failure.value.is_outcome_open
    assert len(hostile.of("tools/call")) == 1


@pytest.mark.parametrize(
    "body",
    ["<" * 50_000, "<title" * 20_000, '{"a":' * 5000, "[" * 200_000, '{"message":' + "9" * 10_000 + "}", "\ufffd" * 50],
)
def test_words_are_found_or_not_and_it_takes_no_time(body):
    for kind in ("", PLAIN, HTML, JSON, "application/xml"):
        assert len(words_of(kind, body.encode())) <= 4000
