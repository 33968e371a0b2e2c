"""The machine itself, its link and its cloud's metadata: what an organization allows does not reach there."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, check_url
from harriet.lib.egress.local import is_local
from tests.lib.leaving import FACES, Face, leave

EVERYTHING = ("0.0.0.0/0", "::/0", "crm.corp.example", "localhost", "127.0.0.1", "169.254.169.254", "metadata.corp")
LOCAL = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.170.2", "168.63.129.16", "192.0.0.192",
    "100.100.100.200", "224.0.0.1", "255.255.255.255", "::1", "::", "::127.0.0.1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2001:0:7f00:1::1", "fe80::1", "fec0::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254",
    "2606:4700::5efe:7f00:1", "fd00::200:5efe:a9fe:a9fe",
]  # fmt: skip
COMPANY = ["10.1.2.3", "172.16.0.9", "192.168.7.7", "100.64.0.1", "fd12:3::4"]


def of_organization(*consented: str) -> Reach:
    return Reach(allow_internal=True, internal_hosts=EVERYTHING, local_hosts=consented)


def goes(url: str, reach: Reach, answer: list[str] | None = None) -> bool:
    """Whether Harriet would connect; False when it refuses with the sentence that says who may allow it."""
    went = {_goes(url, reach, answer, face) for face in FACES}
    assert len(went) == 1, "one face of egress goes where the other doesn't"
    return went.pop()


def _goes(url: str, reach: Reach, answer: list[str] | None, face: Face) -> bool:
    try:
        leave(url, reach, resolve=lambda *_: answer or [], deadline=0.05, face=face)
    except EgressRefused as refused:
        assert "internal address" in refused.message or "network link" in refused.message, refused.message
        return False
    except (EgressTimeout, EgressFailed):
        return True
    return True


def url_of(address: str) -> str:
    return f"http://{f'[{address}]' if ':' in address else address}:9000/mcp"


@pytest.mark.parametrize("address", LOCAL)
def test_no_organization_allows_what_is_local(address: str) -> None:
    assert is_local(ip_address(address))
    with pytest.raises(EgressRefused, match="HARRIET_ALLOWED_LOCAL_HOSTS"):
        check_url(url_of(address), of_organization())
    assert not goes("https://crm.corp.example/mcp", of_organization(), [address])
    assert not goes("https://crm.corp.example/mcp", of_organization(), ["10.1.2.3", address])


@pytest.mark.parametrize("address", COMPANY)
def test_its_own_network_stays_the_organizations_affair(address: str) -> None:
    assert not is_local(ip_address(address))
    assert goes(url_of(address), of_organization())
    assert goes("http://crm.corp.example/mcp", of_organization(), [address])


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "x.localhost", "ip6-localhost"])
def test_names_of_this_machine_are_refused_before_anybody_asks_dns(host: str) -> None:
    with pytest.raises(EgressRefused, match="HARRIET_ALLOWED_LOCAL_HOSTS"):
        check_url(f"https://{host}/mcp", of_organization())


@pytest.mark.parametrize(
    ("consented", "url", "answer", "is_allowed"),
    [
        ("127.0.0.1", "http://127.0.0.1:9000/mcp", [], True),
        ("127.0.0.1:9000", "http://127.0.0.1:9000/mcp", [], True),
        ("127.0.0.1:9000", "http://127.0.0.1:9001/mcp", [], False),
        ("127.0.0.0/8", "http://127.0.0.9:9000/mcp", [], True),
        ("[::1]:9000", "http://[::1]:9000/mcp", [], True),
        ("[::1]:9000", "http://[::1]:9001/mcp", [], False),
        ("::1", "http://[::1]:9001/mcp", [], True),
        ("localhost", "http://localhost:9000/mcp", ["127.0.0.1"], True),
        ("localhost:9000", "http://localhost:9001/mcp", ["127.0.0.1"], False),
        ("crm.corp.example", "http://crm.corp.example/mcp", ["127.0.0.1"], True),
        ("127.0.0.1", "http://crm.corp.example/mcp", ["127.0.0.1"], True),
        ("127.0.0.1", "http://crm.corp.example/mcp", ["169.254.169.254"], False),
        ("169.254.169.254", "http://169.254.169.254/latest", [], True),
        ("crm.corp.example", "http://other.corp.example/mcp", ["127.0.0.1"], False),
        ("http://127.0.0.1:8000/sample/mcp", "http://127.0.0.1:8000/sample/mcp", [], True),
        ("http://127.0.0.1:8000/sample/mcp", "http://127.0.0.1:8000/metrics", [], False),
        ("http://127.0.0.1:8000/sample/mcp", "http://127.0.0.1:8000/sample/mcp?x=1", [], False),
        ("http://127.0.0.1:8000/sample/mcp", "http://127.0.0.1:9000/sample/mcp", [], False),
    ],
)
def test_the_installation_allows_what_it_names(consented: str, url: str, answer: list[str], is_allowed: bool) -> None:
    assert goes(url, of_organization(consented), answer) == is_allowed


def test_consent_alone_is_not_enough() -> None:
    reach = Reach(allow_internal=False, internal_hosts=EVERYTHING, local_hosts=("127.0.0.1",))
    assert not goes("http://127.0.0.1:9000/mcp", reach)
