"""What a connector may reach: the public internet, its organization's hosts, and what the machine's operator allows."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from connectors.models import Connector
from connectors.sample import PATH as SAMPLE_PATH
from harriet.lib.egress import Reach
from harriet.people.models import Organization


def reach_for(allow_internal: bool, internal_hosts: Iterable[str]) -> Reach:
    """The sample server at Harriet's own address is allowed by itself, and nothing else at that address is."""
    local = (*settings.ALLOWED_LOCAL_HOSTS, f"{settings.BASE_URL}{SAMPLE_PATH}")
    return Reach(allow_internal=allow_internal, internal_hosts=tuple(internal_hosts), local_hosts=local)


def is_own_address(url: str) -> bool:
    """Whether it is one of Harriet's own, apart from the sample server's."""
    try:
        mine, asked = urlsplit(settings.BASE_URL), urlsplit(url)
        is_mine = (asked.scheme, asked.hostname, _port(asked)) == (mine.scheme, mine.hostname, _port(mine))
    except ValueError:
        return False
    return is_mine and asked.path != SAMPLE_PATH


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def reach_of(connector: Connector, organization: Organization) -> Reach:
    return reach_for(connector.allow_internal, organization.internal_hosts)
