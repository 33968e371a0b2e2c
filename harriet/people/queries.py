"""Reads of people's things, each within one organization."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce, Now

from harriet.pages.counts import CountAtMost
from harriet.people.enrolment_codes import hash_code
from harriet.people.errors import NotFound
from harriet.people.models import (
    AccessToken,
    Agent,
    AssertedIdentity,
    Backup,
    CredentialOffer,
    Device,
    DeviceInvitation,
    FoundServer,
    Group,
    Invitation,
    MailResult,
    Membership,
    Organization,
    PublishedControlFiles,
    SavedFilter,
    ServerSighting,
    SetupLink,
    SignInRule,
    TablePreference,
    User,
)
from harriet.people.roles import Role
from harriet.people.tokens import hash_token

T = TypeVar("T")
FIRST_GROUPS = Prefetch("groups", Group.objects.order_by("name")[:9], to_attr="first_groups")
"""As many as people/group_tags.html names, and one more: somebody may be in thousands."""


def organization_ids() -> list[UUID]:
    """Of the whole installation, for the log's verification."""
    return list(Organization.objects.values_list("pk", flat=True))


def is_organization(organization_id: UUID) -> bool:
    """Whether there is one with this id."""
    return Organization.objects.filter(pk=organization_id).exists()


def membership_of(user: User, organization: Organization) -> Membership | None:
    """The active one."""
    return Membership.objects.filter(user=user, organization=organization, is_active=True).first()


def has_lapsed(membership: Membership) -> bool:
    """Whether the person's clients and tokens wait for their next sign-in through the organization's provider."""
    identity = AssertedIdentity.objects.filter(membership=membership).first()
    if identity is not None:
        return identity.lapsed_at is not None
    rule = SignInRule.objects.filter(organization=membership.organization_id, locals_lapsed_at__isnull=False).first()
    return rule is not None and rule.break_glass_id != membership.user_id


def people_of(organization: Organization) -> QuerySet[Membership]:
    """Memberships with `.device_count`, `.token_count` and `.last_seen_at` (of a token) beside them, each asked of the
    rows alone that are read."""
    mine = {"organization": organization, "user": OuterRef("user")}
    tokens = AccessToken.objects.filter(**mine).order_by().values("user")
    live = tokens.filter(revoked_at=None, expires_at__gt=Now()).exclude(kind=AccessToken.Kind.OAUTH)
    devices = Device.objects.filter(**mine, revoked_at=None, kind=Device.Kind.MACHINE).order_by().values("user")
    return (
        Membership.objects.filter(organization=organization)
        .select_related("user__vouched_by", "organization")
        .prefetch_related(FIRST_GROUPS)
        .annotate(
            device_count=Coalesce(Subquery(devices.annotate(count=Count("pk")).values("count")), 0),
            token_count=Coalesce(Subquery(live.annotate(count=Count("pk")).values("count")), 0),
            last_seen_at=Subquery(tokens.annotate(last=Max("last_seen_at")).values("last")),
        )
        .order_by("-is_active", "user__email")
    )


def person_of(organization: Organization, membership_id: UUID) -> Membership:
    """Raises NotFound."""
    return or_not_found(people_of(organization).filter(pk=membership_id).first(), "There is no such person here.")


def table_preference_of(membership: Membership, table: str) -> TablePreference | None:
    """None of whoever hasn't chosen anything for this table. All are read with the first: pages have several."""
    prefetch_related_objects([membership], "table_preferences")
    return next((one for one in membership.table_preferences.all() if one.table == table), None)


def filters_of(membership: Membership, table: str) -> list[SavedFilter]:
    """By name; so few that they fit on a page."""
    return list(SavedFilter.objects.filter(membership=membership, table=table).order_by("name"))


def groups_of(organization: Organization) -> QuerySet[Group]:
    """By name."""
    return Group.objects.filter(organization=organization).select_related("organization").order_by("name")


