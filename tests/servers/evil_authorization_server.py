"""A second authorization server: its owner wants codes and tokens of the honest one, or Harriet to look around inside.

`prey` is the honest one. Each method is one of its tricks; `trap` is a server inside that nobody may ever ask.
"""

from __future__ import annotations

from http.client import HTTPConnection
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.servers.authorization_server import Asked, AuthorizationServer, Reply

HARRIET = "/oauth/callback/"


class EvilServer(AuthorizationServer):
    """`with EvilServer(honest) as evil`."""

    def __init__(self, prey: AuthorizationServer) -> None:
        self.prey = prey
        self.trap = AuthorizationServer()
        super().__init__()

    def __enter__(self) -> EvilServer:
        self.trap.__enter__()
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, problem, trace)
        self.trap.__exit__(kind, problem, trace)

    def send_on(self, **changed: str) -> None:
        """Mix-up: whoever comes here to sign in is sent on to the honest server, with Harriet's own client id there."""
        (client_id,) = self.prey.clients

        def answer(asked: Asked) -> Reply:
            fields = {**asked.fields, "client_id": client_id, **changed}
            return Reply(302, "", {"Location": f"{self.prey.origin}/authorize?{urlencode(fields)}"})

        self.pages["/authorize"] = answer

    def borrow_page(self) -> None:
        """The same without a detour: its metadata says that people sign in at the honest server's page."""
        self.publish(authorization_endpoint=f"{self.prey.origin}/authorize")

    def lead_inside(self, path: str, status: int) -> None:
        """Whoever asks there is sent on to the server inside."""
        self.pages[path] = lambda _: Reply(status, "", {"Location": f"{self.trap.origin}/inside"})

    def answer_registrations(self, **changed: Any) -> None:
        """What it answers to registrations from now on, other than asked."""
        own = self._register

        def answer(asked: Asked) -> Reply:
            reply = own(asked)
            return Reply(201, {name: one for name, one in (reply.body | changed).items() if one is not None})

        self.pages["/register"] = answer


def browse(url: str) -> dict[str, str]:
    """A browser goes there, and wherever it is sent: what it comes back to Harriet with."""
    for _ in range(5):
        parts = urlsplit(url)
        if parts.path.startswith(HARRIET):
            return dict(parse_qsl(parts.query))
        asking = HTTPConnection(parts.netloc, timeout=60)
        asking.request("GET", f"{parts.path}?{parts.query}")
        answer = asking.getresponse()
        assert answer.status == 302, answer.read()
        url = urljoin(url, answer.headers["Location"])
        asking.close()
    raise AssertionError("It is sent on and on.")
