"""Both faces of egress against servers that misbehave: the deadline, the cap and the checked address hold."""

import asyncio
import contextlib
import os
import socket
import threading
import time

import pytest

from harriet.lib.egress import AsyncEgress, EgressFailed, EgressRefused, EgressTimeout, Reach
from tests.lib.leaving import FACES, leave
from tests.servers.certificates import certify
from tests.servers.hostile import Hostile

LOCAL = Reach(allow_internal=True, internal_hosts=("127.0.0.1", "crm.corp.example"))
CANARY = "canary-7f3a91"


class Changing:
    """A resolver that answers differently each time, as in DNS rebinding."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host, port):
        self.asked += 1
        return [self.answers.pop(0)] if self.answers else ["127.0.0.1"]

    async def later(self, host, port):
        return self(host, port)


@pytest.fixture(scope="module")
def server():
    with Hostile() as running:
        yield running


@pytest.fixture(params=FACES)
def fetch(request):
    """The answer to a small message, whose query holds a secret."""

    def fetched(url, *, reach=LOCAL, **more):
        return leave(url, reach, params={"key": CANARY}, face=request.param, **more)

    return fetched


@pytest.mark.parametrize("path", ["/drip", "/drip-head", "/drip-events", "/hang"])
def test_the_deadline_is_total(server, path, fetch):
    started = time.monotonic()
    with pytest.raises(EgressTimeout) as failure:
        fetch(server.url(path), deadline=0.5)
    assert time.monotonic() - started < 60  # each would go on for ever
    assert "127.0.0.1" in failure.value.message


@pytest.mark.parametrize("path", ["/bomb", "/huge", "/huge-event", "/many-events"])
def test_no_more_is_read_than_the_cap(server, path, fetch):
    with pytest.raises(EgressFailed, match="larger than"):
        fetch(server.url(path), max_bytes=100_000)


@pytest.mark.parametrize("path", ["/cut-off", "/hang-up", "/not-http", "/unknown-encoding"])
def test_broken_answers_fail_in_words_of_our_own(server, path, fetch):
    with pytest.raises(EgressFailed) as failure:
        fetch(server.url(path), headers={"Authorization": f"Bearer {CANARY}"})
    assert CANARY not in repr(failure.getrepr(chain=True, showlocals=False))


def test_compressed_answers_are_read(server, fetch):
    assert fetch(server.url("/packed")) == (
        200,
        b'{"jsonrpc":"2.0","id":1,"result":{"content":[],"resultType":"complete"}}',
    )


def test_redirects_are_answers(server, fetch):
    status, _ = fetch(server.url("/redirect"))
    assert status == 307
    assert "/secret-place" not in {seen.path for seen in server.seen}


@pytest.mark.parametrize("value", ["line\nbreak", "line\rbreak", "nul\x00"])
def test_header_values_never_appear_in_errors(server, value, fetch):
    with pytest.raises((EgressFailed, EgressRefused)) as failure:
        fetch(server.url("/fine"), headers={"X-Token": f"{CANARY}{value}"})
    assert CANARY not in str(failure.getrepr(style="short"))


def test_environment_proxies_are_ignored(server, monkeypatch, fetch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(server.url("/fine"))[0] == 200


def test_nothing_listens(fetch):
    with pytest.raises(EgressFailed, match=r"127\.0\.0\.1"):
        fetch("http://127.0.0.1:1/")


def test_an_unknown_name_says_so(fetch):
    def nobody(host, port):
        raise OSError

    with pytest.raises(EgressFailed, match="no address"):
        fetch("https://nowhere.example/", resolve=nobody)


def test_a_rebinding_name_reaches_the_checked_address_or_nothing(server, fetch):
    before = server.connections
    resolve = Changing("169.254.169.254")
    with pytest.raises(EgressRefused):
        fetch(server.url("/fine", host="crm.corp.example"), resolve=resolve)
    assert (resolve.asked, server.connections) == (1, before)
    resolve = Changing("127.0.0.1", "10.99.99.99")
    assert fetch(server.url("/fine", host="crm.corp.example"), resolve=resolve)[0] == 200
    assert resolve.asked == 1
    assert server.seen[-1].headers["host"] == f"crm.corp.example:{server.port}"


def test_a_second_address_is_tried_when_the_first_does_not_answer(server, fetch):
    class Two(Changing):
        def __call__(self, host, port):
            return ["::1", "127.0.0.1"]

    reach = Reach(True, ("crm.corp.example",))
    assert fetch(server.url("/fine", host="crm.corp.example"), reach=reach, resolve=Two())[0] == 200


def test_tls_keeps_the_name_on_the_pinned_address(tmp_path, fetch):
    ours, trusting = certify(tmp_path, "crm.corp.example")
    with Hostile(tls=ours) as secure:
        url = secure.url("/fine", host="crm.corp.example")
        assert fetch(url, resolve=Changing(), tls=trusting)[0] == 200
        assert secure.seen[-1].headers["host"] == f"crm.corp.example:{secure.port}"
        reach = Reach(True, ("other.example", "127.0.0.1"))
        with pytest.raises(EgressFailed, match="certificate"):
            fetch(secure.url("/fine", host="other.example"), reach=reach, resolve=Changing(), tls=trusting)
        with pytest.raises(EgressFailed, match="certificate"):
            fetch(url, resolve=Changing())


class _BreaksTls:
    """Takes a whole request, and then breaks the encryption under its answer."""

    def __init__(self, context):
        self.requests = []
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listening.accept()
                with self._context.wrap_socket(plain, server_side=True) as secure:
                    self.requests.append(secure.recv(65536))
                    os.write(secure.fileno(), b"HTTP/1.1 200 OK in the clear\r\n\r\n")

    def stop(self):
        self._listening.close()


def test_a_request_that_may_have_arrived_is_not_sent_to_the_next_address(tmp_path, fetch):
    ours, trusting = certify(tmp_path, "crm.corp.example")
    server = _BreaksTls(ours)

    class Two(Changing):
        def __call__(self, host, port):
            return ["127.0.0.1", "127.0.0.1"]

    with pytest.raises(EgressFailed) as failure:
        fetch(f"https://crm.corp.example:{server.port}/", resolve=Two(), tls=trusting)
    server.stop()
    assert failure.value.was_sent
    assert len(server.requests) == 1


class _AcceptsAlone:
    """Takes connections and says nothing, so that no handshake of TLS ever ends; or hangs up at once."""

    def __init__(self, *, hangs_up=False):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port, self._hangs_up, self._kept = self._listening.getsockname()[1], hangs_up, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                self._kept.append(self._listening.accept()[0])
                if self._hangs_up:
                    self._kept.pop().close()

    def stop(self):
        for one in [self._listening, *self._kept]:
            one.close()


def raised_by(fetch, url, **more):
    with pytest.raises((EgressFailed, EgressTimeout)) as failure:
        fetch(url, deadline=0.5, **more)
    return failure.value


@pytest.mark.parametrize("hangs_up", [False, True])
def test_what_broke_in_the_handshake_was_not_sent(tmp_path, fetch, hangs_up):
    _, trusting = certify(tmp_path, "crm.corp.example")
    silent = _AcceptsAlone(hangs_up=hangs_up)
    failure = raised_by(fetch, f"https://crm.corp.example:{silent.port}/", resolve=Changing(), tls=trusting)
    silent.stop()
    assert not failure.was_sent


@pytest.mark.parametrize("path", ["/hang", "/hang-up", "/cut-off", "/not-http", "/drip-head", "/unknown-encoding"])
def test_what_broke_after_the_request_may_have_arrived(server, fetch, path):
    assert raised_by(fetch, server.url(path)).was_sent


def test_what_found_nobody_was_not_sent(fetch):
    def nobody(host, port):
        raise OSError

    assert not raised_by(fetch, "http://127.0.0.1:1/").was_sent
    assert not raised_by(fetch, "https://nowhere.example/", resolve=nobody).was_sent


async def test_connections_are_kept_and_shared_by_those_who_may(server):
    egress = AsyncEgress()
    before = server.connections
    for _ in range(5):
        async with egress.request("POST", server.url("/fine"), reach=LOCAL, deadline=5, data=b"{}") as answer:
            await answer.read(1000)
    assert server.connections == before + 1
    with pytest.raises(EgressRefused):
        async with egress.request("POST", server.url("/fine"), reach=Reach(), deadline=5, data=b"{}"):
            pass
    await egress.close()


async def test_leaving_an_unread_answer_closes_its_connection(server):
    egress = AsyncEgress()
    server.closed_by_client.clear()
    async with egress.request("POST", server.url("/drip-events"), reach=LOCAL, deadline=5, data=b"{}") as answer:
        assert answer.status == 200
    assert await asyncio.to_thread(server.closed_by_client.wait, 5)
    await egress.close()


async def test_a_route_is_resolved_again_after_a_while(server):
    resolve = Changing()
    egress = AsyncEgress(resolve=resolve.later, remember_seconds=0)
    for _ in range(2):
        async with egress.request(
            "POST", server.url("/fine", host="crm.corp.example"), reach=LOCAL, deadline=5, data=b"{}"
        ) as answer:
            await answer.read(1000)
    resolve.answers = ["169.254.169.254"]
    with pytest.raises(EgressRefused):
        async with egress.request(
            "POST", server.url("/fine", host="crm.corp.example"), reach=LOCAL, deadline=5, data=b"{}"
        ):
            pass
    assert resolve.asked == 3
    await egress.close()