def groups_with_counts(organization: Organization) -> QuerySet[Group]:
    """With `member_count`, of active people, and `key_count`, of keys in use, for programs: to the last of them."""
    members, keys = _members_and_keys()
    return groups_of(organization).annotate(member_count=_number(members), key_count=_number(keys))


def groups_with_bounded_counts(organization: Organization) -> QuerySet[Group]:
    """The same for pages, to be read with `as_at_most`: a group may have everybody in it."""
    members, keys = _members_and_keys()
    return groups_of(organization).annotate(members_up_to=CountAtMost(members), keys_up_to=CountAtMost(keys))


def _members_and_keys() -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Each counted by itself: joined, every member would be looked at once for every key."""
    members = Membership.objects.filter(groups=OuterRef("pk"), is_active=True)
    return members, AccessToken.objects.filter(groups=OuterRef("pk"), revoked_at=None)


def _number(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("groups").annotate(count=Count("*")).values("count")
    return Coalesce(Subquery(counted), 0)


def group_of(organization: Organization, group_id: UUID) -> Group:
    """Raises NotFound."""
    return or_not_found(groups_of(organization).filter(pk=group_id).first(), "There is no such group here.")


def counted_group_of(organization: Organization, group_id: UUID) -> Group:
    """With counts. Raises NotFound."""
    return or_not_found(groups_with_counts(organization).filter(pk=group_id).first(), "There is no such group here.")


def devices_of(organization: Organization, user: User | None = None) -> QuerySet[Device]:
    """Those in use, of everybody or of one person: machines, and apps that they connected."""
    devices = Device.objects.filter(organization=organization, revoked_at=None)
    if user is not None:
        devices = devices.filter(user=user)
    return devices.select_related("user", "organization").order_by("user__email", "name")


def machines_of(organization: Organization, user: User | None = None) -> QuerySet[Device]:
    """What a credential can be put on. A connected app gets its tokens by itself."""
    return devices_of(organization, user).filter(kind=Device.Kind.MACHINE)


def device_of(organization: Organization, device_id: UUID) -> Device:
    """Raises NotFound."""
    return or_not_found(devices_of(organization).filter(pk=device_id).first(), "There is no such device here.")


def live_tokens() -> QuerySet[AccessToken]:
    """Of all organizations; a token finds its own by hash. Neither revoked nor expired."""
    tokens = AccessToken.objects.filter(revoked_at=None, expires_at__gt=Now())
    return tokens.select_related("user", "device", "organization", "created_by")


def tokens_of(organization: Organization, user: User | None = None) -> QuerySet[AccessToken]:
    """Those that open something, and that somebody made: neither revoked nor expired. A connected app fetches itself
    a new one every hour; it is known by its device. So does a workload of an agent, which is known by its name."""
    made = live_tokens().filter(organization=organization, workload_id=None)
    tokens = made.exclude(kind=AccessToken.Kind.OAUTH)
    if user is not None:
        tokens = tokens.filter(user=user)
    return tokens.prefetch_related(FIRST_GROUPS).order_by("expires_at")


def agents_of(organization: Organization) -> QuerySet[Agent]:
    """All, those that have ended too."""
    agents = Agent.objects.filter(organization=organization)
    return agents.select_related("owner", "organization").prefetch_related(FIRST_GROUPS).order_by("name", "pk")


def agent_of(organization: Organization, agent_id: UUID, *, owned_by: User | None = None) -> Agent:
    """Raises NotFound; also for one for which somebody else answers, when a person is named."""
    agents = agents_of(organization)
    agents = agents if owned_by is None else agents.filter(owner=owned_by)
    return or_not_found(agents.filter(pk=agent_id).first(), "There is no such agent here.")


def agents_owned_by(organization: Organization, user: User) -> QuerySet[Agent]:
    """Of those in use."""
    return agents_of(organization).filter(owner=user).exclude(state=Agent.State.ENDED)


def keys_seen_by(organization: Organization, user: User) -> QuerySet[AccessToken]:
    """Shared keys that this person made, and so has seen, or was given; they go on working when the person leaves."""
    given = AccessToken.known_to.through.objects.filter(accesstoken=OuterRef("pk"), user=user)
    return tokens_of(organization).filter(Q(created_by=user) | Exists(given), kind=AccessToken.Kind.INTEGRATION)


def known_to_leavers() -> Q:
    """Of shared keys: whoever made one, or was given it, and has no access here any more, could still use it."""
    made_by_them = Q(created_by__isnull=False) & ~Exists(_active_here("created_by", OuterRef("organization")))
    given = AccessToken.known_to.through.objects.filter(accesstoken=OuterRef("pk"))
    given_to_them = given.filter(~Exists(_active_here("user", OuterRef(OuterRef("organization")))))
    return Q(kind=AccessToken.Kind.INTEGRATION) & (made_by_them | Q(Exists(given_to_them)))


def _active_here(user: str, organization: OuterRef) -> QuerySet[Membership]:
    return Membership.objects.filter(
        user=OuterRef(user), organization=organization, is_active=True, user__is_active=True
    )


def still_here(organization: Organization, user_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these people have access here."""
    active = Membership.objects.filter(organization=organization, user__in=user_ids, is_active=True)
    return set(active.filter(user__is_active=True).values_list("user_id", flat=True))


