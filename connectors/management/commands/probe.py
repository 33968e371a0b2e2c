"""`manage.py probe URL`: says in words what Harriet sees of an MCP server, and uses it when told to."""

from __future__ import annotations

import asyncio
import json
import os
from argparse import RawDescriptionHelpFormatter
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.errors import UpstreamError, UpstreamOutOfReach, UpstreamRefusedCredential
from connectors.inspect.challenge import challenge_in_words
from connectors.inspect.probe import FoundServer, Probe, reach_to
from connectors.inspect.probe_browser import LocalDoor, visit
from connectors.inspect.probe_sign_in import CannotSignInHere, Known, ProbeSignIn
from connectors.inspect.try_everything import Trial, Tried
from harriet.lib.errors import Problem
from harriet.lib.secret import Secret
from harriet.lib.sentences import some_of
from harriet.lib.text import excerpt
from vault.oauth.discovery import NothingDiscovered
from vault.oauth.registration import CannotRegister

UNUSABLE, REFUSED, OUT_OF_REACH, CALL_FAILED = 1, 3, 4, 5
EXIT_CODES = f"""exit codes:
  0  Harriet can use the server
  {UNUSABLE}  it can't be reached, or doesn't answer as an MCP server should
  2  the command was called wrongly
  {REFUSED}  it demands a credential, or refused the one that was sent
  {OUT_OF_REACH}  Harriet's own rules don't let it connect there (see --internal)
  {CALL_FAILED}  a tool named with --call answered with an error

A header's value is seen by whoever may list this machine's processes: write --header "Authorization: @FILE" to have it
read from a file."""
MOST_NAMES = 50
_ERAS = {
    "modern": "stateless, 2026-07-28 and later",
    "legacy": "with initialize and sessions",
    "sse": "the old transport HTTP+SSE, with one event stream for all answers",
}


