"""What each page is for and what its words mean, in the words of somebody who explains it to a new colleague."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WORDS: Mapping[str, str] = {
    "agent": "What acts without a person, such as a nightly report. One person answers for it.",
    "AI client": "A program in which people talk to an AI, such as Claude, Cursor or VS Code. It calls tools.",
    "approval": "A person's yes to one call, exactly as the ticket shows it, and once.",
    "approver": "Somebody who may decide on calls that wait.",
    "audit log": "Every decision and change, chained so that nothing can be taken out unseen.",
    "connected app": "An AI client that a person signed in with. It acts in their name, within what they allowed.",
    "connector": "A server with tools that the organization uses, with its credential and its rules.",
    "credential": "A secret with which Harriet signs in to a server. Nobody sees it again once it is saved.",
    "device": "A machine of a person. Each has a credential of its own, which can be revoked alone.",
    "group": "People who are given the same tools; a group may also decide on a connector's calls.",
    "held": "A call that waits for a person's decision. It runs once after a yes, and never by itself.",
    "MCP": "Model Context Protocol: the language in which AI clients and servers with tools speak.",
    "owner": "Of an organization: who may do everything. Of a connector or credential: the person who looks after it.",
    "profile": "An address for AI clients, with the tools that it offers and the people who have it.",
    "quarantine": "What changed at the server can't be called until an admin has looked at the change.",
    "review": "A second person looks at a connector, and approves it, sends it back or blocks it.",
    "risk class": "Read-only, Moderate, Dangerous or Unknown: what a tool can do. An admin's word counts.",
    "run": "A workflow under way for one person, on a ticket of its own. Its calls are made as that person.",
    "rotation": "To replace a secret by a new one from time to time. The new one is tried before it is used.",
    "sync": "Harriet asks the server what it offers now. New tools are off until somebody enables them.",
    "ticket": "Where a call that waits is shown and decided, or where somebody's request is answered.",
    "tool": "One thing that a server can do, such as “send an e-mail”.",
    "workflow": "Steps that are gone through one after the other: calls of tools, replies and times to wait for.",
    "vault": "Where credentials are kept, sealed with a key of the organization.",
}
"""What a page may explain; the topics name which."""


@dataclass(frozen=True, slots=True)
class Topic:
    what_for: str
    words: tuple[str, ...]
    """Keys of WORDS."""
    documents: tuple[str, ...] = ()
    """Names of docs/*.md."""


TOPICS: Mapping[str, Topic] = {
    "stops": Topic(
        "Ends calls at once when something goes badly wrong, and lets them go on in stages. Rehearse it with a drill: "
        "that touches nothing.",
        ("connector", "agent", "AI client", "risk class", "held"),
        ("emergency-stop", "approvals"),
    ),
    "overview": Topic(
        "What needs somebody's attention today, and how Harriet is used. Each line leads to where it is mended.",
        ("connector", "quarantine", "held", "rotation"),
        ("approvals", "audit"),
    ),
    "integrations": Topic(
        "The servers whose tools your organization uses. Connect one, choose which of its tools are on and who "
        "may call them, and see how it is doing.",
        ("connector", "tool", "sync", "risk class", "quarantine", "MCP"),
        ("servers", "redaction"),
    ),
    "profiles": Topic(
        "Addresses for AI clients. A profile gathers tools and says who has them; people put it into their client.",
        ("profile", "AI client", "tool", "group", "MCP"),
        ("servers", "people"),
    ),
    "people": Topic(
        "Who belongs to the organization, what they are here, and what they can call. Also where somebody leaves.",
        ("owner", "approver", "group", "device"),
        ("people",),
    ),
    "groups": Topic(
        "Groups say who may call which tool. Put people into one, then give tools to it on a connector's page.",
        ("group", "tool", "approver"),
        ("people",),
    ),
    "devices": Topic(
        "The machines and keys with which clients sign in, when each was last seen, and the button that ends one.",
        ("device", "AI client", "credential"),
        ("people",),
    ),
    "agents": Topic(
        "What acts without a person, such as a nightly report: what each may use, what it calls with, and who answers "
        "for it.",
        ("agent", "group", "credential", "approval"),
        ("people", "approvals", "enterprise"),
    ),
    "clients": Topic(
        "The programs with which people sign in to Harriet: allow or block one, see who uses it, and make one by hand "
        "for a product that can't register itself.",
        ("AI client", "connected app", "profile", "MCP"),
        ("people",),
    ),
    "doctor": Topic(
        "What happened when somebody connected an AI client, step by step, and what to do where it stopped.",
        ("AI client", "connected app", "profile"),
        ("people",),
    ),
    "vault": Topic(
        "The secrets that Harriet uses at servers: whose they are, how old, when due. The secrets are never shown.",
        ("vault", "credential", "rotation", "owner"),
        ("redaction", "production"),
    ),
    "tickets": Topic(
        "Calls that wait for a person's yes, and what became of the others. Whoever asked never decides alone on what "
        "is dangerous.",
        ("ticket", "held", "approval", "approver", "risk class"),
        ("approvals",),
    ),
    "explain": Topic(
        "Why somebody can or can't call a tool, what they see, what another trust level would have meant for the calls "
        "that were, and what runs without a person.",
        ("tool", "profile", "risk class", "held", "approval"),
        ("approvals", "people"),
    ),
    "workflows": Topic(
        "Steps that Harriet goes through for whoever starts a run. Make one, try it in a dry run, and switch it on.",
        ("workflow", "run", "profile", "tool", "approval"),
        ("workflows", "approvals"),
    ),
    "runs": Topic(
        "Workflows that you may start, and those under way: where each stands, what it waits for, and how it went on.",
        ("workflow", "run", "approval", "ticket"),
        ("workflows",),
    ),
    "limits": Topic(
        "How often people, agents and keys may call, and tools and connectors may be called, what happens beyond that, "
        "and what is done about calls that go round in circles.",
        ("agent", "tool", "connector", "approval"),
        ("limits",),
    ),
    "usage": Topic(
        "Who calls what, with which AI client, how the calls end and why they fail, and how long they take in Harriet "
        "and at the servers.",
        ("AI client", "tool", "connector", "audit log"),
        ("limits", "audit"),
    ),
    "audit": Topic(
        "Who did what, when, through which client and with which credential; what was decided, and why.",
        ("audit log", "device", "held", "connector"),
        ("audit", "audit-events"),
    ),
    "reviews": Topic(
        "Connectors that wait for a second person's look before anybody uses them: what the checks found, a score, and "
        "the decision.",
        ("review", "connector", "tool", "quarantine"),
        ("reviews",),
    ),
    "unmanaged": Topic(
        "MCP servers that people's clients reach without Harriet. Make one a connector, or deny it; the control files "
        "then keep clients to Harriet, and the registry shows people what there is.",
        ("AI client", "connector", "device", "group", "MCP"),
        ("devices",),
    ),
    "records": Topic(
        "Every kind of row that Harriet keeps, as a table, for those who want the table and not the page.",
        ("connector", "credential", "ticket"),
        ("records",),
    ),
    "settings": Topic(
        "What holds for the whole organization, and what this installation of Harriet is: its version, its health, "
        "its mail, its keys.",
        ("owner", "held", "MCP"),
        ("production", "single-sign-on", "enterprise", "setup-file", "metrics"),
    ),
    "installation": Topic(
        "Every organization of this installation in numbers, for whoever operates it.",
        ("owner", "audit log"),
        ("production", "metrics"),
    ),
    "me": Topic(
        "Your own part of Harriet: the tools you can use, your machines, your calls, and how to connect a client.",
        ("AI client", "tool", "device", "held", "MCP"),
        ("people", "approvals"),
    ),
    "": Topic(
        "Harriet stands between the company's AI clients and the tools they use: it knows who may call what, asks a "
        "person where that is wanted, and writes down what happened.",
        ("AI client", "tool", "connector", "MCP", "audit log"),
        ("people",),
    ),
}
"""By the key of the rail's entry under which a page stands; "" for the pages under none."""
TOPICS_OF_KEYS: Mapping[str, Topic] = {**TOPICS, "installation-records": TOPICS["records"]}
