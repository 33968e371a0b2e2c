"""A small MCP server that comes with Harriet, so that the first governed call needs nothing from outside.

It is an ordinary server to Harriet: reached over HTTP, with a credential from the vault. It keeps nothing: what it
"writes" is only said to be written, so that no organization can see what another tried. `harriet/asgi.py` puts it at
`PATH`, beside the gateway.
"""

from harriet.lib.keyfile import derive
from harriet.lib.secret import Secret

PATH = "/sample/mcp"
"""Where it answers, at Harriet's own address."""


def sample_token() -> Secret:
    """The bearer token that the sample server demands; the same in every process of this installation."""
    return Secret(derive("vault", "sample-server/v1").hex())
