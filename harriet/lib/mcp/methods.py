"""Names of requests, as they stand in `method`: `a/b` is `A_B` here."""

from __future__ import annotations

INITIALIZE = "initialize"
PING = "ping"
SERVER_DISCOVER = "server/discover"
SUBSCRIPTIONS_LISTEN = "subscriptions/listen"

TOOLS_LIST = "tools/list"
TOOLS_CALL = "tools/call"
PROMPTS_LIST = "prompts/list"
PROMPTS_GET = "prompts/get"
RESOURCES_LIST = "resources/list"
RESOURCES_TEMPLATES_LIST = "resources/templates/list"
RESOURCES_READ = "resources/read"
RESOURCES_SUBSCRIBE = "resources/subscribe"
RESOURCES_UNSUBSCRIBE = "resources/unsubscribe"
COMPLETION_COMPLETE = "completion/complete"
LOGGING_SET_LEVEL = "logging/setLevel"

TASKS_GET = "tasks/get"
TASKS_UPDATE = "tasks/update"
TASKS_CANCEL = "tasks/cancel"

ELICITATION_CREATE = "elicitation/create"
SAMPLING_CREATE_MESSAGE = "sampling/createMessage"
ROOTS_LIST = "roots/list"

CAPABILITY_FOR_QUESTION = {
    ELICITATION_CREATE: "elicitation",
    SAMPLING_CREATE_MESSAGE: "sampling",
    ROOTS_LIST: "roots",
}
"""What a server may ask a client in the middle of a request, and the client capability without which it mustn't."""
MEMBER_IN_NAME_HEADER = {
    TOOLS_CALL: "name",
    PROMPTS_GET: "name",
    RESOURCES_READ: "uri",
    TASKS_GET: "taskId",
    TASKS_UPDATE: "taskId",
    TASKS_CANCEL: "taskId",
}
"""The member of `params` that Mcp-Name repeats (Streamable HTTP of 2026-07-28, SEP-2243)."""
