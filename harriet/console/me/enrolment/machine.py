"""What a machine asks: the script, its credential for a code, and that its report is taken. No session, no cookie."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from connectors.models import Profile
from harriet.console.me.clients import CLIENTS
from harriet.console.me.enrolment.answers import answer_for, as_lines
from harriet.console.me.enrolment.sent_scripts import Script, powershell_script, shell_script
from harriet.lib.errors import Problem
from harriet.people.actions.enrol_device import NO_SUCH_CODE, Enrolled, enrol_device
from harriet.people.actions.report_servers import report_servers
from harriet.people.errors import NotFound
from harriet.people.models import AccessToken
from harriet.people.queries import invitation_with_code, live_tokens, membership_of
from harriet.people.tokens import hash_token
from harriet.signin.attempts import count_enrolment_code

TOO_MANY = "Too many codes were tried from here. Wait five minutes and try again with a code that you have just made."
NO_CREDENTIAL = "Harriet doesn't know this device credential: it was revoked or has expired. Set the device up again."
NO_REPORT = "This is no report of servers: send a JSON object with the list servers."


@require_safe
@login_not_required
def sent_shell_script(request: HttpRequest) -> HttpResponse:
    return _sent(shell_script())


@require_safe
@login_not_required
def sent_powershell_script(request: HttpRequest) -> HttpResponse:
    return _sent(powershell_script())


def _sent(script: Script) -> HttpResponse:
    response = HttpResponse(script.text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{script.name}"'
    return response


@csrf_exempt
@require_POST
@login_not_required
@sensitive_post_parameters()
@sensitive_variables()
def take_credential(request: HttpRequest) -> HttpResponse:
    """A wrong code is answered alike, whatever is wrong with it, and counted."""
    code = request.POST.get("code", "")
    attempt = count_enrolment_code(request)
    if attempt is None:
        return _said(request, TOO_MANY, status=429)
    try:
        enrolled, profile = enrolled_with(code)
    except NotFound as problem:
        return _said(request, problem.message, status=404)
    except Problem as problem:
        return _said(request, problem.message, status=400)
    attempt.rollback()
    answer = answer_for(enrolled, profile)
    if _wants_json(request):
        return JsonResponse(answer)
    return HttpResponse(as_lines(answer), content_type="text/plain; charset=utf-8")


def enrolled_with(code: str) -> tuple[Enrolled, Profile]:
    """Raises NotFound for a code that opens nothing, or whose profile is gone."""
    found = invitation_with_code(code)
    profiles = Profile.objects.filter(pk__in=[found.profile_id] if found else []).select_related("organization")
    profile = profiles.first()
    if found is None or profile is None:
        raise NotFound(NO_SUCH_CODE)
    return enrol_device(code, credential_name=f"{CLIENTS[found.client].name} with {profile.name}"), profile


@csrf_exempt
@require_POST
@login_not_required
def take_report(request: HttpRequest) -> HttpResponse:
    """The device proves itself with its credential; what it says is cleaned once more."""
    token = _device_token(request)
    if token is None:
        refused = _said(request, NO_CREDENTIAL, status=401)
        refused["WWW-Authenticate"] = 'Bearer realm="Harriet"'
        return refused
    servers = _servers_in(request.body)
    if servers is None:
        return _said(request, NO_REPORT, status=400)
    count = report_servers(token, servers)
    what = "No other server was reported" if not count else f"Reported {count} server{'' if count == 1 else 's'}"
    return _said(request, f"{what}. Your page My devices shows what was told.")


def _device_token(request: HttpRequest) -> AccessToken | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = live_tokens().filter(token_hash=hash_token(text.strip()), kind=AccessToken.Kind.DEVICE).first()
    is_whole = token is not None and token.user is not None and token.device is not None
    if token is None or not is_whole or (token.device and token.device.revoked_at):
        return None
    return token if token.user and membership_of(token.user, token.organization) else None


def _servers_in(body: bytes) -> list[Any] | None:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return None
    servers = sent.get("servers") if isinstance(sent, dict) else None
    return servers if isinstance(servers, list) else None


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _said(request: HttpRequest, sentence: str, status: int = 200) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"detail": sentence}, status=status)
    return HttpResponse(sentence + "\n", content_type="text/plain; charset=utf-8", status=status)
