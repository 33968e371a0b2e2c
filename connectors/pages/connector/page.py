"""What the header and the tabs of every page of a connector show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.urls import reverse
from django.utils import timezone

from connectors.counts import Counts, enabled_words, offer_words
from connectors.models import Connector, SyncRun
from connectors.pages.kept_findings import KeptTest, kept_test
from connectors.pages.standing import Standing, standing_of
from connectors.queries import counts_of, last_sync_of, last_taken_sync_of
from connectors.states import ShownState, state_of
from connectors.sync_remarks import RemarkList, remarks_of
from connectors.transports.kinds import kind_label
from connectors.way_back import way_back
from harriet.pages.context import PageContext
from harriet.pages.links import Link
from harriet.people.pages.guards import OrganizationRequest
from harriet.people.permissions import has_power
from harriet.people.roles import Power

MOST_REMARKS = 20
TABS = (
    ("access", "Access"),
    ("rules", "Rules"),
    ("authentication", "Authentication"),
    ("activity", "Activity"),
    ("settings", "Settings"),
)


@dataclass(frozen=True, slots=True)
class ConnectorPage(PageContext):
    """Of a connector that `connectors_of` read."""

    active = "integrations"
    tab: ClassVar[str]
    request: OrganizationRequest
    connector: Connector

    @property
    def kind(self) -> str:
        return kind_label(self.connector.kind)

    @property
    def counts(self) -> Counts:
        return counts_of(self.connector)

    @property
    def offered(self) -> str:
        return offer_words(self.counts.tools, self.counts.prompts, self.counts.resources)

    @property
    def enabled(self) -> str:
        return enabled_words(self.counts)

    @property
    def state(self) -> ShownState:
        return state_of(self.connector)

    @property
    def standing(self) -> Standing:
        return standing_of(self.connector)

    @property
    def tabs(self) -> list[Link]:
        first = "Tools" if self.counts.has_only_tools else "What it offers"
        people = [("accounts", "Connected people")] if self.connector.is_per_person else []  # type: ignore[attr-defined]
        return [
            Link(reverse(f"connectors:{key}", args=[self.connector.pk]), label, key == self.tab)
            for key, label in [("detail", first), *TABS[:3], *people, *TABS[3:]]
        ]

    @property
    def last_sync(self) -> SyncRun | None:
        return last_sync_of(self.connector)

    @property
    def remarks(self) -> list[RemarkList]:
        return remarks_of(last_taken_sync_of(self.connector), MOST_REMARKS)

    @property
    def test(self) -> KeptTest | None:
        """Of what is saved. Beside the error of a form that was just sent it would be taken for that one's."""
        return None if self.request.method == "POST" else kept_test(self.request, self.connector)

    @property
    def way_back(self) -> str:
        """To the secret before this one, when the server refuses this one."""
        return way_back(self.connector, timezone.now())

    @property
    def can_manage(self) -> bool:
        return has_power(self.request.membership, Power.MANAGE_CONNECTORS)
