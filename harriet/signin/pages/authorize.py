"""Where an AI client sends its person (RFC 6749 §3.1): they sign in, see who asks for what, and say yes or no.

A client or an address that isn't known is told to the person, on our own page, and never redirected to. Every other
error goes back to the client with its RFC code, its state and our `iss` (RFC 9207).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods
from oauth2_provider.http import OAuth2ResponseRedirect
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2.rfc6749 import errors

from connectors.models import Profile
from connectors.queries import MOST_PROFILES, profiles_for
from harriet.pages.context import PageContext, show
from harriet.people.actors import actor_of
from harriet.people.middleware import admitted
from harriet.people.models import Membership, Organization, User
from harriet.signin.actions.connect_app import Consent, connect_app, refuse_app, remembered
from harriet.signin.actions.tell_of_waiting_client import tell_of_waiting_client
from harriet.signin.models import Application, ConnectedApp
from harriet.signin.pages.consent import ConsentForm, ConsentPage, tool_groups
from harriet.signin.pages.long_requests import is_kept, kept_path, way_back
from harriet.signin.pages.provider_session import way_by_provider
from harriet.signin.protocol import redirects
from harriet.signin.protocol.addresses import issuer_of, profile_slug_in
from harriet.signin.protocol.problems import OAuthProblem
from harriet.signin.server.clients import client_problem
from harriet.signin.server.connection_notes import note_stopped
from harriet.signin.server.documents import is_document_address
from harriet.signin.server.endpoints import FatalClientError, Server, encoded
from harriet.signin.session_keys import WAITED
from harriet.signin.steps import note_step

_DENIED = "The person did not allow it."


@dataclass(frozen=True, slots=True)
class StoppedPage(PageContext):
    """Why the client gets no further. Nothing on it leads to an address that the request named, unless the client is
    known to be answered there."""

    template = "signin/stopped.html"
    title: str
    sentence: str
    back: str = ""
    """Where the client hears that it got nothing."""
    switch_to: str = ""


@dataclass(frozen=True, slots=True)
class GoOnPage(PageContext):
    template = "signin/go_on.html"
    url: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request whose client and redirect are known to belong together."""

    server: Server
    organization: Organization
    client: Application
    redirect_uri: str
    state: str | None
    scopes: Sequence[str]
    query: str
    credentials: dict[str, Any]
    problem: OAuthProblem | None = None
    """What is wrong with the rest of it."""

    def answer(self, **members: str | None) -> str:
        """The address that takes an answer to the client."""
        said = [*members.items(), ("state", self.state), ("iss", issuer_of(self.organization.slug))]
        return str(add_params_to_uri(self.redirect_uri, [(name, value) for name, value in said if value]))

    def refusal(self, problem: OAuthProblem) -> str:
        return self.answer(error=problem.code, error_description=problem.message)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest, organization: str) -> HttpResponse:
    found = Organization.objects.filter(slug=organization).first()
    if found is None:
        return _stopped(request, "There is no such organization", _WRONG_ADDRESS, status=404)
    if is_kept(request):
        path = kept_path(request)
        return redirect(path) if path else _stopped(request, "This took too long", _TOO_LATE)
    user = request.user if isinstance(request.user, User) else None
    if user is None and is_document_address(request.GET.get("client_id", "")):
        return redirect_to_login(way_back(request))  # nobody makes Harriet fetch anything before they sign in
    try:
        asked = read_request(request, found, may_fetch=user is not None)
    except OAuthProblem as problem:
        if user is not None and admitted(user, found) is not None:
            note_stopped(found, user.pk, request.GET.get("client_id", ""), problem)
        return _stopped(request, "This client can't be connected", problem.message)
    if user is None:
        return _signed_out(request, asked)
    if asked.problem is not None:
        _note(asked, "authorize", user, problem=asked.problem.code, reason=asked.problem.message)
        return go(request, asked.refusal(asked.problem))
    return _for_person(request, user, asked)


_WRONG_ADDRESS = "Compare the address in your client with the one under My AI, Connect a client, or ask your IT team."
_TOO_LATE = "The client's request waited for more than an hour. Nothing was lost: connect again from the client."
_UNKNOWN = (
    "Harriet does not know the client that sent you here: it was forgotten, or belongs to another organization. Remove "
    "Harriet from the client and add it again; if that does not help, ask your IT team."
)
_WRONG_REDIRECT = (
    "The client wants its answer at an address that it never registered, so nothing was sent there. Remove Harriet "
    "from the client and add it again. If you did not start this yourself, close this page and tell your IT team."
)
_UNREADABLE = "The client's request can't be read. Update the client, or tell whoever makes it."


