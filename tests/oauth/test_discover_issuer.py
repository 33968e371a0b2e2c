"""Who gives tokens for a server: found where the standards say, and refused where it is about somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harriet.lib.egress import Reach
from tests.servers.authorization_server import OPENID, RESOURCE, SERVER, AuthorizationServer, Reply
from vault.oauth.challenge import Challenge, read_challenge
from vault.oauth.discovery import Discovered, NothingDiscovered, discover, discover_server
from vault.oauth.metadata import is_resource_of, pkce_problem

HERE = Reach(True, ("127.0.0.1",), ("127.0.0.1",))
NO_CHALLENGE = Challenge()


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as running:
        yield running


@pytest.fixture
def below() -> Iterator[AuthorizationServer]:
    """With an issuer that has a path."""
    with AuthorizationServer("/tenant/a") as running:
        yield running


def found(server: AuthorizationServer, challenge: Challenge = NO_CHALLENGE) -> Discovered:
    return discover(server.url, HERE, challenge)


def refused(server: AuthorizationServer, challenge: Challenge = NO_CHALLENGE) -> str:
    with pytest.raises(NothingDiscovered) as refusal:
        discover(server.url, HERE, challenge)
    assert refusal.value.tried
    return refusal.value.message


@pytest.mark.parametrize(
    ("header", "scopes", "url"),
    [
        ('Bearer resource_metadata="https://a/m", scope="x y"', ("x", "y"), "https://a/m"),
        ('Basic realm="a, b", Bearer error="invalid_token", scope="x"', ("x",), ""),
        ('bearer SCOPE="x x", Resource_Metadata=https://a/m', ("x",), "https://a/m"),
        ('Bearer realm="say \\"scope=y\\"", scope="x"', ("x",), ""),
        ('DPoP scope="z", Bearer scope="x"', ("x",), ""),
        ('Digest scope="z"', (), ""),
        ("Bearer", (), ""),
        ("", (), ""),
        ('Bearer scope="' + "x" * 20000, (), ""),
    ],
)
def test_a_challenge_says_where_and_what(header: str, scopes: tuple[str, ...], url: str) -> None:
    said = read_challenge(header)
    assert (said.scopes, said.metadata_url) == (scopes, url)


def test_the_usual_way(server: AuthorizationServer) -> None:
    said = found(server)
    assert (said.resource, said.issuer, said.scopes) == (server.url, server.issuer, ("tickets.read",))
    assert [one.path for one in server.seen] == [f"{RESOURCE}/mcp", SERVER]
    assert all(one.is_found for one in said.tried)
    assert not pkce_problem(said.metadata)


def test_the_challenge_comes_first_and_its_scopes_count(server: AuthorizationServer) -> None:
    server.documents["/elsewhere"] = server.documents.pop(f"{RESOURCE}/mcp")
    said = found(server, Challenge(f"{server.origin}/elsewhere", ("tickets.write",)))
    assert server.seen[0].path == "/elsewhere"
    assert said.scopes == ("tickets.write",)


def test_the_root_is_the_last_place(server: AuthorizationServer) -> None:
    server.documents[RESOURCE] = server.documents.pop(f"{RESOURCE}/mcp") | {"resource": server.origin}
    assert found(server).resource == server.origin
    assert [one.path for one in server.seen][:2] == [f"{RESOURCE}/mcp", RESOURCE]


@pytest.mark.parametrize("place", [f"{SERVER}/tenant/a", f"{OPENID}/tenant/a", f"/tenant/a{OPENID}"])
def test_an_issuer_with_a_path_has_three_places(below: AuthorizationServer, place: str) -> None:
    below.documents[place] = below.documents.pop(f"{SERVER}/tenant/a")
    assert found(below).issuer == below.issuer
    asked = [one.path for one in below.seen[1:]]
    order = [f"{SERVER}/tenant/a", f"{OPENID}/tenant/a", f"/tenant/a{OPENID}"]
    assert asked == order[: order.index(place) + 1]


def test_a_server_of_old_gives_its_own_tokens(server: AuthorizationServer) -> None:
    del server.documents[f"{RESOURCE}/mcp"]
    said = found(server)
    assert (said.resource, said.issuer, said.scopes) == (server.url, server.issuer, ())


@pytest.mark.parametrize("issuer", ["https://evil.example", "{0}/", "{0}/other", "", None, 7, ["{0}"]])
def test_metadata_of_somebody_else_is_refused(server: AuthorizationServer, issuer: Any) -> None:
    server.metadata["issuer"] = issuer.format(server.issuer) if isinstance(issuer, str) else issuer
    assert "which is not who was asked" in refused(server)


@pytest.mark.parametrize(
    "resource",
    ["https://good.example/mcp", "{0}/mcp/other", "{0}/m", "{0}:1/mcp", "", None, 7, "{0}/mcp#x", "http://["],
)
def test_metadata_of_another_resource_is_refused(server: AuthorizationServer, resource: Any) -> None:
    server.resource["resource"] = resource.format(server.origin) if isinstance(resource, str) else resource
    assert "resource" in refused(server)
    assert not server.at(SERVER), "nobody is asked for tokens of another resource"


@pytest.mark.parametrize(
    ("resource", "url", "is_fit"),
    [
        ("https://a.example", "https://a.example/mcp", True),
        ("https://a.example/", "https://A.example:443/mcp", True),
        ("https://a.example/mcp/", "https://a.example/mcp", True),
        ("https://a.example/mcp", "https://a.example/mcp?key=1", True),
        ("https://a.example/mcp?key=2", "https://a.example/mcp?key=1", False),
        ("https://a.example/mc", "https://a.example/mcp", False),
        ("http://a.example/mcp", "https://a.example/mcp", False),
        ("https://a.example.evil.example/mcp", "https://a.example/mcp", False),
        ("https://a.example:8443/mcp", "https://a.example/mcp", False),
    ],
)
def test_a_resource_is_the_server_or_what_it_lies_beneath(resource: str, url: str, is_fit: bool) -> None:
    assert is_resource_of(resource, url) is is_fit


INSIDE = [
    *(
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "http://[::1]:1/",
        "https://localhost/",
    ),
    *("file:///etc/passwd", "javascript:alert(1)", "ftp://a.example/", "//a", ""),
    *(
        "https://user:pass@a.example/",
        "https://a.example/#x",
        "https://0x7f000001/",
        "https://127.1/",
        "data:text/html,x",
    ),
]


@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "registration_endpoint", "userinfo_endpoint"]
)
@pytest.mark.parametrize("url", [*INSIDE, 7, ["https://a.example"], "https://a.example/" + "a" * 600])
def test_endpoints_that_lead_inside_or_nowhere_are_refused(server: AuthorizationServer, name: str, url: Any) -> None:
    server.metadata[name] = url
    if url == "" and name != "token_endpoint":  # as good as not there
        assert name not in found(server).metadata
        return
    assert name in refused(server) or "token endpoint" in refused(server)


@pytest.mark.parametrize("url", [one for one in INSIDE if one])
def test_discovery_itself_goes_nowhere_inside(server: AuthorizationServer, url: str) -> None:
    server.resource["authorization_servers"] = [url]
    assert "can’t be used" in refused(server)
    said = found_anyway(server, url)
    assert not said.tried[0].is_found


def found_anyway(server: AuthorizationServer, url: str) -> Discovered:
    """A challenge that points inside is not followed; the well-known places are asked all the same."""
    server.resource["authorization_servers"] = [server.issuer]
    return found(server, Challenge(url))


def test_a_public_connector_asks_nobody_inside(server: AuthorizationServer) -> None:
    with pytest.raises(NothingDiscovered):
        discover("https://1.1.1.1/mcp", Reach(), Challenge(server.url))
    with pytest.raises(NothingDiscovered):
        discover_server(server.issuer, Reach(False, ("127.0.0.1",)))
    assert server.seen == []


@pytest.mark.parametrize(
    "methods",
    [None, [], ["plain"], ["s256"], "S256", ["plain", 256]],
    ids=["absent", "none", "plain", "case", "text", "odd"],
)
def test_nobody_is_sent_to_a_server_without_s256(server: AuthorizationServer, methods: Any) -> None:
    server.publish(code_challenge_methods_supported=methods)
    assert "PKCE" in pkce_problem(found(server).metadata)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, ""), Reply(500, ""), Reply(200, "<html>"), Reply(200, "[]"), Reply(200, "null"), Reply(200, ""),
        Reply(302, "", {"Location": "/elsewhere"}), Reply(200, '{"a":' * 20000), Reply(200, "x" * 100_000),
        Reply(204, ""), Reply(200, '{"resource": NaN}'),
    ],
)  # fmt: skip
def test_what_is_no_document_is_said_in_words(server: AuthorizationServer, reply: Reply) -> None:
    del server.documents[SERVER]
    server.pages |= {place: lambda _: reply for place in (f"{RESOURCE}/mcp", RESOURCE)}
    assert refused(server)
    assert not server.at("/elsewhere")


@pytest.mark.parametrize("servers", [None, [], "https://a.example", [7], {}])
def test_a_resource_that_names_nobody(server: AuthorizationServer, servers: Any) -> None:
    server.resource["authorization_servers"] = servers
    assert "names nobody" in refused(server)


def test_the_second_that_a_resource_names_will_do(server: AuthorizationServer) -> None:
    server.resource["authorization_servers"] = [f"{server.origin}/gone", server.issuer]
    assert found(server).issuer == server.issuer


def test_of_several_the_first_that_protects_sign_ins_is_taken(server: AuthorizationServer) -> None:
    """The first knows no S256; where no other does either, it is the one whose fault is told."""
    plain = f"{server.origin}/plain"
    weak = {**server.metadata, "issuer": plain, "code_challenge_methods_supported": ["plain"]}
    server.documents[f"{SERVER}/plain"] = weak
    server.resource["authorization_servers"] = [plain, server.issuer]
    assert found(server).issuer == server.issuer
    server.resource["authorization_servers"] = [plain, f"{server.origin}/gone"]
    assert found(server).issuer == plain and pkce_problem(found(server).metadata)


def test_only_what_is_of_use_is_kept(server: AuthorizationServer) -> None:
    server.publish(anything="else", scopes_supported=["a", 7, "b" * 500, "c\x00"])
    kept = found(server).metadata
    assert "anything" not in kept and kept["scopes_supported"] == ["a", "b" * 200]
