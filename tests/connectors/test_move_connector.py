"""A secret goes only to the server it was entered for."""

from connectors.actions.save_connection import save_connection
from tests.cast import Cast
from vault.queries import credential_of

from .story import ConnectorMaker


def test_another_host_forgets_the_secret(cast: Cast, connect: ConnectorMaker) -> None:
    connector = connect(secret="sk-crm-1234567890")
    alice = cast.actor(cast.alice)
    save_connection(connector, url=connector.url + "?v=2", allow_internal=True, actor=alice)
    assert credential_of(connector.pk) is not None
    save_connection(connector, url="https://93.184.216.34/mcp", allow_internal=False, actor=alice)
    assert credential_of(connector.pk) is None
