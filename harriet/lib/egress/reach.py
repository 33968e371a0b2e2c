"""Which addresses Harriet may connect to: judged on the bytes that a name resolved to, never on how it was written."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import idna

from harriet.lib.egress.errors import EgressRefused
from harriet.lib.egress.local import METADATA, is_consented, is_local, is_local_name
from harriet.lib.text import excerpt

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Reach:
    """What one connector may reach beside the public internet.

    `internal_hosts` are names, addresses and networks ("10.1.0.0/16") of the organization's allow-list. They count
    when `allow_internal` is set.
    """

    allow_internal: bool = False
    internal_hosts: tuple[str, ...] = ()
    local_hosts: tuple[str, ...] | None = None
    """What the installation allows of its own machine, link and cloud's metadata: the organization's list counts there
    only beside it. None when whoever operates the installation is the one who asks."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL: the host in ASCII, in lower case, without a dot at the end; an address in its usual form."""

    scheme: str
    host: str
    port: int
    path: str
    """Path and query, percent-encoded."""
    address: Address | None
    """Set when the host is written as an address."""

    @property
    def url(self) -> str:
        """Without user, password or fragment; the port only where it isn't the scheme's own."""
        return f"{self.scheme}://{self.host_header}{self.path}"

    @property
    def host_header(self) -> str:
        """What Host says (RFC 9110 §7.2): an IPv6 address in brackets, the port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"


# IANA's special-purpose registries, and what clouds add. Written out: Python's own `is_global` differs by release and
# takes translated (64:ff9b::), 6to4, multicast, site-local and Azure's addresses for public ones.
_NOT_PUBLIC_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
)  # fmt: skip
_PUBLIC_V6 = IPv6Network("2000::/3")  # all else is loopback, mapped, translated, local, multicast or unassigned
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)  # fmt: skip

# A name on the allow-list may mean these. Others (link-local, multicast, metadata services) must be listed by address.
COMPANY_NETWORKS = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "::1/128", "fc00::/7")
)

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f-\x9f\\\s]")
_LONGEST_URL = 2048
"""Characters."""


def check_url(url: str, reach: Reach) -> Target:
    """Judges what can be judged without asking DNS. Raises EgressRefused."""
    parts = _split(url)
    host = _ascii_host(parts)
    address = _literal(host)
    target = Target(parts.scheme, str(address or host), _port(parts), _path(parts), address)
    if address is not None:
        admit(address, target, reach)
    elif is_local_name(host) and not _allows_local(target, None, reach):
        raise _local_refusal(target)
    elif parts.scheme == "http" and not _may_be_internal(host, reach):
        raise _needs_tls(host)
    return target


def admit(address: Address, target: Target, reach: Reach) -> None:
    """Judges one resolved address of the target. Raises EgressRefused."""
    address = _unwrap(address)
    if is_local(address) and not _allows_local(target, address, reach):
        raise _local_refusal(target)
    names, networks = _allow_list(reach.internal_hosts) if reach.allow_internal else (frozenset(), ())
    if any(address in network for network in networks if network.version == address.version):
        return
    if is_public(address):
        if target.scheme != "https":
            raise _needs_tls(target.host)
        return
    if target.host in names and address not in METADATA and _is_in(address, COMPANY_NETWORKS):
        return
    raise EgressRefused(_refusal(target.host, reach))


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may have it (IANA's special-purpose registries), where it leads to too."""
    address = _unwrap(address)
    if isinstance(address, IPv4Address):
        return not _is_in(address, _NOT_PUBLIC_V4)
    if address not in _PUBLIC_V6 or _is_in(address, _NOT_PUBLIC_V6):
        return False
    embedded = _isatap(address)
    return embedded is None or is_public(embedded)


def parse_address(text: str) -> Address:
    """An address as the resolver gives it; one with a zone ("fe80::1%eth0") is refused. Raises EgressRefused."""
    try:
        if "%" in text:
            raise ValueError
        return _unwrap(ip_address(text))
    except ValueError:
        raise EgressRefused("The host resolves to an address of this machine's own network link.") from None


