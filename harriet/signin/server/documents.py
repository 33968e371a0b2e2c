"""Clients whose id is the address of a document about them (Client ID Metadata Document, draft-ietf-oauth-client-id-
metadata-document): fetched under the egress rules, checked, remembered as long as it says, within bounds."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import requests
from django.core.cache import cache
from django.utils import timezone

from harriet.lib.egress import Reach, session
from harriet.lib.errors import Problem
from harriet.people.models import Organization
from harriet.signin.actions.keep_document_client import keep_document_client, try_document_later
from harriet.signin.models import Application
from harriet.signin.protocol.client_metadata import ClientMetadata, read_metadata
from harriet.signin.protocol.problems import OAuthProblem

REACH = Reach()
"""The public internet alone, whatever an organization allows its connectors."""
LARGEST = 5 * 1024
DEADLINE = 5.0
"""Seconds, whatever the server does."""
LONGEST_ID = 255
_FRESH_AT_LEAST, _FRESH_AT_MOST = timedelta(minutes=5), timedelta(days=1)
_AGAIN_AFTER = timedelta(minutes=1)
"""A document that can't be read is tried again, and until then what is known of the client holds."""
_FAILED_SECONDS = 20
"""That an address which could not be read is left alone: nobody makes Harriet knock at somebody's door."""
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)+")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=([0-9]{1,9})")


class DocumentProblem(OAuthProblem):
    """The client is known by its document alone, and that one can't be used."""


def is_document_address(client_id: str) -> bool:
    """§3 of the draft: https, a host, a path; no fragment, no user, no dot segments."""
    if len(client_id) > LONGEST_ID or not client_id.startswith("https://") or "#" in client_id:
        return False
    try:
        parts = urlsplit(client_id)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.path in {"", "/"} or not _PATH.fullmatch(parts.path):
        return False
    return not {".", "..", "%2e", "%2e%2e"} & {segment.lower() for segment in parts.path.split("/")}


def client_of_document(organization: Organization, client_id: str, known: Application | None) -> Application:
    """The client as its document says, read anew when it is old. Raises OAuthProblem for one that can't be read now
    and was never read before: a DocumentProblem."""
    if known is not None and known.cimd_expires_at is not None and known.cimd_expires_at > timezone.now():
        return known
    try:
        metadata, fresh_for = _read(client_id)
    except OAuthProblem:
        if known is None:
            raise
        try_document_later(known, again_in=_AGAIN_AFTER)
        return known
    return keep_document_client(organization, client_id, metadata, fresh_for=fresh_for)


def _read(client_id: str) -> tuple[ClientMetadata, timedelta]:
    failed = f"client-document:{hashlib.sha256(client_id.encode()).hexdigest()}"
    if problem := cache.get(failed):
        raise DocumentProblem("invalid_client", str(problem))
    try:
        answer = _fetch(client_id)
        return _checked(client_id, answer.content), _fresh_for(answer)
    except OAuthProblem as problem:
        cache.set(failed, problem.message, _FAILED_SECONDS)
        raise DocumentProblem(problem.code, problem.message) from None


def _fetch(client_id: str) -> requests.Response:
    try:
        with session(REACH, deadline=DEADLINE, max_bytes=LARGEST) as opened:
            answer = opened.get(client_id, headers={"Accept": "application/json"})
    except Problem as problem:
        raise _unreadable(client_id, f"could not be read: {problem.message}") from None
    if answer.status_code != 200:
        raise _unreadable(client_id, f"answers with {answer.status_code} instead of the document.")
    return answer


def _checked(client_id: str, content: bytes) -> ClientMetadata:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise _unreadable(client_id, "is no JSON.") from None
    if not isinstance(said, dict) or said.get("client_id") != client_id:
        raise _unreadable(client_id, "says another client_id than its own address.")
    if not isinstance(said.get("client_name"), str) or not said["client_name"].strip():
        raise _unreadable(client_id, "has no client_name.")
    if "client_secret" in said or "client_secret_expires_at" in said:
        raise _unreadable(client_id, "has a secret in it, which everybody can read.")
    metadata = read_metadata({**said, "token_endpoint_auth_method": said.get("token_endpoint_auth_method", "none")})
    if metadata.auth_method != "none":
        raise _unreadable(client_id, "asks for a shared secret, which nobody could have agreed on.")
    return metadata


def _fresh_for(answer: requests.Response) -> timedelta:
    control = answer.headers.get("Cache-Control", "").lower()
    found = _MAX_AGE.search(control)
    wanted = timedelta(seconds=int(found[1])) if found and "no-store" not in control else _FRESH_AT_LEAST
    return min(max(wanted, _FRESH_AT_LEAST), _FRESH_AT_MOST)


def _unreadable(client_id: str, what: str) -> OAuthProblem:
    return OAuthProblem("invalid_client", f"The client's document at {urlsplit(client_id).netloc} {what}")
