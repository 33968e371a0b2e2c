"""Keeps one-time links out of the logs: Django writes the path of every request that it refuses."""

from __future__ import annotations

import logging
import re

_LINK = re.compile(r"/(setup|join|recover|accounts/password/reset/key)/[^/\s\"']{20,}")


class HideLinks(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        hidden = _LINK.sub(r"/\1/[hidden]", text)
        if hidden != text:
            record.msg, record.args = hidden, ()
        return True
