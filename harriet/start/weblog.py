"""What the web server itself says, in the form of Harriet's log. It keeps no access log; a proxy in front may."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from harriet.lib.logs import FORMS
from harriet.signin.hide_links import HideLinks


class WebLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        form, hide_links = FORMS[settings.LOG_FORMAT](), HideLinks()
        for handler in self.error_log.handlers:
            handler.setFormatter(form)
            handler.addFilter(hide_links)
