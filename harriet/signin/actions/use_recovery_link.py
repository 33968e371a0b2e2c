"""Sets a new password through a recovery link. Single use, even when raced; the account then counts as not proved."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.record import record
from harriet.people.actions.accept_invitation import check_password
from harriet.people.actors import OPERATOR, actor_of, person_label
from harriet.people.errors import NotAllowed, NotFound
from harriet.people.models import Membership, RecoveryLink, User
from harriet.people.recovery_rules import check_may_recover
from harriet.people.tokens import hash_token
from harriet.signin.actions.tell_of_recovery import tell_of_recovery
from harriet.signin.events import RecoveryLinkUsed

GONE = "This link was used, replaced by a newer one, or is older than two hours. Ask for another."


def recovery_link_with(token: str) -> RecoveryLink | None:
    """The open one that bears this token."""
    return _open().select_related("user", "organization", "made_by").filter(token_hash=hash_token(token)).first()


def use_recovery_link(link: RecoveryLink, password: str) -> User:
    """Raises NotFound, NotAllowed when whoever made it may not any more, PeopleError for a poor password."""
    user = link.user
    check_password(password, user)
    with transaction.atomic():
        membership = Membership.objects.filter(user=user, organization=link.organization, is_active=True).first()
        if membership is None:
            raise NotFound(GONE)
        if link.made_by is not None:
            check_may_recover(membership, actor=actor_of(link.made_by))
        if not _open().filter(pk=link.pk).update(used_at=Now()):
            raise NotFound(GONE)
        user.set_password(password)
        user.is_proven, user.vouched_by = False, link.made_by
        user.save(update_fields=["password", "is_proven", "vouched_by"])
        _tell(link, membership)
    return user


def why_lost(link: RecoveryLink) -> str:
    """Why the link opens nothing although it is young; empty when it opens."""
    membership = Membership.objects.filter(user=link.user, organization=link.organization, is_active=True).first()
    try:
        if membership is None:
            raise NotFound(GONE)
        if link.made_by is not None:
            check_may_recover(membership, actor=actor_of(link.made_by))
    except (NotAllowed, NotFound):
        return GONE
    return ""


def _tell(link: RecoveryLink, membership: Membership) -> None:
    by = link.made_by.email if link.made_by else OPERATOR
    actor = actor_of(link.user)
    record(RecoveryLinkUsed(person=person_label(link.user), by=by), organization_id=link.organization_id, actor=actor)
    text = f"A new password was set for {link.user.email} with the link that {by} made."
    tell_of_recovery(membership, text, actor=actor)


def _open() -> QuerySet[RecoveryLink]:
    return RecoveryLink.objects.filter(used_at=None, withdrawn_at=None, expires_at__gt=Now())
