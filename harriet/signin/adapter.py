"""How allauth behaves in Harriet: nobody signs up, guessing is slowed, links are ours, factors are sealed."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from harriet.signin.attempts import count_password, remember_place
from harriet.signin.provider_queries import is_needed_factor, only_by_provider
from harriet.signin.sealing import open_text, seal_text
from harriet.signin.session_keys import JOINING, PROVING


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": (
            "Too many failed attempts from here. Wait a minute and try again, or set a new password. "
            "Signing in from elsewhere is not held up."
        ),
    }

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts by where an attempt comes from, not by whom it is meant for; the right password is taken back."""
        self._login_failed_rl_usage = count_password(request, str(credentials.get("email", "")))
        if self._login_failed_rl_usage is None:
            raise self.validation_error("too_many_login_attempts")

    def pre_login(self, request: HttpRequest, user: Any, **details: Any) -> HttpResponse | None:
        """After the right password or passkey, before anything opens: where single sign-on is required everywhere this
        person belongs, their own means of signing in open nothing. Who proves an account for it is let through."""
        response: HttpResponse | None = super().pre_login(request, user, **details)
        if response is not None or PROVING in request.session:
            return response
        only = only_by_provider(user)
        if only is None:
            return None
        clear_login(request)
        wanted = urlencode({"next": details.get("redirect_url") or "/"})
        return redirect(f"{reverse('sso:organization', args=[only.pk])}?{wanted}")

    def post_login(self, request: HttpRequest, user: Any, **details: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **details)
        remember_place(request, response, user)
        return response

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by invitation."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Whoever followed an invitation, or came from a provider, before signing in goes on with it."""
        if PROVING in request.session:
            return reverse("sso:link", args=request.session[PROVING])
        return reverse("people:join_known") if JOINING in request.session else str(settings.LOGIN_REDIRECT_URL)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("console:account")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built from our own address, never from the Host header of who asked."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.BASE_URL + path.replace("UID-KEY", key)

    def is_safe_url(self, url: str) -> bool:
        """What can't even be read, such as half an IPv6 address, is none."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def format_email_subject(self, subject: str) -> str:
        return " ".join(subject.split())


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return seal_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        return open_text(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What a new passkey or key is called until its person says otherwise."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Key {count + 1}"

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Whoever is named to get in without single sign-on keeps a second factor."""
        return bool(super().can_delete_authenticator(authenticator)) and not is_needed_factor(authenticator)

    def get_totp_issuer(self) -> str:
        return "Harriet"