def read_request(request: HttpRequest, organization: Organization, *, may_fetch: bool) -> Asked:
    """Raises OAuthProblem where nothing may be sent to the address that the request names."""
    server, query = Server(organization, may_fetch=may_fetch), encoded(request.GET)
    try:
        scopes, credentials = server.validate_authorization_request(f"/?{query}")
    except errors.InvalidClientIdError:
        raise OAuthProblem("invalid_client", _UNKNOWN) from None
    except (errors.MismatchingRedirectURIError, errors.InvalidRedirectURIError, errors.MissingRedirectURIError):
        raise OAuthProblem("invalid_redirect_uri", _WRONG_REDIRECT) from None
    except FatalClientError:
        raise OAuthProblem("invalid_request", _UNREADABLE) from None
    except errors.OAuth2Error as error:
        return _faulty(request, server, organization, error)
    asking = credentials.pop("request")
    return Asked(
        server,
        organization,
        asking.client,
        credentials["redirect_uri"],
        credentials["state"],
        scopes,
        query,
        credentials,
    )


def _faulty(request: HttpRequest, server: Server, organization: Organization, error: errors.OAuth2Error) -> Asked:
    """Client and redirect are right: the error is the client's to hear."""
    client = Application.objects.get(organization=organization, client_id=request.GET["client_id"])
    problem = OAuthProblem(str(error.error), str(error.description or ""))
    return Asked(server, organization, client, str(error.redirect_uri), error.state, (), "", {}, problem)


def _signed_out(request: HttpRequest, asked: Asked) -> HttpResponse:
    if asked.problem is None and request.GET.get("prompt") == "none":
        return go(request, asked.refusal(OAuthProblem("login_required", "Nobody is signed in.")))
    request.session[WAITED] = True
    return redirect_to_login(way_back(request))


def _for_person(request: HttpRequest, user: User, asked: Asked) -> HttpResponse:
    membership = admitted(user, asked.organization)
    by_provider = way_by_provider(request, user, asked.organization)
    if by_provider is not None or membership is None:
        return by_provider or _not_a_member(request, user, asked)
    try:
        profiles = _profiles(request, membership, asked)
    except OAuthProblem as problem:
        _note(asked, "authorize", user, problem=problem.code, reason=problem.message)
        return go(request, asked.refusal(problem))
    if not profiles:
        _note(asked, "authorize", user, problem="not_in_profile")
        return _no_profile(request, user, asked)
    if client_problem(asked.client) is not None:
        _tell_of_standing(asked, user)
        return _stopped(request, "This client can't be used here", _WAITS[asked.client.standing], status=403)
    if request.method == "POST":
        return _decided(request, membership, profiles, asked)
    if request.session.pop(WAITED, None):
        _note(asked, "signed_in", user)
    if asked.client.registration_source == Application.RegistrationSource.CIMD:
        _note(asked, "client_document", user, document=asked.client.client_id)
    _note(asked, "authorize", user, profiles[0] if len(profiles) == 1 else None, scope=" ".join(asked.scopes))
    return _known_before(request, membership, profiles, asked) or show_consent(
        request, consent_page(request, membership, profiles, asked)
    )


_WAITS: dict[str, str] = {
    Application.Standing.WAITING: (
        "New AI clients wait here until an IT admin allows them. This one is on their list now; ask them, then connect "
        "again from the client."
    ),
    Application.Standing.BLOCKED: "An IT admin blocked this AI client. Ask your IT team if you need it.",
}


def _profiles(request: HttpRequest, membership: Membership, asked: Asked) -> list[Profile]:
    """The person's one that the client names, or all of theirs when it names none. Empty for one that is not theirs,
    whether or not there is such a profile. Raises OAuthProblem for what is no profile's address."""
    named = list(dict.fromkeys(one for one in request.GET.getlist("resource") if one))
    mine = profiles_for(membership)
    if not named:
        return list(mine[:MOST_PROFILES])
    slugs = {profile_slug_in(resource, asked.organization.slug) for resource in named}
    if len(slugs) > 1 or None in slugs:
        raise OAuthProblem("invalid_target", "Name one resource: the URL of a profile, as its metadata has it.")
    return list(mine.filter(slug__in=slugs))


def _known_before(
    request: HttpRequest, membership: Membership, profiles: list[Profile], asked: Asked
) -> HttpResponse | None:
    """What the person allowed before is not asked again."""
    prompt = request.GET.get("prompt", "").split()
    if len(profiles) == 1 and "consent" not in prompt and request.method == "GET":
        scopes = " ".join(asked.scopes)
        app = remembered(membership, Consent(asked.client, profiles[0], scopes, asked.redirect_uri))
        if app is not None:
            return go(request, _code(asked, app, profiles[0], scopes))
    if "none" in prompt:
        return go(request, asked.refusal(OAuthProblem("consent_required", "The person has to be asked.")))
    return None


