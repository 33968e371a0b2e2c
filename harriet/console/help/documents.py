"""The documents of docs/ as pages: written once, in Markdown, and read here without leaving Harriet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER: Path = settings.BASE_DIR / "docs"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Documents for one kind of reader, by the names of their files."""

    title: str
    names: tuple[str, ...]


SHELVES = (
    Shelf(
        "For everybody who uses Harriet",
        (
            "first-run",
            "people",
            "single-sign-on",
            "enterprise",
            "approvals",
            "workflows",
            "limits",
            "emergency-stop",
            "reviews",
            "notifications",
            "audit",
            "redaction",
            "servers",
            "clients",
            "devices",
            "records",
        ),
    ),
    Shelf("For whoever runs it", ("production", "renewal", "setup-file", "metrics", "scale", "large", "performance")),
    Shelf("For reference", ("audit-events", "reference", "conformance", "oauth-scoreboard", "sessions")),
    Shelf("For its developers", ("architecture", "recipes")),
)


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    title: str
    html: SafeString


def is_document(name: str) -> bool:
    """Whether there is one of this name. Asked of the folder's list, so that a name is never a path."""
    return name in names()


@cache
def names() -> frozenset[str]:
    return frozenset(path.stem for path in FOLDER.glob("*.md"))


@cache
def document(name: str) -> Document:
    """Raises KeyError when there is none."""
    if not is_document(name):
        raise KeyError(name)
    text = (FOLDER / f"{name}.md").read_text()
    tokens = _markdown().parse(text)
    _adapt(tokens)
    html = _markdown().renderer.render(tokens, _markdown().options, {})
    return Document(name, _title(text, name), SafeString(html))  # our own files, and HTML in them is text


def title_of(name: str) -> str:
    return document(name).title


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _title(text: str, name: str) -> str:
    found = re.match(r"# (.+)", text)
    return found[1].replace("`", "") if found else name


def _adapt(tokens: list[Token]) -> None:
    """The title goes, because the page has one; headings can be linked to, tables scroll, links stay inside."""
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        del tokens[:3]
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor_of(tokens[place + 1].content))
        elif token.type == "fence":
            token.attrSet("tabindex", "0")
    for inner in _inner(tokens):
        _adapt_link(inner)


def anchor_of(heading: str) -> str:
    """As the forges make them, so that a link works there and here."""
    return slugify(re.sub(r"[`*_]", "", heading))


def _inner(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


def _adapt_link(token: Token) -> None:
    if token.type == "image":
        token.attrSet("loading", "lazy")
    name = {"link_open": "href", "image": "src"}.get(token.type)
    if name is not None:
        token.attrSet(name, _inside(str(token.attrGet(name))))


def _inside(address: str) -> str:
    """Another document's address here; a picture's; any other as it is written."""
    path, hash, anchor = address.partition("#")
    stem, _, ending = path.rpartition(".")
    if ending == "md" and is_document(stem):
        return reverse("help:document", args=[stem]) + hash + anchor
    name = path.rpartition("/")[2]
    return reverse("help:picture", args=[name]) if name in _pictures() else address


def picture(name: str) -> Path:
    """Raises KeyError when there is none of this name."""
    return _pictures()[name]


@cache
def _pictures() -> dict[str, Path]:
    """By the name of the file, so that a name is never a path."""
    return {path.name: path for path in (*FOLDER.glob("*.svg"), *FOLDER.glob("screenshots/*.png"))}
