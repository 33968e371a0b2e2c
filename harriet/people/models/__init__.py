"""Who is calling: organizations, people, roles, groups, devices, access tokens."""

from harriet.people.models.agents import Agent
from harriet.people.models.changes import Change, ForgottenChanges
from harriet.people.models.devices import AccessToken, CredentialOffer, Device
from harriet.people.models.enrolment import DeviceInvitation
from harriet.people.models.found_servers import FoundServer, PublishedControlFiles, ServerSighting
from harriet.people.models.identities import AssertedIdentity
from harriet.people.models.installation import Backup, SetupLink
from harriet.people.models.memberships import Invitation, Membership, RecoveryLink
from harriet.people.models.notices import MailResult, Notice, NotificationChoice
from harriet.people.models.organizations import Group, Organization, OrganizationVersion
from harriet.people.models.page_state import MadeOnce, SavedFilter, TablePreference
from harriet.people.models.rights import RightGiven
from harriet.people.models.search import SearchWord
from harriet.people.models.sign_in_rules import SignInRule
from harriet.people.models.stops import Stop
from harriet.people.models.users import BrowserSession, User

__all__ = [
    "AccessToken",
    "Agent",
    "AssertedIdentity",
    "Backup",
    "BrowserSession",
    "Change",
    "CredentialOffer",
    "Device",
    "DeviceInvitation",
    "ForgottenChanges",
    "FoundServer",
    "Group",
    "Invitation",
    "MadeOnce",
    "MailResult",
    "Membership",
    "Notice",
    "NotificationChoice",
    "Organization",
    "OrganizationVersion",
    "PublishedControlFiles",
    "RecoveryLink",
    "RightGiven",
    "SavedFilter",
    "SearchWord",
    "ServerSighting",
    "SetupLink",
    "SignInRule",
    "Stop",
    "TablePreference",
    "User",
]
