"""The pages that a person can open, with the ids of the world they are shown in."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from approvals.actions.request_access import request_access
from approvals.models import Ticket
from audit.models import Event
from audit.usage_counting import count_usage
from connectors.actions.submit_connector import submit_connector
from connectors.models import ArgumentRule, CallLimit, Connector, LimitCount, Profile, Review, Tool
from harriet.people.actions.create_agent import create_agent
from harriet.people.models import Agent, CredentialOffer, Device, Group, Membership, Stop
from harriet.signin.models import IdentityProvider
from harriet.signin.queries import clients_of
from tests.stage.cast import Cast
from tests.stage.grants import grant, registration
from tests.stage.own_accounts import OwnAccounts
from tests.stage.signing_app import asking_client
from tests.stage.workflow_rows import make_workflow
from vault.models import Credential, OAuthClient, OAuthGrant

LISTS = (
    "enrol:enter",
    "console:overview",
    "console:search",
    "console:inbox",
    "console:account",
    "people:notifications",
    "connectors:list",
    "connectors:new",
    "reviews:list",
    "profiles:list",
    "profiles:new",
    "people:list",
    "people:invite",
    "console:hand_over",
    "people:choose",
    "groups:list",
    "groups:new",
    "devices:list",
    "devices:new_key",
    "clients:list",
    "clients:new",
    "issuers:list",
    "issuers:new",
    "console:client_models",
    "doctor:list",
    "unmanaged:list",
    "control_files:list",
    "registry_settings:detail",
    "agents:list",
    "stops:list",
    "agents:new",
    "limits:list",
    "limits:choose",
    "limits:breakers",
    "usage:page",
    "scim:settings",
    "scim:new",
    "webhooks:list",
    "explain:why",
    "explain:view_as",
    "explain:policy",
    "explain:coverage",
    "webhooks:new",
    "vault:list",
    "vault:oauth_clients",
    "vault:grants",
    "audit:list",
    "organization:detail",
    "sign_in:list",
    "sign_in:new",
    "organization:installation",
    "organization:licences",
    "tickets:list",
    "workflows:list",
    "workflows:new",
    "workflows:runs",
    "me:home",
    "me:tools",
    "connections:list",
    "me:request",
    "me:devices",
    "me:apps",
    "me:doctor",
    "me:connect",
    "me:sign_in",
    "me:activity",
    "me:usage",
    "me:waiting",
    "api:page",
    "help:documents",
    "help:general",
    "sso:find",
    "account_change_password",
    "mfa_index",
    "account_logout",
)
"""Open to Alice in an organization that has nothing yet."""

SIGNED_OUT = ("enrol:enter", "account_login", "sso:find", "account_reset_password", "account_reset_password_done")
OWN = (
    "me:home",
    "me:tools",
    "connections:list",
    "me:request",
    "me:devices",
    "me:apps",
    "me:doctor",
    "me:connect",
    "me:sign_in",
    "me:activity",
    "me:usage",
    "me:waiting",
    "workflows:runs",
    "console:inbox",
    "console:account",
    "people:notifications",
)
"""Open to a member."""

_CONNECTOR_TABS = ("detail", "access", "authentication", "accounts", "activity", "settings", "delete", "ready")
_CLIENTS = ("Cursor", "Gemini Enterprise")


def lists() -> list[str]:
    return [reverse(name) for name in LISTS]


def details(cast: Cast) -> list[str]:
    """Pages of single things, in the company that has used Harriet for a while."""
    connector = Connector.objects.get(organization=cast.acme, slug="crm")
    desk = Connector.objects.get(organization=cast.acme, slug="tickets")
    draft = Connector.objects.get(organization=cast.acme, slug="wiki")
    changed = Tool.objects.get(connector=desk, name="add_note")
    tool = Tool.objects.get(connector=connector, kind="tool", name="send_mail")
    others = Tool.objects.filter(connector=connector).exclude(kind="tool")
    person = Membership.objects.get(user=cast.dana)
    event = Event.objects.filter(organization_id=cast.acme.pk).latest("recorded_at")
    return [
        *(reverse(f"connectors:{tab}", args=[connector.pk]) for tab in _CONNECTOR_TABS),
        reverse("connectors:discard", args=[draft.pk]),
        reverse("connectors:tool", args=[connector.pk, tool.pk]),
        reverse("connectors:tool", args=[desk.pk, changed.pk]),
        *(
            reverse("profiles:detail", args=[profile.pk])
            for profile in Profile.objects.filter(slug__in=["work", "longest"])
        ),
        *(reverse("connectors:tool", args=[connector.pk, one.pk]) for one in others),
        f"{reverse('profiles:preview', args=[Profile.objects.get(slug='work').pk])}?person={person.pk}",
        reverse("people:detail", args=[person.pk]),
        reverse("console:off_board", args=[person.pk]),
        reverse("people:recover", args=[person.pk]),
        *(reverse("sign_in:provider", args=[one.pk]) for one in _providers(cast)),
        f"{reverse('profiles:person', args=[person.pk])}?show=all",
        reverse("groups:detail", args=[Group.objects.get(slug="sales").pk]),
        reverse("devices:invite", args=[person.pk]),
        reverse("control_files:detail", args=[Group.objects.get(slug="sales").pk]),
        reverse("devices:detail", args=[Device.objects.filter(user=cast.dana).earliest("created_at").pk]),
        *(reverse("clients:detail", args=[one.pk]) for one in clients_of(cast.acme).filter(name__in=_CLIENTS)),
        reverse("agents:detail", args=[_agent(cast).pk]),
        *(reverse("stops:new", args=[kind]) for kind in ("organization", "connector", "risk")),
        reverse("stops:detail", args=[_stop(cast).pk]),
        reverse("stops:list"),
        reverse("agents:new_credential", args=[_agent(cast).pk]),
        reverse("agents:new_workload", args=[_agent(cast).pk]),
        *_limits(cast),
        reverse("vault:schedule", args=[Credential.objects.get(connector_id=connector.pk).pk]),
        reverse("vault:oauth_client", args=[_oauth_client(cast).pk]),
        *(reverse("vault:grant", args=[one.pk]) for one in OAuthGrant.objects.all()[:1]),
        reverse("audit:detail", args=[event.pk]),
        reverse("reviews:detail", args=[_review(cast, desk).pk]),
        reverse("tickets:detail", args=[1]),
        *_workflow(cast),
        f"{reverse('console:search')}?q=a",
    ]


def _workflow(cast: Cast) -> list[str]:
    """One with a step of each kind, and a run of Dana's that waits."""
    workflow, run = make_workflow(cast)
    at = {"pk": workflow.pk}
    return [
        reverse("workflows:detail", kwargs=at),
        *(reverse("workflows:step", kwargs={**at, "position": one}) for one in range(len(workflow.steps))),
        reverse("workflows:new_input", kwargs=at),
        reverse("workflows:dry_run", kwargs=at),
        reverse("workflows:runs"),
        reverse("tickets:detail", args=[run.ticket.number]),
    ]


