"""Looks for the proof that a domain is an organization's: in its DNS, or in a file at its website. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.resolver

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, session

TXT_NAME = "_harriet.{}"
FILE = "https://{}/.well-known/harriet-domain.txt"
SECONDS = 8.0

AskDns = Callable[[str], list[str]]
"""The TXT records of a name, each whole. Raises LookupError when there are none."""
AskWeb = Callable[[str], str]
"""What stands at an address. Raises LookupError."""


@dataclass(frozen=True, slots=True)
class Look:
    """By which ways it is looked; tests bring servers of their own."""

    dns: AskDns
    web: AskWeb


def find_proof(domain: str, proof: str, look: Look) -> str:
    """Where it was found, in words. Raises LookupError with what was found instead, as a sentence."""
    problems = []
    try:
        if proof in look.dns(TXT_NAME.format(domain)):
            return "a TXT record"
        problems.append(f"The TXT records at {TXT_NAME.format(domain)} don’t have this text.")
    except LookupError as problem:
        problems.append(str(problem))
    try:
        if look.web(FILE.format(domain)).strip() == proof:
            return "a file at its website"
        problems.append(f"{FILE.format(domain)} says something else.")
    except LookupError as problem:
        problems.append(str(problem))
    raise LookupError(" ".join(problems))


def ask_dns(name: str) -> list[str]:
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=SECONDS)
    except dns.exception.DNSException:
        raise LookupError(f"There is no TXT record at {name}, or its name servers don’t answer.") from None
    return [b"".join(record.strings).decode("ascii", "replace") for record in answer]


def ask_web(reach: Reach) -> AskWeb:
    """Redirects are not followed: what another host says proves nothing."""

    def ask(address: str) -> str:
        try:
            answer = session(reach, deadline=SECONDS, max_bytes=4096).get(address)
        except (EgressRefused, EgressFailed, EgressTimeout) as problem:
            raise LookupError(str(problem)) from None
        if answer.status_code != 200:
            raise LookupError(f"{address} answers with {answer.status_code}.")
        return answer.content.decode("ascii", "replace")

    return ask
