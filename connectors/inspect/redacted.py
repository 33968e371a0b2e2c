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
from harriet.lib.redaction.redactor import Redactor
from vault.opened import OpenCredential

J = TypeVar("J")


class LookRedactor:
    """Built for one look at a server. What repeats nothing is handed back as it is."""

    def __init__(self, credential: OpenCredential) -> None:
        self._redactor = Redactor(credential.secrets)

    def in_discovery(self, discovery: Discovery) -> Discovery:
        return replace(
            discovery,
            protocol_version=self.in_text(discovery.protocol_version or ""),
            server_info=self.in_json(discovery.server_info),
            capabilities=self.in_json(discovery.capabilities),
            instructions=self.in_text(discovery.instructions or ""),
        )

    def in_json(self, value: J) -> J:
        raw, count = self._redactor.in_json(json.dumps(value).encode())
        cleaned: J = json.loads(raw) if count else value
        return cleaned

    def in_text(self, text: str) -> str:
        return self._redactor.in_text(text)[0]

    def in_remarks(self, remarks: Remarks) -> Remarks:
        """Names of entries are quoted in what was wrong with them."""
        return Remarks(
            [self.in_text(sentence) for sentence in remarks.left_out],
            [self.in_text(sentence) for sentence in remarks.mended],
        )

    @contextmanager
    def in_problems(self) -> Iterator[None]:
        """The server's own words are quoted in what went wrong with it."""
        try:
            yield
        except Problem as problem:
            if isinstance(problem, UpstreamError):
                problem.clean(self.in_text)
            problem.message = self.in_text(problem.message)
            problem.args = (problem.message,)
            raise
