"""How browsers come back from a provider: to the address that Harriet asked it to send them to."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from harriet.lib.secret import Secret
from vault.models import OAuthRequest
from vault.oauth.addresses import CALLBACK_PATH, name_of
from vault.oauth.begin import hash_of
from vault.oauth.finish import CameBack


def came_back(parameters: Mapping[str, str]) -> CameBack:
    return CameBack(_path_for(parameters.get("state", "")).rpartition("/")[2], parameters)


def way_back(parameters: Mapping[str, str]) -> str:
    """The address at Harriet."""
    return f"{_path_for(parameters.get('state', ''))}?{urlencode(parameters)}"


def _path_for(state: str) -> str:
    asked = OAuthRequest.objects.filter(state_hash=hash_of(Secret(state))).first()
    return urlsplit(asked.redirect_uri).path if asked else f"/{CALLBACK_PATH}/{name_of('unknown')}"