def _decided(request: HttpRequest, membership: Membership, profiles: list[Profile], asked: Asked) -> HttpResponse:
    page = consent_page(request, membership, profiles, asked, ConsentForm(request.POST))
    profile = page.form.chosen(profiles) if page.form.is_valid() else None
    if page.form.is_valid() and page.form.cleaned_data["decision"] == "refuse":
        if profile is not None:
            refuse_app(
                membership, Consent(asked.client, profile, "", asked.redirect_uri), actor=actor_of(membership.user)
            )
        _note(asked, "consented", membership.user, profile, problem="access_denied")
        return go(request, asked.refusal(OAuthProblem("access_denied", _DENIED)))
    if profile is None:
        page.form.add_error(None, "Choose what the client may use.")
        return show_consent(request, page, status=400)
    scopes = page.form.allowed_of(asked.scopes)
    if not scopes:
        page.form.add_error(None, "Tick at least one thing that the client may do, or choose “Don’t allow”.")
        return show_consent(request, page, status=400)
    consent = Consent(asked.client, profile, scopes, asked.redirect_uri)
    app = connect_app(membership, consent, actor=actor_of(membership.user))
    _note(asked, "consented", membership.user, profile, scope=scopes)
    return go(request, _code(asked, app, profile, scopes))


def _tell_of_standing(asked: Asked, user: User) -> None:
    if asked.client.standing == Application.Standing.WAITING:
        tell_of_waiting_client(asked.client, user)
    else:
        _note(asked, "authorize", user, problem="client_blocked")


def _note(
    asked: Asked, kind: str, user: User, profile: Profile | None = None, *, problem: str = "", **details: str
) -> None:
    """For the connection doctor, where the person belongs to the organization: nobody else is named in its pages."""
    if admitted(user, asked.organization) is not None:
        note_step(
            asked.organization.pk,
            kind,
            user_id=user.pk,
            application=asked.client,
            profile_id=profile.pk if profile else None,
            problem=problem,
            host=redirects.place_of(asked.redirect_uri),
            **details,
        )


def _code(asked: Asked, app: ConnectedApp, profile: Profile, scopes: str) -> str:
    """The way back to the client, with its code."""
    bound = {**asked.credentials, "connected_app": app, "profile_url": profile.url}
    headers, _, _ = asked.server.create_authorization_response(
        f"/?{asked.query}", scopes=scopes.split(), credentials=bound
    )
    return str(add_params_to_uri(headers["Location"], [("iss", issuer_of(asked.organization.slug))]))


def consent_page(
    request: HttpRequest,
    membership: Membership,
    profiles: list[Profile],
    asked: Asked,
    form: ConsentForm | None = None,
) -> ConsentPage:
    return ConsentPage(
        client=asked.client,
        membership=membership,
        profiles=profiles,
        groups=tool_groups(membership, profiles, asked.scopes),
        redirect_uri=asked.redirect_uri,
        is_typed=False,
        switch_to=way_back(request),
        form=form or ConsentForm(),
    )


def show_consent(request: HttpRequest, page: ConsentPage, status: int = 200) -> HttpResponse:
    """The browser follows from our form to the client's address, and to no other (CSP form-action)."""
    answer = show(request, page, status=status)
    if page.redirect_uri:
        answer._csp_update = {"form-action": [redirects.form_action_of(page.redirect_uri)]}  # type: ignore[attr-defined]
    return answer


def go(request: HttpRequest, url: str) -> HttpResponse:
    """To the client. A browser that comes from another page, such as our form for signing in, would not follow a
    redirect to an address elsewhere (CSP form-action): it gets a page that leads on by itself."""
    comes_from_page = request.headers.get("Sec-Fetch-Site", "none") != "none"
    if request.method == "GET" and comes_from_page:
        return show(request, GoOnPage(url=url))
    return OAuth2ResponseRedirect(url, [url.partition(":")[0]])  # type: ignore[no-untyped-call]


def _not_a_member(request: HttpRequest, user: User, asked: Asked) -> HttpResponse:
    page = StoppedPage(
        title="You are not in this organization",
        sentence=f"You are signed in as {user.email}, who does not belong to the organization that this client was set "
        "up for. Sign in with the account that you have there, or ask its IT team to invite you.",
        back=asked.refusal(OAuthProblem("access_denied", "The person is not in the organization.")),
        switch_to=way_back(request),
    )
    return show_stopped(request, page, 403)


def _no_profile(request: HttpRequest, user: User, asked: Asked) -> HttpResponse:
    page = StoppedPage(
        title="This profile is not yours",
        sentence=f"You are signed in as {user.email}, who has no such profile: what the client asks for does not "
        "exist, or is for others. Ask your IT team for access, then connect again from the client.",
        back=asked.refusal(OAuthProblem("access_denied", "The person does not have this profile.")),
        switch_to=way_back(request),
    )
    return show_stopped(request, page, 403)


def _stopped(request: HttpRequest, title: str, sentence: str, *, status: int = 400) -> HttpResponse:
    return show_stopped(request, StoppedPage(title=title, sentence=sentence), status)


def show_stopped(request: HttpRequest, page: StoppedPage, status: int) -> HttpResponse:
    return show(request, page, status=status)
