"""Why a test of a connection failed, and what somebody may do about it on the pages, in words."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.urls import reverse
from django.utils import timezone

from connectors.errors import (
    FOUND_NOTHING,
    NobodyConnected,
    UpstreamBusy,
    UpstreamDown,
    UpstreamError,
    UpstreamRefused,
    UpstreamRefusedCredential,
    UpstreamTimeout,
)
from connectors.inspect.findings import AUTHENTICATION, Finding
from connectors.inspect.look import Candidate, answers_mcp, page_at
from connectors.inspect.opened import signs_in_people
from connectors.inspect.probe import LOOPBACK
from connectors.inspect.seen_page import SeenPage
from connectors.inspect.sign_in import sign_in_named
from connectors.models import Connector
from connectors.way_back import way_back
from harriet.lib.egress import EgressRefused
from harriet.lib.egress.local import is_local_name
from harriet.lib.errors import Problem
from harriet.lib.text import quoted
from vault.opened import OpenCredential
from vault.queries import credential_of
from vault.types.oauth_user import OAUTH_USER

OWN = (
    "This is Harriet's own address, where people and AI clients come in. A connector needs the address of the server "
    "whose tools you want; its documentation names it, and many end in /mcp."
)
_BY_STATUS = {
    501: "It can't do what MCP asks of it (501): this is another kind of web server, or another path of it.",
    405: "It doesn't take the requests of MCP at this path (405).",
}
_NOT_CONNECTED = {
    "no_address": "A name that only your own network knows must be known to the machine that runs Harriet, too.",
    "certificate": "Open it in a browser to see what is wrong with the certificate. If your company signs its own, "
    "the machine that runs Harriet has to trust that authority: whoever operates it can see to that.",
    "no_tls": "Use the port that the server has for https. For a server in your own network without TLS, write "
    "http:// and tick “This server is inside our network”.",
}
_UNREACHED = "Check the address, and that the server runs and may be reached from the machine that runs Harriet."
_DOCUMENTED = "Look into the server's documentation for its MCP address; many servers answer at /mcp."


_OWN_REFUSED = "The server refused the account of whoever looks after the connector"
_CONNECT_AGAIN = "Connect it again under My AI, Connections. The accounts of others are not affected."


def findings_of(connector: Connector, problem: Problem, candidate: Candidate | None) -> list[Finding]:
    """Of a test that ended with this problem. May look at the address once more, without a credential."""
    if isinstance(problem, EgressRefused):
        return [Finding("danger", "Address", problem.message)]
    if isinstance(problem, UpstreamRefusedCredential):
        return [Finding("ok", "Server", "The server answered."), _demands(connector, problem, candidate)]
    if isinstance(problem, NobodyConnected):
        return [Finding("attention", AUTHENTICATION, problem.message)]
    if isinstance(problem, UpstreamBusy) or not isinstance(problem, UpstreamError):
        return [Finding("danger", "Server", _sentence(problem.message))]
    if isinstance(problem, UpstreamTimeout) or (isinstance(problem, UpstreamDown) and not problem.status):
        return [Finding("danger", "Server", f"{_sentence(problem.told)} {_unreached(connector, problem)}")]
    return [_answered(connector, problem)]


def _unreached(connector: Connector, problem: UpstreamError) -> str:
    host = urlsplit(connector.url).hostname or ""
    if problem.why not in _NOT_CONNECTED and (is_local_name(host) or host in LOOPBACK):
        return (
            "Check the address, and that the server listens on this port. In a container, localhost is the container "
            "itself: write the name of the other container or of the host instead."
        )
    return _NOT_CONNECTED.get(problem.why, _UNREACHED)


def _answered(connector: Connector, problem: UpstreamError) -> Finding:
    """Something is there and it is no MCP server, or doesn't behave like one now."""
    page = page_at(connector)
    if page is not None and page.is_of_a_proxy:
        host = urlsplit(connector.url).hostname
        named = f", with the page {quoted(page.title, 80)}" if page.title else ""
        return Finding(
            "danger",
            "Network",
            f"A proxy or firewall seems to have answered in the server's place ({page.status}{named}). Ask whoever "
            f"runs your network to let the machine that runs Harriet through to {host}.",
        )
    if isinstance(problem, UpstreamDown):
        return Finding("danger", "Server", f"{_sentence(problem.message)} If it stays so, ask whoever runs the server.")
    is_about_path = not isinstance(problem, UpstreamRefused) or problem.status in FOUND_NOTHING or problem.status == 501
    if not is_about_path:
        return Finding("danger", "Server", _refused(connector, problem))
    if page is not None and urlsplit(page.location).path == reverse("account_login"):
        return Finding("danger", "Address", f"It leads to a sign-in page of Harriet: {page.location}. {OWN}")
    where = answers_mcp(connector)
    advice = f"An MCP server answers at {where}: use that address." if where else _advice(problem, page)
    return Finding("danger", "Protocol", f"{_what_answers(connector, problem, page)} {advice}".strip())


