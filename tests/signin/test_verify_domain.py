"""A domain is an organization's once the proof is found in its DNS or at its website; and then it is nobody else's."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dns.nameserver
import dns.rcode
import dns.resolver
import pytest

from audit.models import Event
from harriet.lib.egress import Reach, session
from harriet.lib.env import env_servers
from harriet.people.errors import NotAllowed, PeopleError
from harriet.signin.actions.verify_domain import add_domain, remove_domain, verify_domain
from harriet.signin.domain_proof import Look, ask_dns, ask_web, resolver
from harriet.signin.models import Domain
from harriet.signin.provider_queries import is_verified
from tests.servers.certificates import certify
from tests.servers.dns_server import NameServer
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """What stands in DNS and at websites."""

    records: dict[str, list[str]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)

    def dns(self, name: str) -> list[str]:
        if name not in self.records:
            raise LookupError(f"There is no TXT record at {name}.")
        return self.records[name]

    def web(self, address: str) -> str:
        if address not in self.pages:
            raise LookupError(f"{address} answers with 404.")
        return self.pages[address]

    @property
    def look(self) -> Look:
        return Look(self.dns, self.web)


def test_proof_in_dns(cast: Cast) -> None:
    by, world = cast.actor(cast.alice), World()
    domain = add_domain(cast.acme, " @Acme.TEST. ", actor=by)
    assert domain.name == "acme.test"
    assert not is_verified(cast.acme, "dana@acme.test")
    domain = verify_domain(domain, actor=by, look=world.look)
    assert domain.verified_at is None
    assert "no TXT record at _harriet.acme.test" in domain.problem
    world.records["_harriet.acme.test"] = ["v=spf1", domain.proof]
    domain = verify_domain(domain, actor=by, look=world.look)
    assert domain.verified_at is not None
    assert is_verified(cast.acme, "Dana@ACME.test")
    assert not is_verified(cast.acme, "dana@sub.acme.test")
    assert not is_verified(cast.globex, "dana@acme.test")
    assert not is_verified(cast.acme, "dana@acme.test.evil.test") and not is_verified(cast.acme, "dana@xacme.test")
    assert Event.objects.filter(code="domain.verified").count() == 1


def test_domain_beyond_ascii_is_known_however_it_is_spelled(cast: Cast) -> None:
    by, world = cast.actor(cast.alice), World()
    domain = add_domain(cast.acme, "Bücher.test", actor=by)
    assert domain.name == "xn--bcher-kva.test"
    world.records["_harriet.xn--bcher-kva.test"] = [domain.proof]
    verify_domain(domain, actor=by, look=world.look)
    assert is_verified(cast.acme, "dana@BÜCHER.test") and is_verified(cast.acme, "dana@xn--bcher-kva.test")
    assert not is_verified(cast.acme, "dana@bucher.test")


def test_proof_at_website(cast: Cast) -> None:
    domain = add_domain(cast.acme, "acme.test", actor=cast.actor(cast.alice))
    pages = {"https://acme.test/.well-known/harriet-domain.txt": f"{domain.proof}\n"}
    assert verify_domain(domain, actor=cast.actor(cast.alice), look=World(pages=pages).look).verified_at is not None


def test_one_organization_has_it(cast: Cast) -> None:
    """Globex publishes the same name with a proof of its own: the first one keeps it."""
    mine = add_domain(cast.acme, "acme.test", actor=cast.actor(cast.alice))
    theirs = add_domain(cast.globex, "acme.test", actor=cast.actor(cast.charlie))
    assert mine.proof != theirs.proof
    world = World({"_harriet.acme.test": [mine.proof, theirs.proof]})
    assert verify_domain(mine, actor=cast.actor(cast.alice), look=world.look).verified_at is not None
    lost = verify_domain(theirs, actor=cast.actor(cast.charlie), look=world.look)
    assert lost.verified_at is None
    assert "Another organization" in lost.problem
    remove_domain(mine, actor=cast.actor(cast.alice))
    assert verify_domain(theirs, actor=cast.actor(cast.charlie), look=world.look).verified_at is not None


@pytest.mark.parametrize("name", ["", "localhost", "127.0.0.1", "a b.test", "-a.test", "https://acme.test", "x" * 300])
def test_what_is_no_domain(cast: Cast, name: str) -> None:
    with pytest.raises(PeopleError, match="Give the domain"):
        add_domain(cast.acme, name, actor=cast.actor(cast.alice))
    assert not Domain.objects.exists()


def test_members_may_not(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        add_domain(cast.acme, "acme.test", actor=cast.actor(cast.dana))


HERE = "_harriet.acme.test"
WAIT = 0.4
"""Seconds: no story needs to wait as long as people do."""


@pytest.fixture
def names() -> Iterator[NameServer]:
    with NameServer() as server:
        yield server


def ask(names: NameServer) -> dns.resolver.Resolver:
    found = dns.resolver.Resolver(configure=False)
    found.nameservers = [dns.nameserver.Do53Nameserver("127.0.0.1", names.port)]
    return found


def looked(cast: Cast, domain: Domain, names: NameServer) -> Domain:
    """By a real question to the name server; there is no website."""
    look = Look(ask_dns(ask(names), WAIT), World().web)
    return verify_domain(domain, actor=cast.actor(cast.alice), look=look)


@pytest.fixture
def acme_test(cast: Cast) -> Domain:
    return add_domain(cast.acme, "acme.test", actor=cast.actor(cast.alice))


def test_name_server_has_it_among_others(cast: Cast, names: NameServer, acme_test: Domain) -> None:
    halves = f'"{acme_test.proof[:9]}" "{acme_test.proof[9:]}"'
    names.records[HERE] = ['"v=spf1 -all"', halves, '"harriet-domain=of-another-installation"']
    assert looked(cast, acme_test, names).verified_at is not None
    assert names.asked == [HERE]


def test_name_server_leads_to_another_name(cast: Cast, names: NameServer, acme_test: Domain) -> None:
    names.leads_to[HERE] = "proofs.acme.test"
    names.records["proofs.acme.test"] = [f'"{acme_test.proof}"']
    assert looked(cast, acme_test, names).verified_at is not None


def test_name_server_has_quotation_marks_in_it(cast: Cast, names: NameServer, acme_test: Domain) -> None:
    """As pages of name servers write it when somebody pastes it with its marks."""
    names.records[HERE] = [f'"\\"{acme_test.proof}\\" "']
    assert looked(cast, acme_test, names).verified_at is not None


def test_name_server_answers_over_tcp(cast: Cast, names: NameServer, acme_test: Domain) -> None:
    names.is_cut = True
    names.records[HERE] = [*(f'"{"x" * 200}{number}"' for number in range(20)), f'"{acme_test.proof}"']
    assert looked(cast, acme_test, names).verified_at is not None


@pytest.mark.parametrize(
    ("behaves", "told"),
    [
        ({}, f"There is no TXT record at {HERE}. A new one can take an hour"),
        ({"empty": {HERE}}, f"There is no TXT record at {HERE}. A new one can take an hour"),
        (
            {"records": {HERE: ['"v=spf1"', '"google-site-verification=x"']}},
            f"{HERE} has something else, not this text.",
        ),
        ({"records": {HERE: ['"harriet-domain=0123"']}}, f"{HERE} has the proof of another organization"),
        ({"records": {"acme.test": ['"harriet-domain=0123"']}}, f"There is no TXT record at {HERE}."),
        ({"rcode": dns.rcode.SERVFAIL}, f"The name servers answered with an error when asked for {HERE}."),
        ({"rcode": dns.rcode.REFUSED}, f"The name servers answered with an error when asked for {HERE}."),
        ({"late_seconds": 2 * WAIT}, f"The name servers did not say in {WAIT:g} seconds what is at {HERE}."),
    ],
)
def test_what_a_name_server_says_instead_is_told(
    cast: Cast, names: NameServer, acme_test: Domain, behaves: dict[str, object], told: str
) -> None:
    for name, value in behaves.items():
        setattr(names, name, value)
    domain = looked(cast, acme_test, names)
    assert domain.verified_at is None
    assert domain.problem.startswith(told) and domain.checked_at is not None
    assert domain.problem.endswith("answers with 404."), "both ways are told"


def test_proof_of_another_organization_proves_nothing(cast: Cast, names: NameServer, acme_test: Domain) -> None:
    theirs = add_domain(cast.globex, "acme.test", actor=cast.actor(cast.charlie))
    names.records[HERE] = [f'"{theirs.proof}"']
    assert "the proof of another organization" in looked(cast, acme_test, names).problem
    names.records[HERE].append(f'"{acme_test.proof}"')
    assert looked(cast, acme_test, names).verified_at is not None


def test_whoever_operates_harriet_names_the_servers(
    names: NameServer, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARRIET_DNS_SERVERS", f"127.0.0.1:{names.port}, 192.0.2.1,[2001:db8::1]:5353, 2001:db8::2")
    servers = env_servers("HARRIET_DNS_SERVERS", 53)
    assert servers[1:] == (("192.0.2.1", 53), ("2001:db8::1", 5353), ("2001:db8::2", 53))
    settings.DNS_SERVERS = servers[:1]  # type: ignore[attr-defined]
    names.records[HERE] = ['"hello"']
    assert ask_dns(resolver())(HERE) == ["hello"]
    monkeypatch.setenv("HARRIET_DNS_SERVERS", "ns.acme.test")
    with pytest.raises(ValueError, match="ns"):
        env_servers("HARRIET_DNS_SERVERS", 53)


PATH = "/.well-known/harriet-domain.txt"


class Website(HTTPServer):
    """Of acme.test, over TLS."""

    page: tuple[int, bytes] = (404, b"")
    tls: ssl.SSLContext

    class Handler(BaseHTTPRequestHandler):
        server: Website

        def do_GET(self) -> None:
            status, body = self.server.page if self.path == PATH else (500, b"")
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "https://elsewhere.test/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""


@pytest.fixture
def website(tmp_path: Path) -> Iterator[Website]:
    server = Website(("127.0.0.1", 0), Website.Handler)
    ours, server.tls = certify(tmp_path, "acme.test")
    server.socket = ours.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def visited(cast: Cast, domain: Domain, website: Website) -> Domain:
    """By a real request: the name leads to this machine, whose port is not the usual one."""
    reach = Reach(allow_internal=True, internal_hosts=("127.0.0.1", "acme.test"))
    opened = session(reach, deadline=5, max_bytes=4096, resolve=lambda *_: ["127.0.0.1"], tls=website.tls)
    asked = ask_web(opened)
    here = f"https://acme.test:{website.server_address[1]}{PATH}"
    look = Look(World().dns, lambda address: asked(address.replace(f"https://acme.test{PATH}", here)))
    return verify_domain(domain, actor=cast.actor(cast.alice), look=look)


def test_website_has_it(cast: Cast, acme_test: Domain, website: Website) -> None:
    website.page = (200, f"{acme_test.proof}\r\n".encode())
    assert visited(cast, acme_test, website).verified_at is not None


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ((404, b""), "answers with 404."),
        ((301, b""), "leads elsewhere, which is not followed."),
        ((200, b"<html>Welcome</html>"), "has something else, not this text."),
        ((200, b"harriet-domain=0123"), "has the proof of another organization"),
        ((200, b"x" * 100_000), "larger than"),
    ],
)
def test_what_a_website_says_instead_is_told(
    cast: Cast, acme_test: Domain, website: Website, page: tuple[int, bytes], told: str
) -> None:
    website.page = page
    domain = visited(cast, acme_test, website)
    assert domain.verified_at is None
    assert told in domain.problem


def test_website_of_another_name_is_not_believed(
    cast: Cast, acme_test: Domain, website: Website, tmp_path: Path
) -> None:
    """It has no certificate for acme.test."""
    website.page = (200, acme_test.proof.encode())
    website.tls = certify(tmp_path, "other.test")[1]
    assert visited(cast, acme_test, website).verified_at is None
