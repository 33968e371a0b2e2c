"""`manage.py` for the suite, which starts it anew for each scenario: as forks of one process that has Harriet loaded,
for to load it takes longer than most scenarios do.

    python -m tests.conformance.forked SOCKET          the process that is loaded
    python tests/conformance/forked.py SOCKET NAME …   a command: has its own files, environment, folder and exit code
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

LONGEST = 1 << 20
"""Bytes of what a command is started with."""


def ask(path: str, arguments: list[str]) -> int:
    """Gives the exit code; 1 when the command was killed."""
    said = {"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd())}
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [json.dumps(said).encode()], [0, 1, 2])
        server.shutdown(socket.SHUT_WR)
        return (server.recv(1) or b"\x01")[0]


def serve(path: str) -> None:
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{path}.new")
        server.listen()
        Path(f"{path}.new").rename(path)
        while True:
            client, _ = server.accept()
            with client:
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    server.close()
                    _answer(client)


def _load() -> None:
    from importlib import import_module

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")
    django.setup()
    import_module("connectors.management.commands.probe")


def _answer(client: socket.socket) -> None:
    """Does not return: the fork ends with its command."""
    text, files, _, _ = socket.recv_fds(client, LONGEST, 3)
    while part := client.recv(LONGEST):
        text += part
    said = json.loads(text)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(said["environment"])
    os.chdir(said["folder"])
    sys.argv = ["manage.py", *said["arguments"]]
    code = _ran()
    sys.stdout.flush()
    sys.stderr.flush()
    client.sendall(bytes([code]))
    os._exit(code)


def _ran() -> int:
    from traceback import print_exc

    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:  # noqa: BLE001
        print_exc()
        return 1
    return 0


if __name__ == "__main__":
    if sys.argv[2:]:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
    serve(sys.argv[1])
