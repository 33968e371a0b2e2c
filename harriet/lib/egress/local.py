"""The addresses of the machine that runs Harriet, its network link and its cloud's metadata service.

They are nobody's but the installation's: whatever an organization allows, whoever operates Harriet allows these.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

METADATA = frozenset(ip_address(text) for text in ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254"))
"""Of clouds, in networks that are otherwise a company's own."""

# "This machine", loopback, link-local, Azure's and Oracle's services, multicast, reserved, broadcast.
_LOCAL_V4 = tuple(
    IPv4Network(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/3")
)
# All else than public and a company's own (fc00::/7) in IPv6: loopback, link-local, multicast, unassigned, Teredo.
_ELSEWHERE_V6 = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"))
_TEREDO = IPv6Network("2001::/23")
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP = 0x00005EFE

_PORT = re.compile(r":([0-9]{1,5})$")
LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def is_local(address: Address) -> bool:
    """Also when the address only leads there, as translated ones do."""
    if isinstance(address, IPv6Address):
        inner = embedded(address)
        if inner is not None:
            return is_local(inner)
    if address in METADATA:
        return True
    if isinstance(address, IPv4Address):
        return any(address in network for network in _LOCAL_V4)
    return address in _TEREDO or not any(address in network for network in _ELSEWHERE_V6)


def is_local_name(host: str) -> bool:
    """A name that means this machine without anybody asking DNS (RFC 6761)."""
    return host in LOCAL_NAMES or host.endswith(".localhost")


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, translated or tunnelled one leads to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR:
        return IPv4Address((int(address) >> 80) & 0xFFFFFFFF)
    is_isatap = (int(address) >> 32) & 0xFCFFFFFF == _ISATAP
    if is_isatap or any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_consented(url: str, host: str, port: int, address: Address | None, consented: tuple[str, ...]) -> bool:
    """Each entry is a name, an address or a network, with or without a port; or one whole URL and nothing beside it."""
    return any(_fits(entry, url, host, port, address) for entry in consented)


def _fits(entry: str, url: str, host: str, port: int, address: Address | None) -> bool:
    if "://" in entry:
        return entry.lower() == url.lower()
    name, network, only_port = _read(entry)
    if only_port not in {0, port}:
        return False
    if network is None:
        return name == host
    return address is not None and address.version == network.version and address in network


@lru_cache(maxsize=256)
def _read(entry: str) -> tuple[str, IPv4Network | IPv6Network | None, int]:
    text, port = entry.strip().lower(), 0
    found = _PORT.search(text) if text.count(":") == 1 or "]:" in text else None
    if found:
        text, port = text[: found.start()], int(found[1])
    text = text.removeprefix("[").removesuffix("]").removesuffix(".")
    try:
        return text, ip_network(text, strict=False), port
    except ValueError:
        return text, None, port
