"""The tools of the sample server: two that read, one that writes, one that reaches people, one that destroys."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import orjson

from connectors.sample.customers import Customer, find, search

Result = dict[str, Any]

_ID = {"type": "string", "pattern": "^C-[0-9]{4}$", "description": "The customer's number, such as C-1001."}
_CUSTOMER = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "contact": {"type": "string"},
        "email": {"type": "string"},
        "city": {"type": "string"},
        "plan": {"type": "string"},
        "since": {"type": "string"},
        "open_invoices": {"type": "integer"},
        "notes": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["id", "name"],
}


def _tool(
    name: str,
    title: str,
    description: str,
    properties: dict[str, Any],
    annotations: dict[str, bool],
    *,
    optional: tuple[str, ...] = (),
    output: dict[str, Any] | None = None,
) -> dict[str, Any]:
    required = [key for key in properties if key not in optional]
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    definition = {"name": name, "title": title, "description": description, "inputSchema": schema}
    if output is not None:
        definition["outputSchema"] = output
    return {**definition, "annotations": {"title": title, "openWorldHint": False, **annotations}}


TOOLS: list[dict[str, Any]] = [
    _tool(
        "search_customers",
        "Search customers",
        "Find customers by name, contact, city or plan. An empty query lists all of them.",
        {"query": {"type": "string", "maxLength": 100, "description": "A part of the name, contact, city or plan."}},
        {"readOnlyHint": True},
        optional=("query",),
        output={
            "type": "object",
            "properties": {"customers": {"type": "array", "items": _CUSTOMER}},
            "required": ["customers"],
        },
    ),
    _tool(
        "get_customer",
        "Show a customer",
        "Everything about one customer: contact, plan, open invoices and notes.",
        {"customer_id": _ID},
        {"readOnlyHint": True},
        output=_CUSTOMER,
    ),
    _tool(
        "add_note",
        "Add a note",
        "Add a note to a customer. (The sample server says so, and keeps nothing.)",
        {"customer_id": _ID, "text": {"type": "string", "minLength": 1, "maxLength": 500}},
        {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": False},
    ),
    _tool(
        "send_mail",
        "Send a mail",
        "Send a mail to a customer's contact. (The sample server only pretends to.)",
        {
            "customer_id": _ID,
            "subject": {"type": "string", "minLength": 1, "maxLength": 120},
            "body": {"type": "string", "minLength": 1, "maxLength": 4000},
        },
        {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": True},
    ),
    _tool(
        "delete_customer",
        "Delete a customer",
        "Delete a customer and everything that is known about them. (The sample server only pretends to.)",
        {"customer_id": _ID},
        {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True},
    ),
]

_VALIDATORS = {tool["name"]: jsonschema_rs.validator_for(tool["inputSchema"]) for tool in TOOLS}


def run(name: str, arguments: dict[str, Any]) -> Result:
    """The result of a known tool; wrong arguments and unknown customers are results too, marked as errors."""
    wrong = next(iter(_VALIDATORS[name].iter_errors(arguments)), None)
    if wrong is not None:
        return _text(f"The arguments don't fit: {wrong.message}.", is_error=True)
    if name == "search_customers":
        return _structured({"customers": search(arguments.get("query", ""))})
    customer = find(arguments["customer_id"])
    if customer is None:
        return _text(f"There is no customer {arguments['customer_id']}. Try search_customers.", is_error=True)
    return _RUN[name](customer, arguments)


def is_known(name: object) -> bool:
    return isinstance(name, str) and name in _VALIDATORS


def _get_customer(customer: Customer, _: dict[str, Any]) -> Result:
    return _structured(dict(customer))


def _add_note(customer: Customer, arguments: dict[str, Any]) -> Result:
    notes = [*customer["notes"], arguments["text"]]
    listed = "\n".join(f"- {note}" for note in notes)
    return _text(f"Noted for {customer['name']}. The notes are now:\n{listed}")


def _send_mail(customer: Customer, arguments: dict[str, Any]) -> Result:
    to = f"{customer['contact']} <{customer['email']}>"
    return _text(f"Sent “{arguments['subject']}” to {to}, {len(arguments['body'].split())} words. (Not really.)")


def _delete_customer(customer: Customer, _: dict[str, Any]) -> Result:
    notes = len(customer["notes"])
    return _text(f"Deleted {customer['name']} ({customer['id']}) with {notes} notes. (Not really.)")


_RUN: dict[str, Callable[[Customer, dict[str, Any]], Result]] = {
    "get_customer": _get_customer,
    "add_note": _add_note,
    "send_mail": _send_mail,
    "delete_customer": _delete_customer,
}


def _text(text: str, *, is_error: bool = False) -> Result:
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def _structured(value: dict[str, Any]) -> Result:
    return {**_text(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()), "structuredContent": value}