class Command(BaseCommand):
    help = "Says in words what Harriet sees of an MCP server: era, capabilities, tools, the authentication it demands."
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EXIT_CODES, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="The server's MCP endpoint.")
        parser.add_argument("--header", action="append", default=[], metavar="'NAME: VALUE'", help="May be repeated.")
        parser.add_argument(
            "--call", nargs=2, action="append", default=[], metavar=("TOOL", "JSON"), help="Call a tool. Repeatable."
        )
        parser.add_argument(
            "--exercise",
            action="store_true",
            help="Call every tool with made-up arguments, get every prompt, read resources. Tools may change things!",
        )
        parser.add_argument(
            "--sign-in",
            action="store_true",
            help="Sign in by OAuth when the server asks for it: shows an address to open in a browser.",
        )
        parser.add_argument(
            "--client-id", default="", help="Of a client that somebody registered at the provider by hand."
        )
        parser.add_argument("--client-secret", default="", metavar="@FILE", help="Its secret, in a file.")
        parser.add_argument(
            "--client-metadata",
            default="",
            metavar="URL",
            help="A document that says who the probe is (CIMD).",
        )
        parser.add_argument(
            "--internal", action="store_true", help="The host is in the company's network. Implied for this machine."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        headers = dict(_header(text) for text in options["header"])
        calls = [(tool, _arguments(text)) for tool, text in options["call"]]
        suite = _calls_of_the_suite() if options["exercise"] else []
        with LocalDoor(self.stdout.write) as door:
            sign_in = _sign_in(options, door) if options["sign_in"] else None
            try:
                code = asyncio.run(self._probe(options["url"], headers, calls, suite, options, sign_in))
            except (CannotSignInHere, NothingDiscovered, CannotRegister) as problem:
                code = self._fail(problem, [], REFUSED)
        if code:
            raise SystemExit(code)

    async def _probe(
        self,
        url: str,
        headers: dict[str, Secret],
        calls: list[tuple[str, bytes]],
        suite: list[tuple[str, bytes]],
        options: dict[str, Any],
        sign_in: ProbeSignIn | None,
    ) -> int:
        async with Probe(url, headers, is_internal=options["internal"], sign_in=sign_in) as probe:
            try:
                found = await probe.look()
            except UpstreamRefusedCredential as refusal:
                said = await challenge_in_words(probe.egress, probe.endpoint, refusal)
                return self._fail(refusal, said, REFUSED)
            except UpstreamOutOfReach as problem:
                return self._fail(problem, ["Say --internal when the host is in your own network."], OUT_OF_REACH)
            except UpstreamError as problem:
                return self._fail(problem, [], UNUSABLE)
            self._tell(found)
            trial = Trial(probe, found)
            for tool, arguments in suite:
                self._tell_use(await trial.call(tool, arguments))
            if options["exercise"]:
                for used in await trial.everything(but=[tool for tool, _ in suite]):
                    self._tell_use(used)
            wanted = [await trial.call(tool, arguments) for tool, arguments in calls]
        for used in wanted:
            self._tell_use(used)
        return 0 if all(used.is_ok for used in wanted) else CALL_FAILED

    def _fail(self, problem: Problem, more: list[str], code: int) -> int:
        for sentence in (problem.message, *more):
            self.stderr.write(sentence)
        return code

    def _tell(self, found: FoundServer) -> None:
        discovery = found.discovery
        info = discovery.server_info
        name = " ".join(excerpt(str(info[key]), 80) for key in ("title", "name", "version") if info.get(key))
        self._line("Server", name or "it doesn't say its name")
        self._line("Protocol", f"{discovery.protocol_version} ({_ERAS[discovery.era]})")
        self._line("Can do", _capabilities(discovery.capabilities) or "nothing that it declares")
        if discovery.instructions:
            self._line("Says", excerpt(discovery.instructions, 300))
        self._line("Tools", _names(found.tools, "name"))
        for label, member, key in (
            ("Prompts", "prompts", "name"),
            ("Resources", "resources", "uri"),
            ("Templates", "resourceTemplates", "uriTemplate"),
        ):
            if member in found.others:
                self._line(label, _names(found.others[member], key))
        for problem in found.problems:
            self._line("Problem", excerpt(problem, 400))

    def _tell_use(self, used: Tried) -> None:
        verdict = "answered" if used.is_ok else "failed"
        self._line("Used", f"{used.method} {excerpt(used.name, 100)} {verdict}: {excerpt(used.said, 400)}")

    def _line(self, label: str, text: str) -> None:
        self.stdout.write(f"{label:<10} {text}")


def _capabilities(capabilities: dict[str, Any]) -> str:
    words = []
    for name, more in list(capabilities.items())[:30]:
        extras = [key for key, value in more.items() if value is not False] if isinstance(more, dict) else []
        words.append(excerpt(name, 60) + (f" ({', '.join(excerpt(one, 60) for one in extras[:10])})" if extras else ""))
    return ", ".join(words)


def _names(entries: list[dict[str, Any]], key: str) -> str:
    names = [excerpt(str(entry.get(key, "?")), 100) for entry in entries]
    return f"{len(entries)}: {some_of(names, MOST_NAMES)}" if entries else "none"


def _header(text: str) -> tuple[str, Secret]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise CommandError("Write a header as 'Name: value'.", returncode=2)
    value = value.strip()
    if value.startswith("@"):
        try:
            value = Path(value[1:]).read_text("utf-8").strip()
        except (OSError, UnicodeError):
            raise CommandError(f"The file for the header {name.strip()} can't be read.", returncode=2) from None
    return name.strip(), Secret(value)


def _arguments(text: str) -> bytes:
    try:
        is_object = isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise CommandError('A tool\'s arguments are a JSON object, such as \'{"text": "hello"}\'.', returncode=2)
    return text.encode()


def _sign_in(options: dict[str, Any], door: LocalDoor) -> ProbeSignIn:
    """The conformance suite's provider consents by itself, and says in the environment what it gave the client."""
    url, reach = options["url"], reach_to(options["url"], is_internal=options["internal"])
    is_suite = bool(os.environ.get("MCP_CONFORMANCE_SCENARIO"))
    browse = partial(visit, reach=reach) if is_suite else door.browse
    return ProbeSignIn(url, reach, door.redirect_uri, browse, options["client_metadata"], _known(options))


def _known(options: dict[str, Any]) -> Known | None:
    if options["client_id"]:
        name = options["client_secret"]
        return Known(options["client_id"], _header(f"secret: {name}")[1] if name else None)
    given = _context_of_the_suite()
    client_id, key = given.get("client_id"), given.get("private_key_pem")
    if not isinstance(client_id, str):
        return None
    secret = key or given.get("client_secret")
    is_of_nobody = "client-credentials" in os.environ.get("MCP_CONFORMANCE_SCENARIO", "")
    return Known(client_id, Secret(str(secret)) if secret else None, is_of_nobody, signs=bool(key))


def _calls_of_the_suite() -> list[tuple[str, bytes]]:
    """The calls that the MCP conformance suite asks its client for, which it tells in the environment."""
    try:
        calls = _context_of_the_suite().get("toolCalls", [])
        return [(call["name"], json.dumps(call["arguments"]).encode()) for call in calls]
    except (KeyError, TypeError):
        return []


def _context_of_the_suite() -> dict[str, Any]:
    try:
        context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    except ValueError:
        return {}
    return context if isinstance(context, dict) else {}
