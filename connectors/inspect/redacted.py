"""Takes a connector's secret out of what its server says about itself: a server may repeat what it was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from connectors.definitions.sound import Remarks
from connectors.errors import UpstreamError
from connectors.transports.base import Discovery
from harriet.lib.errors import Problem
from harriet.lib.redaction import Redactor
from vault.opened import OpenCredential

J = TypeVar("J")


class Repeated:
    """Built for one look at a server. What repeats nothing is handed back as it is."""

    def __init__(self, credential: OpenCredential) -> None:
        self._redactor = Redactor(credential.secrets)

    def out_of(self, discovery: Discovery) -> Discovery:
        return replace(
            discovery,
            protocol_version=self.out_of_text(discovery.protocol_version or ""),
            server_info=self.out_of_json(discovery.server_info),
            capabilities=self.out_of_json(discovery.capabilities),
            instructions=self.out_of_text(discovery.instructions or ""),
        )

    def out_of_json(self, value: J) -> J:
        raw, count = self._redactor.in_json(json.dumps(value).encode())
        cleaned: J = json.loads(raw) if count else value
        return cleaned

    def out_of_text(self, text: str) -> str:
        return self._redactor.in_text(text)[0]

    def out_of_remarks(self, remarks: Remarks) -> Remarks:
        """Names of entries are quoted in what was wrong with them."""
        return Remarks(
            [self.out_of_text(sentence) for sentence in remarks.left_out],
            [self.out_of_text(sentence) for sentence in remarks.mended],
        )

    @contextmanager
    def out_of_problems(self) -> Iterator[None]:
        """The server's own words are quoted in what went wrong with it."""
        try:
            yield
        except Problem as problem:
            if isinstance(problem, UpstreamError):
                problem.clean(self.out_of_text)
            problem.message = self.out_of_text(problem.message)
            problem.args = (problem.message,)
            raise
