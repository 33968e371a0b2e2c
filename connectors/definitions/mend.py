"""What servers list, made valid MCP where the meaning is clear: an entry that official clients can't read costs them
the whole list, the healthy servers' entries too.

`mended` takes JSON that has one meaning (see `sound`) and gives the entry as Harriet pins and shows it, valid for every
revision but for what `shown_to_older` leaves out. What is absent, null, or an empty list where PHP means an empty
object is passed over in silence; every other change is told to `note`, for the end of a sentence. What can't be mended
raises Problem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors.definitions.members import (
    Entry,
    Note,
    put_choice,
    put_flags,
    put_list,
    put_moment,
    put_object,
    put_priority,
    put_size,
    put_texts,
    quoted,
    take_out,
)
from connectors.definitions.sound import WORDS, Remarks, label_of
from harriet.lib.errors import Problem
from harriet.lib.schemas import why_not_portable

_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


def mended(member: str, given: Mapping[str, Any], note: Note) -> Entry:
    """`member` says which list it is of: tools, prompts, resources, resourceTemplates."""
    entry = dict(given)
    put_texts(entry, ("title", "description"), note)
    _icons(entry, note)
    put_object(entry, "_meta", note)
    _MENDERS[member](entry, note)
    return entry


def mended_entries(member: str, entries: Iterable[Mapping[str, Any]], remarks: Remarks) -> list[Entry]:
    """Those that can be used."""
    found = (mended_entry(member, entry, remarks) for entry in entries)
    return [entry for entry in found if entry is not None]


def mended_entry(
    member: str, given: Mapping[str, Any], remarks: Remarks, check: Callable[[Entry], None] = lambda _: None
) -> Entry | None:
    """None, and a remark, for what is left out; `check` raises Problem for more reasons to do so."""
    label, notes = f"The {WORDS[member]} {label_of(given)}", list[str]()
    try:
        entry = mended(member, given, notes.append)
        check(entry)
    except Problem as problem:
        remarks.left_out.append(f"{label} was left out: {problem.message.removesuffix('.')}.")
        return None
    if notes:
        remarks.mended.append(f"{label} was mended: {'; '.join(dict.fromkeys(notes))}.")
    return entry


def _tool(tool: Entry, note: Note) -> None:
    _named(tool)
    tool["inputSchema"] = _input_schema(tool.get("inputSchema"), note)
    _output_schema(tool, note)
    annotations = put_object(tool, "annotations", note)
    if annotations is not None:
        put_texts(annotations, ("title",), note)
        put_flags(annotations, _HINTS, note)
    execution = put_object(tool, "execution", note)
    if execution is not None:
        put_choice(execution, "taskSupport", ("required", "optional", "forbidden"), note)


def _prompt(prompt: Entry, note: Note) -> None:
    _named(prompt)
    given = prompt.get("arguments")
    if given is None or given == {}:
        prompt.pop("arguments", None)
    elif not isinstance(given, list):
        raise Problem("its arguments are not a list")
    else:
        prompt["arguments"] = [_argument(one, note) for one in given]


def _argument(given: Any, note: Note) -> Entry:
    if isinstance(given, str) and given:
        note(f"its argument {quoted(given)} was a name alone")
        return {"name": given}
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise Problem("one of its arguments has no name")
    argument = dict(given)
    put_texts(argument, ("title", "description"), note)
    put_flags(argument, ("required",), note)
    return argument


def _resource(resource: Entry, note: Note) -> None:
    _addressed(resource, "uri", note)
    put_size(resource, note)


def _template(template: Entry, note: Note) -> None:
    _addressed(template, "uriTemplate", note)


def _named(entry: Entry) -> None:
    if not isinstance(entry.get("name"), str) or not entry["name"]:
        raise Problem("it has no name")


def _addressed(entry: Entry, address: str, note: Note) -> None:
    """A name is only shown, so one is made where it is missing; without an address there is nothing to read."""
    if not isinstance(entry.get(address), str) or not entry[address]:
        raise Problem("it has no address")
    put_texts(entry, ("name", "mimeType"), note)
    if "name" not in entry:
        note("it had no name; its title or its address is shown")
        entry["name"] = entry.get("title") or entry[address]
    annotations = put_object(entry, "annotations", note)
    if annotations is not None:
        put_list(annotations, "audience", lambda one: one in ("user", "assistant"), note)
        put_moment(annotations, note)
        put_priority(annotations, note)


def _input_schema(given: Any, note: Note) -> Entry:
    if not isinstance(given, dict):
        raise Problem("it says nothing about its arguments (inputSchema)")
    schema, kind = _root(given, "inputSchema", note), given.get("type")
    if kind == "object":
        return schema
    if kind is not None and not (isinstance(kind, list) and "object" in kind):
        raise Problem(f"its inputSchema is of type {quoted(kind)}, though arguments are always an object")
    note("its inputSchema was not said to be of an object, as arguments always are")
    return {**schema, "type": "object"} if "type" in schema else {"type": "object", **schema}


def _output_schema(tool: Entry, note: Note) -> None:
    """It only promises something: without it the tool works."""
    given = tool.get("outputSchema")
    if given is None or given == []:
        tool.pop("outputSchema", None)
        return
    try:
        tool["outputSchema"] = _output_root(given, note)
    except Problem as problem:
        del tool["outputSchema"]
        note(f"its outputSchema was taken out: {problem.message}")


def _output_root(given: Any, note: Note) -> Entry:
    if not isinstance(given, dict):
        raise Problem("it is not an object")
    schema = _root(given, "outputSchema", note)
    if schema.get("type") is None:
        schema.pop("type", None)
        if isinstance(schema.get("properties"), dict):
            note("its outputSchema has properties, but was not said to be of an object")
            schema = {"type": "object", **schema}
    if reason := why_not_portable(schema):
        raise Problem(f"clients would drop the whole list for it, because {reason}")
    return schema


def _root(given: Mapping[str, Any], where: str, note: Note) -> Entry:
    """What the protocol itself says of a schema. The rest is JSON Schema's, and checked where it is compiled."""
    schema = dict(given)
    if not isinstance(schema.get("$schema", ""), str):
        take_out(schema, "$schema", where, note)
    properties = schema.get("properties", {})
    if properties is None or properties == []:
        schema.pop("properties", None)
    elif not isinstance(properties, dict):
        raise Problem(f"the properties of its {where} are not an object")
    elif properties:
        schema["properties"] = {name: _property(one, name, where) for name, one in properties.items()}
    _required(schema, where, note)
    return schema


