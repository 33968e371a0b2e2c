"""Names of notifications, and which of them tells that which list is another now."""

from __future__ import annotations

INITIALIZED = "notifications/initialized"
CANCELLED = "notifications/cancelled"
PROGRESS = "notifications/progress"
LOG_MESSAGE = "notifications/message"
TOOLS_LIST_CHANGED = "notifications/tools/list_changed"
PROMPTS_LIST_CHANGED = "notifications/prompts/list_changed"
RESOURCES_LIST_CHANGED = "notifications/resources/list_changed"
RESOURCES_UPDATED = "notifications/resources/updated"
ROOTS_LIST_CHANGED = "notifications/roots/list_changed"
ELICITATION_COMPLETE = "notifications/elicitation/complete"
TASKS = "notifications/tasks"
SUBSCRIPTIONS_ACKNOWLEDGED = "notifications/subscriptions/acknowledged"

LIST_CHANGED = {
    "tools": TOOLS_LIST_CHANGED,
    "prompts": PROMPTS_LIST_CHANGED,
    "resources": RESOURCES_LIST_CHANGED,
}
"""By the list, which is also the name of the server capability."""
CHANGED_LIST = {method: what for what, method in LIST_CHANGED.items()}
ABOUT_OFFERS = ("notifications/tools/", "notifications/prompts/", "notifications/resources/")
"""How the names of all begin that tell of what a server offers."""
LISTENED_AS = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}
"""What subscriptions/listen calls them in `params.notifications` (SPEC 2026-07-28 basic/utilities/subscriptions)."""
LISTENED_URIS = "resourceSubscriptions"
"""Beside them: the addresses of resources whose updates are to be told."""
LISTENED_TASKS = "taskIds"
"""Beside them, with the tasks extension: the tasks whose states are to be told."""
