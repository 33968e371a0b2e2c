"""All that one call through the gateway needs."""

from __future__ import annotations

from secrets import token_hex
from typing import Any
from uuid import UUID

from django.db import transaction

from connectors.actions.set_argument_checks import set_argument_checks
from harriet.people.actors import actor_of
from harriet.people.version import move_version
from tests.servers.upstream import TOOLS
from tests.stage.cast import Cast
from tests.stage.clients import Client
from tests.stage.connectors import connector, tools
from tests.stage.credentials import SECRET, save_token
from tests.stage.processes import Process
from tests.stage.profiles import profile
from tests.stage.tokens import device_token


class Office:
    """Acme with one connector, and Dana of Sales with a laptop that may use it. Who reads the database meanwhile sees
    all of it or nothing; what a story adds to it at once belongs into one transaction with it."""

    def __init__(self, cast: Cast, url: str, *, era: str = "", definitions: list[dict[str, Any]] = TOOLS) -> None:
        self.cast = cast
        with transaction.atomic():
            self.crm = connector(cast.acme, url, era=era)
            self.tools = tools(self.crm, cast.sales, definitions)
            save_token(cast, self.crm.id, secret=SECRET)
            self.work = profile(cast.acme, self.crm, groups=[cast.sales])
            self.token = device_token(cast.acme, cast.dana)

    def changed(self) -> None:
        move_version(self.cast.acme.id)

    def wait_until_known(self, *gateways: Process) -> None:
        """Returns when these know all that was changed so far: whoever has heard of a profile that is made now has
        heard of everything before it."""
        newest = profile(self.cast.acme, groups=[self.cast.sales], slug=f"newest-{token_hex(4)}")
        for gateway in gateways:
            Client(gateway, self.token, f"/mcp/acme/{newest.slug}").until(200)
        newest.delete()

    def checks_arguments(self) -> None:
        """The connector's admin wants calls checked before they leave."""
        set_argument_checks(self.crm, checks_arguments=True, actor=actor_of(self.cast.alice))

    def tool_id(self, name: str) -> UUID:
        return self.tools[name].id