def _limits(cast: Cast) -> list[str]:
    """One that was reached today, the form of another, and what was used by tool and by client."""
    limit, _ = CallLimit.objects.get_or_create(organization=cast.acme, kind="person", per_minute=60)
    at = timezone.now()
    today = {"day": at.date(), "turned_away": 7, "turned_away_at": at}
    LimitCount.objects.get_or_create(limit=limit, subject_id=cast.dana.pk, defaults=today)
    count_usage()
    usage = reverse("usage:page")
    return [
        reverse("limits:list"),
        reverse("limits:detail", args=[limit.pk]),
        *(reverse("limits:new", args=[kind]) for kind in ("person", "tool")),
        *(f"{usage}?by={by}&days={days}" for by, days in (("tool", 30), ("client", 1))),
    ]


def _oauth_client(cast: Cast) -> OAuthClient:
    issuer = "https://sign-in.example/realms/a-long-name-of-a-company"
    found, _ = OAuthClient.objects.get_or_create(
        organization=cast.acme,
        issuer=issuer,
        client_id="harriet",
        defaults={
            "name": "CRM",
            "origin": "typed",
            "metadata": {"issuer": issuer, "token_endpoint": f"{issuer}/token"},
            "problem": "The provider said invalid_client.",
            "problem_at": timezone.now(),
        },
    )
    return found


def _review(cast: Cast, connector: Connector) -> Review:
    """Of what is in service, asked for again."""
    return submit_connector(connector, actor=cast.actor(cast.alice))


def _agent(cast: Cast) -> Agent:
    found = Agent.objects.filter(organization=cast.acme).first()
    return found or create_agent(
        cast.acme, "Nightly report", "Figures for the board", cast.dana, [cast.sales], actor=cast.actor(cast.alice)
    )


def _stop(cast: Cast) -> Stop:
    """Of an agent, half released."""
    agent = _agent(cast)
    found, _ = Stop.objects.get_or_create(
        organization=cast.acme,
        kind="agent",
        subject=str(agent.pk),
        defaults={
            "label": agent.name,
            "reason": "It answered customers by itself.",
            "told": "The nightly report waits until Monday.",
            "began_by_label": cast.alice.email,
            "stage": "read_only",
            "let_through": cast.sales,
            "eased_at": timezone.now(),
            "eased_by_label": cast.alice.email,
        },
    )
    return found