def token_of(organization: Organization, token_id: UUID) -> AccessToken:
    """Raises NotFound."""
    return or_not_found(tokens_of(organization).filter(pk=token_id).first(), "There is no such token here.")


def open_offers() -> QuerySet[CredentialOffer]:
    """Credentials that wait for their person. Time is the database's."""
    offers = CredentialOffer.objects.filter(taken_at=None, expires_at__gt=Now(), device__revoked_at=None)
    return offers.select_related("organization", "device__user", "device__organization", "offered_by")


def offers_of(organization: Organization, user: User) -> QuerySet[CredentialOffer]:
    """Credentials that wait for the person to take them, newest first."""
    return open_offers().filter(organization=organization, device__user=user).order_by("-created_at")


def offer_path(offer_id: UUID) -> str:
    """Where its person takes it: a page of My AI, some floors above."""
    return f"/me/credentials/{offer_id}/"


def open_device_invitations() -> QuerySet[DeviceInvitation]:
    """Neither used nor withdrawn nor too old. Time is the database's."""
    found = DeviceInvitation.objects.filter(used_at=None, withdrawn_at=None, expires_at__gt=Now())
    return found.select_related("organization", "user", "invited_by")


def device_invitations_of(organization: Organization, user: User) -> QuerySet[DeviceInvitation]:
    """Open ones of a person, newest first."""
    return open_device_invitations().filter(organization=organization, user=user).order_by("-created_at")


def invitation_with_code(code: str, *, is_locked: bool = False) -> DeviceInvitation | None:
    """The open one whose code this is, of somebody who is active; locked so that a code is used once."""
    rows = open_device_invitations().select_related(None).select_related("organization", "user")
    if is_locked:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(code_hash=hash_code(code), code_expires_at__gt=Now()).first()
    return found if found and membership_of(found.user, found.organization) else None


def enrolment_path(invitation_id: UUID) -> str:
    """Where its person sets the device up: a page some floors above."""
    return f"/enrol/{invitation_id}/"


def sightings_on(devices: Iterable[Device]) -> dict[UUID, list[ServerSighting]]:
    """What each device reported last, by client and name."""
    found: dict[UUID, list[ServerSighting]] = defaultdict(list)
    rows = ServerSighting.objects.filter(device__in=devices).select_related("server")
    for one in rows.order_by("client", "name"):
        found[one.device_id].append(one)
    return found


def found_servers_of(organization: Organization) -> QuerySet[FoundServer]:
    """Servers that are on some device that is in use, with `device_count`, asked of the rows alone that are read."""
    seen = ServerSighting.objects.filter(server=OuterRef("pk"), device__revoked_at=None)
    counted = seen.order_by().values("server").annotate(count=Count("device", distinct=True)).values("count")
    rows = FoundServer.objects.filter(organization=organization).filter(Exists(seen) | ~Q(decision="open"))
    return rows.select_related("organization", "decided_by").annotate(device_count=Coalesce(Subquery(counted), 0))


