"""The template tags of tables: a cell that is there when its column is shown, and the box that ticks a row."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.template import Context, Node, NodeList
from django.template.base import FilterExpression, Parser, Token
from django.utils.html import format_html
from django.utils.safestring import SafeString

from harriet.lib.text import show_hidden
from harriet.pages.tables.listed import Listed

register = template.Library()

_ENDLESS = re.compile(r"[^\s<>&;]{20,}")
_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)|^[^<>]+")


class CellNode(Node):
    def __init__(self, table: FilterExpression, key: FilterExpression, nodelist: NodeList) -> None:
        self.table, self.key, self.nodelist = table, key, nodelist

    def render(self, context: Context) -> SafeString:
        table: Listed[Any] = self.table.resolve(context)
        key = self.key.resolve(context)
        column = next((one for one in table.columns if one.key == key), None)
        if column is None:
            return SafeString("")
        kind = SafeString(' class="numeric"') if column.is_numeric else ""
        label = "" if column.is_label_read else column.label
        content = may_break(self.nodelist.render(context).strip())
        return format_html('<td data-label="{}"{}>{}</td>', label, kind, content)


def may_break(html: str) -> SafeString:
    """The same, in which one endless word, such as a long address, breaks where the column ends. Others never do."""
    return SafeString(_TEXT.sub(lambda text: _ENDLESS.sub(r'<span class="endless">\g<0></span>', text[0]), html))


@register.tag
def cell(parser: Parser, token: Token) -> CellNode:
    """{% cell table "owner" %} … {% endcell %}: nothing when the person doesn't see the column."""
    words = token.split_contents()
    if len(words) != 3:
        raise template.TemplateSyntaxError("cell takes a table and the key of a column")
    table, key = (parser.compile_filter(word) for word in words[1:])
    nodelist = parser.parse(("endcell",))
    parser.delete_first_token()
    return CellNode(table, key, nodelist)


@register.simple_tag
def tick(table: Listed[Any], pk: object, name: object) -> SafeString:
    """{% tick table row.pk row.name %}: nothing when rows can't be ticked."""
    if not table.can_tick:
        return SafeString("")
    checked = SafeString(" checked") if str(pk) in table.ticked else ""
    box = '<td class="tick"><input type="checkbox" name="ids" value="{}" aria-label="Tick {}"{}></td>'
    return format_html(box, pk, show_hidden(str(name)), checked)
