"""Headers that Harriet or the connection sets itself, whoever else would like to."""

import pytest

from harriet.lib.egress import is_reserved_header


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "content-length", "Transfer-Encoding", "CONNECTION", "Cookie", "Accept", "Origin", "Via"),
        *("Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Param-Region", "X-Forwarded-For", "Proxy-Authorization"),
        *("Sec-Fetch-Site", "Last-Event-ID"),
    ],
)
def test_the_connection_speaks_for_itself(name: str) -> None:
    assert is_reserved_header(name)


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "Private-Token", "X-Forward", "Hosted", "mcp"])
def test_others_are_free(name: str) -> None:
    assert not is_reserved_header(name)