def _allows_local(target: Target, address: Address | None, reach: Reach) -> bool:
    allowed = reach.local_hosts
    return allowed is None or is_consented(target.url, target.host, target.port, address, allowed)


def _local_refusal(target: Target) -> EgressRefused:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return EgressRefused(
        f"{host} is an internal address: of the machine that runs Harriet, its network link or its cloud. Only whoever "
        f"operates this installation can allow it: start it with HARRIET_ALLOWED_LOCAL_HOSTS={host}:{target.port}. "
        "In a container, localhost is the container itself.",
        field="url",
    )


def _refusal(host: str, reach: Reach) -> str:
    todo = (
        f"Add {host} (or the address, if it is not a private one) to the allowed internal hosts in Settings."
        if reach.allow_internal
        else "If it is a server of your own, tick “This server is inside our network” under its address."
    )
    return f"{host} is an internal address, which Harriet doesn't connect to. {todo}"


def _needs_tls(host: str) -> EgressRefused:
    return EgressRefused(
        f"The URL must start with https://. Plain http is for servers in your own network: if {host} is one, tick "
        "“This server is inside our network” under its address.",
        field="url",
    )


def _split(url: str) -> SplitResult:
    if len(url) > _LONGEST_URL or _NOT_IN_URLS.search(url):
        raise EgressRefused("This is not a URL: it has spaces or unusual characters, or is too long.", field="url")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises for a port that is no number
    except ValueError:
        raise EgressRefused("This is not a URL. Write it like https://example.com/mcp.", field="url") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise EgressRefused("The URL must start with https:// and name a host.", field="url")
    if "@" in parts.netloc:
        raise EgressRefused("Take the name and password out of the URL, and save them as a credential.", field="url")
    if "#" in url:
        raise EgressRefused("Take the # part out of the URL: servers never see it.", field="url")
    return parts


def _port(parts: SplitResult) -> int:
    port = parts.port
    if port is None:
        return 443 if parts.scheme == "https" else 80
    if port == 0:
        raise EgressRefused("Port 0 can't be connected to.", field="url")
    return port


def _path(parts: SplitResult) -> str:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise EgressRefused("Write the URL's path with %-encoded characters.", field="url")
    return path


def _ascii_host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        if ":" not in host:
            raise EgressRefused("In the URL's square brackets goes an IPv6 address.", field="url")
        return host
    try:
        host = idna.encode(host, uts46=True).decode() if not host.isascii() else host
    except (idna.IDNAError, UnicodeError):
        host = ""
    host = host.lower().removesuffix(".")
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise EgressRefused(f"“{excerpt(parts.hostname or '', 60)}” is not a host name.", field="url")
    return host


def _literal(host: str) -> Address | None:
    """The address that the host is written as. Short, octal and hexadecimal forms are refused: they only mislead."""
    try:
        return parse_address(host) if ":" in host else ip_address(host)
    except ValueError:
        if _NUMERIC.fullmatch(host.rpartition(".")[2]):
            raise EgressRefused("Write the address as four decimal numbers.", field="url") from None
        return None


def _unwrap(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _isatap(address: IPv6Address) -> IPv4Address | None:
    is_isatap = (int(address) >> 32) & 0xFCFFFFFF == 0x00005EFE
    return IPv4Address(int(address) & 0xFFFFFFFF) if is_isatap else None


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _may_be_internal(name: str, reach: Reach) -> bool:
    """Whether the name is on the allow-list, or may resolve into a network that is."""
    if not reach.allow_internal:
        return False
    names, networks = _allow_list(reach.internal_hosts)
    return name in names or bool(networks)


@lru_cache(maxsize=1024)
def _allow_list(hosts: tuple[str, ...]) -> tuple[frozenset[str], tuple[Network, ...]]:
    names, networks = set(), []
    for host in hosts:
        text = host.strip().lower().removesuffix(".").removeprefix("[").removesuffix("]")
        try:
            networks.append(ip_network(text, strict=False))
        except ValueError:
            names.add(text)
    return frozenset(names), tuple(networks)
