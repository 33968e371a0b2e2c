"""Who sent a request, behind a proxy and without one."""

from __future__ import annotations

import pytest

from harriet.lib.http.client_addresses import client_of, group_of


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("", ""),
    ],
)
def test_one_ipv6_network_is_one_address(address: str, group: str) -> None:
    assert group_of(address) == group


@pytest.mark.parametrize(
    ("forwarded_for", "proxies", "client"),
    [
        ("", 0, "10.0.0.9"),
        ("6.6.6.6", 0, "10.0.0.9"),
        ("", 1, "10.0.0.9"),
        ("203.0.113.5", 1, "203.0.113.5"),
        ("6.6.6.6, 203.0.113.5", 1, "203.0.113.5"),
        ("6.6.6.6,203.0.113.5 , 10.0.0.8", 2, "203.0.113.5"),
        ("203.0.113.5", 2, "203.0.113.5"),
    ],
)
def test_only_our_own_proxy_is_believed(forwarded_for: str, proxies: int, client: str) -> None:
    assert client_of("10.0.0.9", forwarded_for, proxies) == client
