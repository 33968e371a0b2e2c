"""The parts that pages are made of, as template tags, from a status to the chip of a risk with its colour: each one
template in templates/parts/ and one block of CSS."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from django import template
from django.forms import BoundField
from django.http import QueryDict
from django.template import Context
from django.template.loader import render_to_string
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from harriet.lib.text import show_hidden
from harriet.pages.icons import ICONS
from harriet.pages.links import link_with
from harriet.pages.relative_time import exact, relative, time_left

register = template.Library()

RISKS = {
    "read_only": ("ok", "Read-only"),
    "moderate": ("attention", "Moderate"),
    "dangerous": ("danger", "Dangerous"),
    "unknown": ("neutral", "Unknown"),
}


@register.simple_tag(takes_context=True)
def rendered_block(context: Context, name: str) -> str:
    """What the page put into a block, without the blanks around it: used twice, or to see whether there is any."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return SafeString(block.render(context).strip()) if block else SafeString("")


@register.simple_tag(takes_context=True)
def live(context: Context, seconds: int, url: str = "") -> SafeString:
    """The attributes of the element around `{% block live %}`: it asks for that block anew every so many seconds, at
    the page's address or at another one that the page has the same block at.

    A page that answers something sent keeps standing: its address may not be one to read. Beside a list it has a name
    of its own, as the list has a region too.
    """
    request = context["request"]
    if request.method != "GET":
        return SafeString("")
    return format_html(
        'id="{}" hx-get="{}" hx-trigger="every {}s, look" hx-swap="innerHTML"',
        "panel-live" if request.htmx.target in {"panel", "panel-live"} else "live",
        url or request.get_full_path(),
        seconds,
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="{}"/></svg>', ICONS[name])


@register.simple_tag
def status(kind: str, word: object) -> SafeString:
    """A state as a dot and a word; the word alone must be enough."""
    return format_html('<span class="status {}">{}</span>', kind, word)


@register.simple_tag
def risk_chip(risk: str) -> SafeString:
    kind, word = RISKS.get(str(risk), RISKS["unknown"])
    return format_html('<span class="chip {}">{}</span>', kind, word)


@register.simple_tag
def tag(text: object) -> SafeString:
    return format_html('<span class="tag"><bdi>{}</bdi></span>', text)


@register.simple_tag
def reltime(moment: datetime | str | None, never: str = "never") -> SafeString:
    """The time in words with the exact one in the title; `never` when there is none (Django gives "" for missing)."""
    if not isinstance(moment, datetime):
        return format_html('<span class="soft">{}</span>', never)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), relative(moment))


@register.simple_tag
def countdown(moment: datetime) -> SafeString:
    """The time that is left in words, which goes on with scripts; by the server's clock, whatever the reader's says."""
    left = max(int((moment - timezone.now()).total_seconds()), 0)
    return format_html(
        '<time class="countdown" datetime="{}" title="{}" data-left="{}">{}</time>',
        moment.isoformat(),
        exact(moment),
        left,
        time_left(moment),
    )


@register.simple_tag
def visible(text: object) -> SafeString:
    """Text from a server or client: hidden characters shown, its writing direction kept inside."""
    return format_html('<bdi class="visible">{}</bdi>', show_hidden(str(text)))


@register.simple_tag
def breaking(name: object) -> SafeString:
    """A name from a server, such as list_things_of_department: it breaks between its words, and nowhere else."""
    words = re.findall(r"[^_./-]*[_./-]+|[^_./-]+", str(name))
    return format_html(
        '<bdi class="visible">{}</bdi>', format_html_join("", "{}<wbr>", ((show_hidden(w),) for w in words))
    )


@register.simple_tag
def marked(text: object, pieces: Sequence[str] = ()) -> SafeString:
    """The same, with each of the pieces in it marked where it stands."""
    whole, spans = str(text), []
    for piece in filter(None, pieces):
        spans += [found.span() for found in re.finditer(re.escape(piece), whole)]
    shown, end = [], 0
    for start, stop in _joined(spans):
        shown += [("{}", whole[end:start]), ("<mark>{}</mark>", whole[start:stop])]
        end = stop
    parts = (format_html(form, show_hidden(part)) for form, part in (*shown, ("{}", whole[end:])))
    return format_html('<bdi class="visible">{}</bdi>', format_html_join("", "{}", ((part,) for part in parts)))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


@register.simple_tag
def json_block(value: Any, label: str = "JSON") -> SafeString:
    """JSON set out for reading; text that is not JSON is shown as it is."""
    text = show_hidden(_pretty(value))
    return format_html(
        '<pre class="code" tabindex="0" role="region" aria-label="{}"><code>{}</code></pre>', label, text
    )


def _pretty(value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value).decode("utf-8", "replace")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.simple_tag
def copy_block(text: object, label: str = "Text to copy") -> SafeString:
    return _part("copy_block", text=str(text), label=label)


@register.simple_tag
def person_chip(person: object) -> SafeString:
    """A person by name, with the e-mail address in the title; a label stands for people who are gone."""
    name = show_hidden(str(person)) if person else "Nobody"
    email = show_hidden(getattr(person, "email", ""))
    return _part("person_chip", name=name, email=email if email != name else "", initials=_initials(name))


def _initials(name: str) -> str:
    words = name.partition("@")[0].replace(".", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """A form field with its label, help and error beside it."""
    kind = getattr(bound.field.widget, "input_type", "")
    if next(iter(bound.form.errors), "") == bound.name and not bound.use_fieldset:
        # The first that is wrong has the focus when the page is there: it is in sight, wherever it stands.
        bound.field.widget.attrs["autofocus"] = True
    return _part("field", field=bound, is_single_checkbox=kind == "checkbox" and not bound.use_fieldset)


@register.simple_tag
def form_errors(form: Any) -> SafeString:
    """What is wrong with the form as a whole; the errors of a field stand beside the field."""
    return _part("form_errors", errors=form.non_field_errors())


@register.simple_tag
def once() -> SafeString:
    """In a form that makes something: the same form sent twice can be told from two that say the same."""
    return format_html('<input type="hidden" name="once" value="{}">', token_urlsafe(12))


@register.simple_tag
def empty_state(title: str, sentence: str, url: str = "", label: str = "") -> SafeString:
    return _part("empty_state", title=title, sentence=sentence, url=url, label=label)


@register.simple_tag(takes_context=True)
def pager(context: Context, next: object = "", previous: object = "", name: str = "cursor") -> SafeString:
    """Links to the newer and older rows by cursor; keeps the filters that are in the address."""
    query = context["request"].GET
    return _part("pager", older=_with(query, name, next), newer=_with(query, name, previous))


def _with(query: QueryDict, name: str, cursor: object) -> str:
    return link_with(query, name, cursor) if cursor else ""


@register.simple_tag
def sparkline(values: Sequence[int], label: str) -> SafeString:
    """A small line of counts, oldest first; `label` says in words what it shows."""
    top, step = max([*values, 1]), 96 / max(len(values) - 1, 1)
    points = " ".join(f"{2 + i * step:.1f},{22 - 20 * value / top:.1f}" for i, value in enumerate(values))
    return format_html(
        '<svg class="sparkline" viewBox="0 0 100 24" role="img" aria-label="{}"><polyline points="{}"/></svg>',
        label,
        points,
    )


def _part(name: str, /, **context: object) -> SafeString:
    return render_to_string(f"parts/{name}.html", context)
