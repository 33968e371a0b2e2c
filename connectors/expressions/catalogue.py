"""Everything that a condition may speak of. Evaluator, check at save and completion read this one list."""

from __future__ import annotations

from typing import Any, NamedTuple


class Attribute(NamedTuple):
    path: str
    meaning: str
    sample: Any
    is_list: bool = False


ATTRIBUTES = (
    Attribute("tool.name", "the tool's name, as its server calls it", "send_mail"),
    Attribute("tool.risk", "its risk class: read_only, moderate, dangerous or unknown", "moderate"),
    Attribute("connector.slug", "the connector's short name", "crm"),
    Attribute("caller.email", "the caller's e-mail address; empty for keys and agents", "dana@example.com"),
    Attribute("caller.role", "the caller's role; empty for keys and agents", "member"),
    Attribute("caller.groups", "the names of the caller's groups", ["Sales"], is_list=True),
    Attribute("client.name", "what the client calls itself; nobody vouches for it", "Claude Code 2"),
    Attribute("device.name", "the device that the call comes from; empty for none", "Dana's laptop"),
    Attribute(
        "organization.domains", "the mail domains that your organization has proved", ["example.com"], is_list=True
    ),
)
ARGS = "args"
"""The complete arguments of the call; what is in them, the tool's own definition says."""
FUNCTIONS = (
    Attribute("has(args.…)", "whether the argument is there at all", None),
    Attribute("size(…)", "how many entries a list has, or bytes (UTF-8) a text", None),
    Attribute('….startsWith("…")', "how a text begins; endsWith and contains likewise", None),
    Attribute('….matches("…")', "whether a regular expression is found in a text of at most 4,096 characters", None),
    Attribute("….exists(x, …)", "whether it holds for an entry of a list; all and exists_one likewise", None),
    Attribute("… in […]", "whether it is one of several", None),
)
PATHS = frozenset(one.path for one in ATTRIBUTES)
LISTS = frozenset(one.path for one in ATTRIBUTES if one.is_list)
ROOTS = frozenset({ARGS, *(path.partition(".")[0] for path in PATHS)})


def samples() -> dict[str, Any]:
    """A value for each attribute, as an evaluation has them."""
    return nested({one.path: one.sample for one in ATTRIBUTES})


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """By path, as CEL reads it: {"tool.name": …} → {"tool": {"name": …}}."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        root, _, name = path.partition(".")
        found.setdefault(root, {})[name] = value
    return found