def own_account(cast: Cast) -> list[str]:
    """Of Alice, who is of Sales for this: the page of an account that she has connected, and of one that waits."""
    Membership.objects.get(user=cast.alice).groups.add(cast.sales)
    client = registration(cast.acme, "https://accounts.acme.test", allowed_domains=["acme.test", "acme.example"])
    mail = OwnAccounts(cast, "https://mail.acme.test/mcp", client, slug="mail", at="mail", scopes="mail.read mail.send")
    notes = OwnAccounts(cast, "https://notes.acme.test/mcp", client, slug="notes", at="notes")
    for user in (cast.alice, cast.bob):
        made = grant(client, user, "https://mail.acme.test/mcp", scopes="mail.read", asked_scopes="mail.read mail.send")
        type(made).objects.filter(pk=made.pk).update(needed_scopes="mail.delete")
    base = OwnAccounts(cast, "https://base.acme.test/mcp", client, slug="base", at="base", type="oauth_shared")
    return [
        reverse("connections:list"),
        reverse("connections:detail", args=[mail.connector.pk]),
        reverse("connections:detail", args=[notes.connector.pk]),
        reverse("connections:connect", args=[notes.connector.pk]),
        reverse("connections:connect", args=[mail.connector.pk]),
        reverse("connectors:accounts", args=[mail.connector.pk]),
        reverse("connectors:authentication", args=[base.connector.pk]),
        reverse("connectors:sign_in_for_everybody", args=[base.connector.pk]),
    ]


def _providers(cast: Cast) -> list[IdentityProvider]:
    """One of each kind, as an owner has just added it."""
    kinds = (("oidc", "Acme account"), ("saml", "Acme SAML"))
    return [
        IdentityProvider.objects.get_or_create(organization=cast.acme, kind=kind, name=name)[0] for kind, name in kinds
    ]


def changing(cast: Cast) -> list[str]:
    """Pages on which one thing is set up, tried or changed; and what the help says."""
    draft = Connector.objects.get(organization=cast.acme, slug="wiki")
    tool = Tool.objects.get(connector__slug="crm", kind="tool", name="send_mail")
    profile = Profile.objects.get(slug="work")
    return [
        *(reverse(f"connectors:setup_{step}", args=[draft.pk]) for step in ("basics", "connection")),
        reverse("tools:try", args=[tool.pk]),
        *(reverse("profiles:members", args=[profile.pk, what]) for what in ("people", "tools")),
        reverse("profiles:delete", args=[profile.pk]),
        *(reverse(f"tickets:{name}", args=[1]) for name in ("edit", "hand_over")),
        reverse("tickets:sent", args=[1, "arguments"]),
        reverse("profiles:new_scope", args=[profile.pk]),
        reverse("connectors:rules", args=[tool.connector_id]),
        reverse("connectors:change_rule", args=[tool.connector_id, ArgumentRule.objects.get().pk]),
        reverse("help:topic", args=["integrations"]),
        reverse("help:document", args=["people"]),
        f"{reverse('audit:list')}?unfold=1&text=mail",
        f"{reverse('connectors:list')}?show=draft",
        f"{reverse('console:search')}?of=tools&q=mail",
    ]


def own(cast: Cast) -> list[str]:
    """Pages of Dana's own things."""
    offer = CredentialOffer.objects.get(organization=cast.acme)
    warehouse = Connector.objects.get(organization=cast.acme, slug="warehouse")
    asked = request_access(Membership.objects.get(user=cast.dana), warehouse, "Figures.", actor=cast.actor(cast.dana))
    return [
        *(reverse(name) for name in OWN),
        *(reverse("me:client", args=["work", key]) for key in ("claude-code", "claude-desktop", "cursor")),
        reverse("me:credential", args=[offer.pk]),
        reverse("oauth:device", args=["acme"]),
        f"{reverse('oauth:authorize', args=['acme'])}?{asking_client(cast.acme)}",
        f"{reverse('me:request')}?connector={warehouse.pk}",
        reverse("tickets:detail", args=[asked.ticket.number]),
        f"{reverse('tickets:report')}?ticket={_own_call(cast)}",
    ]


def _own_call(cast: Cast) -> int:
    """The number of the ticket of a call that Dana asked for."""
    return Ticket.objects.filter(action__user=cast.dana).values_list("number", flat=True)[0]
