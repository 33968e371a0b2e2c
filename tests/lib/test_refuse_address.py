"""Which URLs Harriet connects to: judged by what a name resolves to, in every spelling of it."""

import ipaddress
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, check_url
from harriet.lib.egress.reach import is_public
from tests.lib.leaving import FACES, leave

PUBLIC = Reach()
INSIDE = Reach(allow_internal=True, internal_hosts=("127.0.0.1", "10.1.0.0/16", "crm.corp.example", "fd12::/16", "::1"))

CORPUS = Path(__file__).parent / "corpus"
NOT_PUBLIC = (CORPUS / "not_public.txt").read_text().split("\n")[:-1]
IS_PUBLIC = (CORPUS / "public.txt").read_text().split("\n")[:-1]
ODD_HOSTS = (CORPUS / "odd_hosts.txt").read_text().split("\n")[:-1]

ODD_URLS = [
    "", "example.com", "//example.com", "http:example.com", "https:///path", "https://", "https://:443/", "ftp://example.com/",
    "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "javascript:alert(1)", "https://user:pass@example.com/",
    "https://example.com@127.0.0.1/", "https://127.0.0.1@example.com/", "https://example.com#@127.0.0.1/",
    "https://example.com/#token", "https://example.com:0/", "https://example.com:99999/", "https://example.com:abc/",
    "https://example.com:-1/", "https://example.com\\@127.0.0.1/", "https://example.com\\.evil/", "https://exam\tple.com/",
    "https://example.com/\r\nHost: evil", "https://example.com/ x", " https://example.com/", "https://example.com/\x00",
    "https://ex\u00adample\u202e.com/\u2028", "https://" + "a" * 3000, "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com",
    "http://example.com/", "http://1.1.1.1/", "https://example.com/ü",
]  # fmt: skip


def _url(host: str, scheme: str = "https") -> str:
    return f"{scheme}://{f'[{host}]' if ':' in host else host}/mcp"


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_addresses_that_are_not_public_are_refused(text):
    assert not is_public(ipaddress.ip_address(text))
    for scheme in ("http", "https"):
        with pytest.raises(EgressRefused):
            check_url(_url(text, scheme), PUBLIC)


@pytest.mark.parametrize("text", IS_PUBLIC)
def test_public_addresses_are_allowed_over_tls_alone(text):
    assert check_url(_url(text), PUBLIC).address is not None
    for reach in (PUBLIC, INSIDE):
        with pytest.raises(EgressRefused):
            check_url(_url(text, "http"), reach)


@pytest.mark.parametrize("host", ODD_HOSTS)
@pytest.mark.parametrize("form", ["https://{}/", "http://{}/", "https://{}:8443/x?y=z", "HTTPS://{}"])
@pytest.mark.parametrize("face", FACES)
def test_odd_spellings_of_hosts_lead_nowhere(host, form, face):
    with pytest.raises(EgressRefused):
        check_url(form.format(host), PUBLIC)
    with pytest.raises(EgressRefused):
        leave(form.format(host), PUBLIC, resolve=lambda *_: ["127.0.0.1"], face=face)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("url", ODD_URLS)
def test_odd_urls_are_refused(url, face):
    with pytest.raises(EgressRefused):
        check_url(url, PUBLIC)
    with pytest.raises(EgressRefused):
        leave(url, PUBLIC, resolve=lambda *_: ["127.0.0.1"], face=face)


@pytest.mark.parametrize("text", NOT_PUBLIC)
@pytest.mark.parametrize("face", FACES)
def test_names_that_resolve_inside_are_refused(text, face):
    for answer in ([text], ["1.1.1.1", text]):
        with pytest.raises(EgressRefused):
            leave("https://crm.corp.example/", PUBLIC, resolve=lambda *_, answer=answer: answer, face=face)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://Example.COM./a", "example.com", 443),
        ("https://bücher.example/", "xn--bcher-kva.example", 443),
        ("https://example.com:8443", "example.com", 8443),
        ("https://my_host.example/mcp?x=1", "my_host.example", 443),
        ("https://[2606:4700:4700:0::1111]/", "2606:4700:4700::1111", 443),
        ("https://0x1.example/", "0x1.example", 443),
    ],
)
def test_ordinary_urls_are_read_one_way(url, host, port):
    target = check_url(url, PUBLIC)
    assert (target.host, target.port) == (host, port)


@pytest.mark.parametrize(
    ("url", "answer", "is_allowed"),
    [
        ("http://127.0.0.1:9000/mcp", [], True),
        ("http://127.0.0.2:9000/mcp", [], False),
        ("http://[::1]:9000/", [], True),
        ("http://[::ffff:127.0.0.1]/", [], True),
        ("http://10.1.2.3/", [], True),
        ("https://10.1.2.3/", [], True),
        ("http://10.2.0.1/", [], False),
        ("http://[fd12:3::4]/", [], True),
        ("http://crm.corp.example/", ["192.168.7.7"], True),
        ("http://CRM.corp.example./", ["192.168.7.7"], True),
        ("http://crm.corp.example/", ["1.1.1.1"], False),
        ("https://crm.corp.example/", ["1.1.1.1"], True),
        ("http://crm.corp.example/", ["169.254.169.254"], False),
        ("http://crm.corp.example/", ["fd00:ec2::254"], False),
        ("http://crm.corp.example/", ["100.100.100.200"], False),
        ("http://crm.corp.example/", ["224.0.0.1"], False),
        ("http://crm.corp.example/", ["fe80::1%eth0"], False),
        ("http://other.corp.example/", ["10.1.9.9"], True),
        ("http://other.corp.example/", ["192.168.7.7"], False),
        ("http://x.crm.corp.example/", ["192.168.7.7"], False),
        ("http://169.254.169.254/", [], False),
    ],
)
@pytest.mark.parametrize("face", FACES)
def test_internal_hosts_are_those_on_the_list(url, answer, is_allowed, face):
    try:
        leave(url, INSIDE, resolve=lambda *_: answer, deadline=0.05, face=face)
    except EgressRefused:
        assert not is_allowed
    except (EgressTimeout, EgressFailed):
        assert is_allowed


@pytest.mark.parametrize("face", FACES)
def test_the_list_counts_only_for_connectors_that_may_use_it(face):
    for url in ("http://127.0.0.1:9000/mcp", "http://10.1.2.3/", "https://crm.corp.example/"):
        with pytest.raises(EgressRefused):
            leave(url, Reach(False, INSIDE.internal_hosts), resolve=lambda *_: ["192.168.7.7"], face=face)


@given(st.ip_addresses(v=4))
def test_no_private_address_counts_as_public(address):
    if not address.is_global or address.is_multicast:
        assert not is_public(address)
    assert is_public(ipaddress.ip_address(f"::ffff:{address}")) == is_public(address)


@given(st.integers(0, 2**32 - 1))
def test_whatever_the_system_takes_for_loopback_is_refused(number):
    """getaddrinfo reads forms that no URL parser should: whatever it would make of them, check_url stands before it."""
    for text in (str(number), hex(number), f"{number >> 24}.{number & 0xFFFFFF}"):
        try:
            socket.getaddrinfo(text, 80, flags=socket.AI_NUMERICHOST)
        except OSError:
            continue
        with pytest.raises(EgressRefused):
            check_url(f"https://{text}/", PUBLIC)
