"""Which address a request comes from, and which addresses are one and the same."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def client_of(peer: str, forwarded_for: str, proxies: int) -> str:
    """The address that the outermost of our own proxies saw. What stands before it in X-Forwarded-For is whatever the
    client wrote there; without a proxy of ours all of it is."""
    if not proxies:
        return peer
    hops = [hop.strip() for hop in forwarded_for.split(",")]
    return (hops[-proxies] if len(hops) >= proxies else hops[0]) or peer


def group_of(address: str) -> str:
    """Whoever has one IPv6 address has its whole /64, so that counts as one."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped is not None else f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
