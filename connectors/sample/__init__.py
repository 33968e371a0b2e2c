"""A small MCP server that comes with Harriet, so that the first governed call needs nothing from outside.

It is an ordinary server to Harriet: reached over HTTP, with a credential from the vault. It keeps nothing: what it
"writes" is only said to be written, so that no organization can see what another tried.
"""

from harriet.lib.keyfile import derive
from harriet.lib.secret import Secret

__all__ = ["sample_token"]


def sample_token() -> Secret:
    """The bearer token that the sample server demands; the same in every process of this installation."""
    return Secret(derive("vault", "sample-server/v1").hex())
