"""HOST:PORT, and the addresses that follow from it."""

import socket
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from harriet.lib.errors import Problem

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class Bind:
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Bind":
        host, _, port = text.rpartition(":")
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise Problem(f"--bind takes HOST:PORT, for example 127.0.0.1:8000, not {text!r}.")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        near = Bind(EVERYWHERE.get(self.host, self.host), self.port)
        return f"http://{near}"

    def refuse_if_taken(self, wait: float = 0) -> None:
        """Raises Problem when somebody listens there, and still does after `wait` seconds."""
        deadline = time.monotonic() + wait
        while reason := self._reason_against():
            if time.monotonic() >= deadline:
                raise Problem(f"Can't listen on {self}: {reason}. Choose another address with --bind.")
            time.sleep(0.2)

    def _reason_against(self) -> str:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                return error.strerror or str(error)
        return ""

    def is_ready(self) -> bool:
        near = EVERYWHERE.get(self.host, self.host)
        client = HTTPConnection(near, self.port, timeout=2)
        try:
            client.request("GET", "/health/ready")
            return client.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            client.close()