def _what_answers(connector: Connector, problem: UpstreamError, page: SeenPage | None) -> str:
    if page is None:
        return _BY_STATUS.get(problem.status) or _sentence(problem.told)
    if page.location:
        kind = "a sign-in page for people" if page.asks_to_sign_in else "another address"
        return f"It sends everybody on to {kind}, {page.location}, and Harriet follows no redirects."
    if page.asks_to_sign_in and page.is_html:
        return f"A sign-in page for people is at this address{_titled(page)}, not an MCP server."
    if problem.status in FOUND_NOTHING - {405}:
        nothing = f"There is no MCP server at this path ({problem.status}).{_said(problem)}"
        is_draft = connector.state == Connector.State.DRAFT
        return nothing if is_draft else f"{nothing} Check the connector's URL under Settings."
    if page.is_html and page.status < 400:
        return f"A web page is at this address{_titled(page)}, not an MCP server."
    if page.is_json and page.status < 400:
        return "It answers with JSON, but not as MCP asks: this seems to be another kind of API."
    if page.is_events:
        return "It opens a stream of events, but not as MCP's old transport does."
    return _BY_STATUS.get(problem.status) or _sentence(problem.told)


def _advice(problem: UpstreamError, page: SeenPage | None) -> str:
    if page is not None and page.location and not page.asks_to_sign_in:
        return "If that is where the server is now, enter that address."
    if page is not None and page.is_json and page.status < 400:
        return f"Harriet connects to MCP servers; ask its vendor whether there is one for it. {_DOCUMENTED}"
    return _DOCUMENTED


def _titled(page: SeenPage) -> str:
    return f" ({quoted(page.title, 80)})" if page.title else ""


def _refused(connector: Connector, problem: UpstreamError) -> str:
    """With a status of its own that is no question of the path."""
    if problem.status != 403:
        return _sentence(problem.message)
    if credential_of(connector.id) is None:
        return f"{_sentence(problem.told)} It may want a credential: {_where(connector)}."
    return f"{_sentence(problem.told)} Look at what the saved credential may do there."


def _demands(connector: Connector, problem: UpstreamRefusedCredential, candidate: Candidate | None) -> Finding:
    if candidate is OpenCredential:
        return Finding("danger", AUTHENTICATION, f"Without a credential the server refuses ({problem.status}).")
    if candidate is not None:
        return Finding(
            "danger", AUTHENTICATION, f"The server refused the new secret ({problem.status}).{_said(problem)}"
        )
    if credential_of(connector.id) is None:
        sign_in = sign_in_named(connector, problem.challenge)
        if sign_in.sentence:
            return Finding("attention", AUTHENTICATION, sign_in.sentence, fits=OAUTH_USER.code, issuer=sign_in.issuer)
        return Finding("attention", AUTHENTICATION, f"It asks for a credential: {_where(connector)}.")
    if signs_in_people(connector):
        return Finding("danger", AUTHENTICATION, f"{_OWN_REFUSED} ({problem.status}).{_said(problem)} {_CONNECT_AGAIN}")
    mend = "Enter the right one, then test again."
    if connector.state != Connector.State.DRAFT:
        mend = way_back(connector, timezone.now()) or "Check the connector's authentication: rotate the secret there."
    return Finding(
        "danger",
        "Authentication",
        f"The server refused the saved credential ({problem.status}).{_said(problem)} {mend}",
    )


def _where(connector: Connector) -> str:
    is_draft = connector.state == Connector.State.DRAFT
    return "give one in the step Authentication" if is_draft else "give one under Authentication"


def _said(problem: UpstreamError) -> str:
    if not problem.said.strip():
        return ""
    words = quoted(problem.said, 200)
    return f" It said: {words}" if words[-2] in ".!?" else f" It said: {words}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
