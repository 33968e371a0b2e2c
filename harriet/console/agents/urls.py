"""The addresses of agents, below /settings/agents/."""

from __future__ import annotations

from django.urls import path

from harriet.console.agents.agent import (
    agent_credential_page,
    agent_page,
    change_this_agent,
    end_this_agent,
    new_agent_credential_page,
    pause_this_agent,
    resume_this_agent,
    revoke_agent_credential,
    transfer_this_agent,
)
from harriet.console.agents.listed import agents_page, new_agent_page
from harriet.console.agents.workloads import end_this_workload, new_workload_page

agent_urls = (
    [
        path("", agents_page, name="list"),
        path("new/", new_agent_page, name="new"),
        path("issued/<uuid:pk>/", agent_credential_page, name="issued"),
        path("<uuid:pk>/", agent_page, name="detail"),
        path("<uuid:pk>/change/", change_this_agent, name="change"),
        path("<uuid:pk>/transfer/", transfer_this_agent, name="transfer"),
        path("<uuid:pk>/pause/", pause_this_agent, name="pause"),
        path("<uuid:pk>/resume/", resume_this_agent, name="resume"),
        path("<uuid:pk>/end/", end_this_agent, name="end"),
        path("<uuid:pk>/credentials/new/", new_agent_credential_page, name="new_credential"),
        path("<uuid:pk>/workloads/new/", new_workload_page, name="new_workload"),
        path("<uuid:pk>/workloads/<uuid:workload_pk>/end/", end_this_workload, name="end_workload"),
        path("<uuid:pk>/credentials/<uuid:token_pk>/revoke/", revoke_agent_credential, name="revoke"),
    ],
    "agents",
)
