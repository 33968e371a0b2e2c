"""The page for a code, on a device where nobody is signed in: it says what the code sets up, and shows the credential
once to whoever can run no script there."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from connectors.models import Profile
from harriet.console.me.clients import CLIENTS, Client, ClientStep, Code, ServerEntry, keeping
from harriet.console.me.enrolment.forms import CodeForm
from harriet.console.me.enrolment.machine import TOO_MANY, enrolled_with
from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.forms import add_problem, status_of
from harriet.people.actions.enrol_device import NO_SUCH_CODE
from harriet.people.errors import NotFound, PeopleError
from harriet.people.models import AccessToken, DeviceInvitation
from harriet.people.queries import invitation_with_code
from harriet.signin.attempts import count_enrolment_code


@dataclass(frozen=True, slots=True)
class CodeEntryPage(PageContext):
    template = "me/enrol_enter.html"
    form: CodeForm
    invitation: DeviceInvitation | None
    """What the code that was entered sets up."""
    client_name: str


@dataclass(frozen=True, slots=True)
class EnrolledPage(PageContext):
    template = "me/enrolled.html"
    token: AccessToken
    profile: Profile
    client: Client
    secret: Secret
    keeping: tuple[Code, ...]
    steps: list[ClientStep]


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@sensitive_post_parameters()
@sensitive_variables()
def enter_code_page(request: HttpRequest) -> HttpResponse:
    """The code is sent in a form, and stands in no address."""
    form = CodeForm(request.POST or None)
    if not form.is_bound or not form.is_valid():
        return _shown(request, form)
    counted = count_enrolment_code(request)
    if counted is None:
        add_problem(form, PeopleError(TOO_MANY, field="code"))
        return _shown(request, form, status=429)
    try:
        answer = _answer(request, form)
    except PeopleError as problem:
        add_problem(form, PeopleError(problem.message, field="code"))
        return _shown(request, form)
    counted.rollback()
    return answer


def _answer(request: HttpRequest, form: CodeForm) -> HttpResponse:
    """Raises PeopleError for a code that opens nothing."""
    code = form.cleaned_data["code"]
    if "take" in request.POST:
        return _taken(request, code)
    invitation = invitation_with_code(code)
    if invitation is None:
        raise NotFound(NO_SUCH_CODE)
    return _shown(request, form, invitation)


def _taken(request: HttpRequest, code: str) -> HttpResponse:
    enrolled, profile = enrolled_with(code)
    client, secret = CLIENTS[enrolled.invitation.client], enrolled.secret
    page = EnrolledPage(
        token=enrolled.token,
        profile=profile,
        client=client,
        secret=secret,
        keeping=keeping(secret.reveal()),
        steps=client.steps_for(ServerEntry(profile.slug, profile.url, secret.reveal())),
    )
    return show_once(request, page)


def _shown(
    request: HttpRequest, form: CodeForm, invitation: DeviceInvitation | None = None, status: int = 0
) -> HttpResponse:
    page = CodeEntryPage(
        form=form,
        invitation=invitation,
        client_name=CLIENTS[invitation.client].name if invitation else "",
    )
    return show(request, page, status=status or status_of(form))