def found_server_of(organization: Organization, server_id: UUID) -> FoundServer:
    """Raises NotFound."""
    return or_not_found(found_servers_of(organization).filter(pk=server_id).first(), "No device has it.")


def sightings_of(server: FoundServer) -> QuerySet[ServerSighting]:
    """Where it is: on devices that are in use, the latest first."""
    seen = ServerSighting.objects.filter(server=server, device__revoked_at=None)
    return seen.select_related("device__user").order_by("-seen_at", "pk")


def denied_servers_of(organization: Organization) -> QuerySet[FoundServer]:
    """What control files deny, in a steady order."""
    denied = FoundServer.objects.filter(organization=organization, decision=FoundServer.Decision.DENIED)
    return denied.order_by("kind", "target", "pk")


def published_files_of(group: Group) -> PublishedControlFiles | None:
    """None while they are at no address."""
    return PublishedControlFiles.objects.filter(group=group).first()


def open_invitations() -> QuerySet[Invitation]:
    """Of all organizations; a link finds its own by hash. Time is the database's."""
    return Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=Now())


def invitations_of(organization: Organization) -> QuerySet[Invitation]:
    """Open ones, by address."""
    open_ones = open_invitations().filter(organization=organization)
    return open_ones.select_related("organization", "invited_by").prefetch_related(FIRST_GROUPS).order_by("email")


def invitation_of(organization: Organization, invitation_id: UUID) -> Invitation:
    """An open one. Raises NotFound."""
    return or_not_found(
        invitations_of(organization).filter(pk=invitation_id).first(), "There is no such invitation here."
    )


def invitation_with(token: str) -> Invitation | None:
    """The open one whose link bears this token; None for any other."""
    return open_invitations().select_related("organization", "invited_by").filter(token_hash=hash_token(token)).first()


def invitations_for(user: User) -> QuerySet[Invitation]:
    """What organizations ask this person to join, wherever they are signed in; none for who came by another one's
    single sign-on, whose word is not theirs."""
    open_ones = (
        open_invitations().filter(email__iexact=user.email) if user.confined_to is None else open_invitations().none()
    )
    return open_ones.select_related("organization", "invited_by").order_by("organization__name")


def account_elsewhere(organization: Organization, email: str, *, by_system: bool) -> User | None:
    """The account with this address whose person has to be asked before they are in the organization: somebody can
    sign in with it, or another organization counts them among its people. The machine's operator need not ask for an
    account that nobody can sign in with yet: it opens by a mail to its address alone."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None or Membership.objects.filter(organization=organization, user=user).exists():
        return None
    is_elsewhere = not by_system and Membership.objects.filter(user=user).exists()
    return user if is_asked_first(user, is_elsewhere, by_system=by_system) else None


def is_asked_first(user: User, is_elsewhere: bool, *, by_system: bool) -> bool:
    """Of an account that is not here: whether its person has to agree before it is."""
    return user.has_usable_password() or (is_elsewhere and not by_system)


def open_setup_links() -> QuerySet[SetupLink]:
    """Neither used nor expired."""
    return SetupLink.objects.filter(used_at=None, expires_at__gt=Now())


def is_setup_link(token: str) -> bool:
    """Whether the token opens one."""
    return open_setup_links().filter(token_hash=hash_token(token)).exists()


def has_owner() -> bool:
    """Whether anybody owns any organization here: before that, the installation waits to be set up."""
    return Membership.objects.filter(role=Role.OWNER).exists()


def or_not_found(thing: T | None, message: str) -> T:
    """Raises NotFound with the message for None."""
    if thing is None:
        raise NotFound(message)
    return thing


def mail_result() -> MailResult | None:
    """How the last mail of this installation went; None when none was sent yet."""
    return MailResult.objects.first()


def last_backup() -> Backup | None:
    """Of the whole installation; None when none was ever noted."""
    return Backup.objects.order_by("-made_at").first()
