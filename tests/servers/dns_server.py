"""A name server on 127.0.0.1, over UDP and TCP: it tells the TXT records that a story gives it, and misbehaves so."""

from __future__ import annotations

import socketserver
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset


@dataclass
class Names:
    """What stands where, and how the server behaves."""

    records: dict[str, list[str]] = field(default_factory=dict)
    """Of a name: each as in a zone file, with its quotation marks."""
    leads_to: dict[str, str] = field(default_factory=dict)
    """Aliases (CNAME)."""
    empty: set[str] = field(default_factory=set)
    """Names that have other records than TXT."""
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    late_seconds: float = 0
    is_cut: bool = False
    """It says over UDP that it does not fit: who wants it asks over TCP."""
    asked: list[str] = field(default_factory=list)

    def answer(self, question: bytes, *, is_udp: bool) -> bytes:
        query = dns.message.from_wire(question)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        time.sleep(self.late_seconds)
        said = dns.message.make_response(query)
        said.set_rcode(self.rcode)
        if self.is_cut and is_udp:
            said.flags |= dns.flags.TC
            return said.to_wire()
        if name in self.leads_to:
            said.answer.append(dns.rrset.from_text(query.question[0].name, 1, "IN", "CNAME", self.leads_to[name] + "."))
            name = self.leads_to[name]
        if name in self.records:
            said.answer.append(dns.rrset.from_text(f"{name}.", 1, "IN", "TXT", *self.records[name]))
        elif name not in self.empty and self.rcode == dns.rcode.NOERROR:
            said.set_rcode(dns.rcode.NXDOMAIN)
        return said.to_wire()


class NameServer(Names):
    """Runs as long as the `with` block does; `port` is the same for both ways."""

    def __enter__(self) -> NameServer:
        names = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                question, way = self.request
                way.sendto(names.answer(question, is_udp=True), self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                said = names.answer(self.rfile.read(int.from_bytes(self.rfile.read(2), "big")), is_udp=False)
                self.wfile.write(len(said).to_bytes(2, "big") + said)

        self._servers: list[Any] = _on_one_port(Datagram, Stream)
        self.port = int(self._servers[0].server_address[1])
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


def _on_one_port(datagram: Any, stream: Any) -> list[Any]:
    """A port that is free over UDP may be taken over TCP: then another one is tried."""
    for _ in range(50):
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), datagram)
        try:
            return [udp, socketserver.ThreadingTCPServer(("127.0.0.1", udp.server_address[1]), stream)]
        except OSError:
            udp.server_close()
    raise OSError("No port is free for both.")
