"""An answer to our request: who it is for, when it holds, what it says. Read from the signed assertion alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from lxml import etree

from harriet.signin.claims import Claims, Names, claims_from
from harriet.signin.errors import refused
from harriet.signin.saml.document import LARGEST_BYTES, read_document
from harriet.signin.saml.names import BEARER, SUCCESS, TRANSIENT, saml, samlp
from harriet.signin.saml.signed import signed_assertion

SKEW = timedelta(seconds=90)
LONGEST_LIFE = timedelta(hours=24)
"""Of an assertion that is kept in mind, so that it is not taken twice."""
_LATE = (
    "the identity provider’s answer is not valid at this time. Sign in again; if it stays like this, a clock is wrong."
)
_NOT_US = "the identity provider’s answer is meant for somebody else ({}). Compare the addresses under Settings."
NOT_ASKED = (
    "You are not signed in: Harriet did not ask for this sign-in, or it was asked more than ten minutes ago. "
    "Begin at Harriet’s sign-in page."
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer has to fit."""

    issuer: str
    certificates: Sequence[str]
    entity_id: str
    """Ours, as the audience."""
    acs_url: str
    names: Names


class Asserted(NamedTuple):
    claims: Claims
    assertion_id: str
    good_until: datetime


def decoded(response: str) -> etree._Element:
    """Of the form field SAMLResponse. Raises SignInRefused."""
    if len(response) > LARGEST_BYTES * 4 // 3 + 4:
        raise refused("the answer of the identity provider is larger than Harriet reads.")
    try:
        xml = base64.b64decode("".join(response.split()), validate=True)
    except (binascii.Error, ValueError):
        raise refused("the answer of the identity provider can't be read.") from None
    return read_document(xml)


def request_id_of(root: etree._Element) -> str:
    """Which request it says it answers; unproved until the assertion says the same."""
    return str(root.get("InResponseTo") or "")


def asserted(root: etree._Element, expected: Expected, request_id: str, now: datetime) -> Asserted:
    """Raises SignInRefused."""
    _check_response(root, expected, request_id)
    assertion = signed_assertion(root, expected.certificates)
    _check_parts(assertion)
    if _text(assertion.find(saml("Issuer"))) != expected.issuer:
        raise refused("the assertion comes from another identity provider than the one that was asked.")
    until = min(
        _subject_until(assertion, expected, request_id, now), _conditions_until(assertion, expected.entity_id, now)
    )
    statement = assertion.find(saml("AuthnStatement"))
    if statement is None:
        raise refused("the identity provider’s answer does not say that you signed in there.")
    if not _is_before(now, statement.get("SessionNotOnOrAfter")):
        raise refused(_LATE)
    said = _attributes(assertion)
    claims = claims_from(said, _subject(assertion), expected.names, sid=str(statement.get("SessionIndex") or ""))
    return Asserted(claims, str(assertion.get("ID")), min(until, now + LONGEST_LIFE) + SKEW)


def _check_response(root: etree._Element, expected: Expected, request_id: str) -> None:
    status = root.find(f"{samlp('Status')}/{samlp('StatusCode')}")
    if status is None or status.get("Value") != SUCCESS:
        raise refused("the identity provider did not let you in.")
    issuer = root.find(saml("Issuer"))
    if issuer is not None and _text(issuer) != expected.issuer:
        raise refused("the answer comes from another identity provider than the one that was asked.")
    if root.get("Destination") not in (None, expected.acs_url):
        raise refused(_NOT_US.format("its destination"))
    if root.get("Version") != "2.0" or root.get("InResponseTo") != request_id:
        raise refused("the identity provider’s answer does not fit the request.")


def _check_parts(assertion: etree._Element) -> None:
    """Each at most once: of two, every reader would believe another."""
    doubled = [one for one in _ONCE if len(assertion.findall(one)) > 1]
    if assertion.get("Version") != "2.0" or doubled:
        raise refused("the identity provider’s answer is not built as SAML 2.0 has it.")


