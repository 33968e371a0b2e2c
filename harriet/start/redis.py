"""The embedded Redis: the broker of background work. It keeps nothing on disk; losing it loses nothing."""

import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

import redis

from harriet.start.account import Account
from harriet.start.program import Program


@dataclass(frozen=True, slots=True)
class Broker:
    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def new_broker() -> Broker:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Broker(port=probe.getsockname()[1], password=secrets.token_urlsafe(24))


def program(broker: Broker, binary: Path, account: Account | None, log: Path) -> Program:
    """The configuration goes in by stdin, so that the password shows in no process list and no file."""
    configuration = "\n".join(
        [
            "bind 127.0.0.1",
            f"port {broker.port}",
            f"requirepass {broker.password}",
            'save ""',
            "appendonly no",
            "databases 64",
            "loglevel warning",
            "",
        ]
    )
    return Program(
        name="Redis",
        argv=(str(binary), "-"),
        folder=Path("/"),
        env={},
        account=account,
        stdin=configuration.encode(),
        log=log,
    )


def failure_to_reach(broker: Broker) -> str:
    try:
        with redis.Redis.from_url(broker.url) as client:
            client.ping()
    except redis.RedisError as error:
        return str(error)
    return ""
