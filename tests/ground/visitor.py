"""Somebody at the pages of a running web process, with a browser's cookies; every answer is given to a search."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.test import Client

from harriet.people.models import User

See = Callable[[str, bytes], None]
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Visitor:
    def __init__(self, base: str, user: User, see: See) -> None:
        self._base, self._see, self._http = base, see, requests.Session()
        signed_in = Client()
        signed_in.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self._http.cookies.set(name, signed_in.cookies[name].value)

    def get(self, path: str, **headers: str) -> requests.Response:
        answer = self._http.get(self._base + path, headers=headers, allow_redirects=False, timeout=60)
        return self._seen(answer)

    def post(self, path: str, *, is_secret: bool = False, has_csrf: bool = True, **fields: Any) -> str:
        """Sends a form; where the answer leads. `is_secret`: the page that shows a new token, once; not searched."""
        if has_csrf:
            fields["csrfmiddlewaretoken"] = self._csrf()
        answer = self._http.post(self._base + path, data=fields, allow_redirects=False, timeout=60)
        target = urlsplit(answer.headers.get("location", ""))
        if is_secret:
            return self._http.get(self._base + target.path, timeout=60).text if target.path else answer.text
        self._seen(answer)
        return target.path if self.get(target.path).ok or target.path else ""

    def _csrf(self) -> str:
        page = self._http.get(self._base + "/me/devices/", timeout=60)
        found = _CSRF.search(page.text)
        assert found, f"{page.status_code} at {page.url}: {page.text[:3000]}"
        return found[1]

    def _seen(self, answer: requests.Response) -> requests.Response:
        head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        self._see(f"{answer.request.method} {answer.url}", head.encode() + answer.content)
        return answer
