"""Looks for the proof that a domain is an organization's: in its DNS, or in a file at its website. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
import requests
from django.conf import settings

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, session

TXT_NAME = "_harriet.{}"
FILE = "https://{}/.well-known/harriet-domain.txt"
PREFIX = "harriet-domain="
SECONDS = 8.0
LARGEST_FILE = 4096

AskDns = Callable[[str], list[str]]
"""The TXT records of a name, each whole. Raises LookupError when there are none."""
AskWeb = Callable[[str], str]
"""What stands at an address. Raises LookupError."""


@dataclass(frozen=True, slots=True)
class Look:
    """By which ways it is looked; tests bring servers of their own."""

    dns: AskDns
    web: AskWeb


def usual_look() -> Look:
    """In the world's DNS, and at addresses that anybody can reach."""
    return Look(ask_dns(resolver()), ask_web(session(Reach(), deadline=SECONDS, max_bytes=LARGEST_FILE)))


def find_proof(domain: str, proof: str, look: Look) -> str:
    """Where it was found, in words. Raises LookupError with what was found instead, as sentences."""
    problems = []
    ways: list[tuple[str, str, AskDns]] = [
        ("a TXT record", TXT_NAME.format(domain), look.dns),
        ("a file at its website", FILE.format(domain), lambda address: [look.web(address)]),
    ]
    for way, where, ask in ways:
        try:
            said = [_bare(text) for text in ask(where)]
        except LookupError as problem:
            problems.append(str(problem))
            continue
        if proof in said:
            return way
        problems.append(_other(where, said))
    raise LookupError(" ".join(problems))


def _bare(text: str) -> str:
    """Pages of name servers take the quotation marks of a zone file along."""
    return text.strip().strip('"').strip()


def _other(where: str, said: list[str]) -> str:
    if any(text.startswith(PREFIX) for text in said):
        return f"{where} has the proof of another organization, or one from an earlier try. Publish the text from here."
    return f"{where} has something else, not this text."


def resolver() -> dns.resolver.Resolver:
    """The machine's own, unless whoever operates the installation names other servers."""
    if not settings.DNS_SERVERS:
        return dns.resolver.get_default_resolver()
    found = dns.resolver.Resolver(configure=False)
    found.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in settings.DNS_SERVERS]
    return found


def ask_dns(by: dns.resolver.Resolver, seconds: float = SECONDS) -> AskDns:
    def ask(name: str) -> list[str]:
        try:
            answer = by.resolve(dns.name.from_text(name), "TXT", lifetime=seconds)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            raise LookupError(f"There is no TXT record at {name}. A new one can take an hour to be seen.") from None
        except dns.exception.Timeout:
            raise LookupError(f"The name servers did not say in {seconds:g} seconds what is at {name}.") from None
        except dns.exception.DNSException:
            raise LookupError(f"The name servers answered with an error when asked for {name}.") from None
        return [b"".join(record.strings).decode("ascii", "replace") for record in answer]

    return ask


def ask_web(by: requests.Session) -> AskWeb:
    """Redirects are not followed: what another host says proves nothing."""

    def ask(address: str) -> str:
        try:
            answer = by.get(address)
        except (EgressRefused, EgressFailed, EgressTimeout) as problem:
            raise LookupError(str(problem)) from None
        if answer.is_redirect:
            raise LookupError(f"{address} leads elsewhere, which is not followed.")
        if answer.status_code != 200:
            raise LookupError(f"{address} answers with {answer.status_code}.")
        return answer.content.decode("ascii", "replace")

    return ask