def _property(given: Any, name: str, where: str) -> Entry:
    """True and false are schemas too, but not every official client knows; null and PHP's empty list say nothing."""
    if isinstance(given, dict):
        return given
    if given is True or given is None or given == []:
        return {}
    if given is False:
        return {"not": {}}
    raise Problem(f"the property {quoted(name)} of its {where} is not a schema")


def _required(schema: Entry, where: str, note: Note) -> None:
    if isinstance(schema.get("required"), str):
        note(f"“required” of its {where} was one name, not a list")
        schema["required"] = [schema["required"]]
    put_list(schema, "required", lambda one: isinstance(one, str), note, of=where)


def _icons(entry: Entry, note: Note) -> None:
    icons = entry.get("icons")
    if isinstance(icons, dict):
        icons = entry["icons"] = [icons]
        note("its icons were one icon, not a list")
    put_list(entry, "icons", lambda one: isinstance(one, dict) and isinstance(one.get("src"), str), note)
    if isinstance(entry.get("icons"), list):
        entry["icons"] = [_icon(one, note) for one in entry["icons"]]


def _icon(given: Mapping[str, Any], note: Note) -> Entry:
    icon = dict(given)
    put_texts(icon, ("mimeType",), note)
    put_choice(icon, "theme", ("light", "dark"), note)
    if isinstance(icon.get("sizes"), str):
        icon["sizes"] = icon["sizes"].split()  # as an early draft of the protocol had it
    put_list(icon, "sizes", lambda one: isinstance(one, str), note)
    return icon


_MENDERS: dict[str, Callable[[Entry, Note], None]] = {
    "tools": _tool,
    "prompts": _prompt,
    "resources": _resource,
    "resourceTemplates": _template,
}