_ONCE = (saml("Issuer"), saml("Subject"), f"{saml('Subject')}/{saml('NameID')}", saml("Conditions"))


def _subject(assertion: etree._Element) -> str:
    """By which a person is known here: it has to be the same at each sign-in."""
    name_id = assertion.find(f"{saml('Subject')}/{saml('NameID')}")
    if name_id is not None and name_id.get("Format") == TRANSIENT:
        raise refused(
            "the identity provider calls you by another name at each sign-in (a transient NameID). Have it send a "
            "persistent one."
        )
    return _text(name_id)


def _subject_until(assertion: etree._Element, expected: Expected, request_id: str, now: datetime) -> datetime:
    """Until when the bearer may present it to us, as the answer to this request."""
    confirmations = assertion.findall(f"{saml('Subject')}/{saml('SubjectConfirmation')}")
    bearers = [one for one in confirmations if one.get("Method") == BEARER]
    data = bearers[0].find(saml("SubjectConfirmationData")) if len(bearers) == 1 else None
    if data is None:
        raise refused("the identity provider’s answer does not say who may present it.")
    if data.get("Recipient") != expected.acs_url:
        raise refused(_NOT_US.format("its recipient"))
    if data.get("InResponseTo") != request_id:
        raise refused("the identity provider’s answer does not fit the request.")
    until = _time(data.get("NotOnOrAfter"))
    if until is None or data.get("NotBefore") is not None or not _is_before(now, data.get("NotOnOrAfter")):
        raise refused(_LATE)
    return until


def _conditions_until(assertion: etree._Element, entity_id: str, now: datetime) -> datetime:
    conditions = assertion.find(saml("Conditions"))
    if conditions is None:
        raise refused("the identity provider’s answer does not say for whom it is.")
    if {one.tag for one in conditions} - _CONDITIONS:
        raise refused("the identity provider’s answer holds under a condition that Harriet does not know.")
    audiences = [_text(one) for one in conditions.findall(f"{saml('AudienceRestriction')}/{saml('Audience')}")]
    restrictions = conditions.findall(saml("AudienceRestriction"))
    if len(restrictions) != 1 or entity_id not in audiences:
        raise refused(_NOT_US.format("its audience"))
    begins = conditions.get("NotBefore")
    starts = _time(begins)
    if begins is not None and (starts is None or starts > now + SKEW):
        raise refused(_LATE)
    if not _is_before(now, conditions.get("NotOnOrAfter")):
        raise refused(_LATE)
    return _time(conditions.get("NotOnOrAfter")) or now + LONGEST_LIFE


_CONDITIONS = {saml("AudienceRestriction"), saml("OneTimeUse"), saml("ProxyRestriction")}
"""Each is taken once anyway, and passed on to nobody."""


def _is_before(now: datetime, end: str | None) -> bool:
    """True without an end."""
    if end is None:
        return True
    at = _time(end)
    return at is not None and now - SKEW < at  # never added to it: an end may be the end of all time


def _time(text: str | None) -> datetime | None:
    """An xs:dateTime in UTC."""
    if not text or len(text) > 40:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _attributes(assertion: etree._Element) -> dict[str, list[str]]:
    """By name; by the friendly name where nothing has it as its name. Some providers send an attribute of its own for
    each group: values of one name are put together."""
    attributes = assertion.findall(f"{saml('AttributeStatement')}/{saml('Attribute')}")
    said: dict[str, list[str]] = {}
    friendly: dict[str, list[str]] = {}
    for attribute in attributes:
        values = [_text(one) for one in attribute.findall(saml("AttributeValue"))]
        for names, name in ((said, attribute.get("Name")), (friendly, attribute.get("FriendlyName"))):
            if name:
                names.setdefault(str(name), []).extend(values)
    return friendly | said


def _text(element: etree._Element | None) -> str:
    """Of an element that holds text and nothing else."""
    return (element.text or "").strip() if element is not None and len(element) == 0 else ""
