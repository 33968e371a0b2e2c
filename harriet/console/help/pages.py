"""The pages of Help: what the page that one comes from is for, the documents, and one document."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from harriet.console.help.documents import SHELVES, Document, document, is_document, picture, title_of
from harriet.console.help.topics import TOPICS_OF_KEYS, WORDS
from harriet.pages.context import PageContext, show
from harriet.pages.links import Link


@dataclass(frozen=True, slots=True)
class TopicPage(PageContext):
    template = "help/topic.html"
    what_for: str
    words: list[tuple[str, str]]
    documents: list[Link]


@require_safe
def topic_page(request: HttpRequest, key: str = "") -> HttpResponse:
    """As a page, and as the drawer that a page opens at its side."""
    topic = TOPICS_OF_KEYS.get(key)
    if topic is None:
        raise Http404("There is no such page.")
    words = [(word, WORDS[word]) for word in topic.words]
    return show(request, TopicPage(topic.what_for, words, [_link(name) for name in topic.documents]))


@dataclass(frozen=True, slots=True)
class DocumentsPage(PageContext):
    template = "help/documents.html"
    shelves: list[tuple[str, list[Link]]]
    words: list[tuple[str, str]]


@require_safe
def documents_page(request: HttpRequest) -> HttpResponse:
    shelves = [(shelf.title, [_link(name) for name in shelf.names if is_document(name)]) for shelf in SHELVES]
    return show(request, DocumentsPage(shelves, sorted(WORDS.items(), key=lambda pair: pair[0].casefold())))


@dataclass(frozen=True, slots=True)
class DocumentPage(PageContext):
    template = "help/document.html"
    document: Document


@require_safe
def document_page(request: HttpRequest, name: str) -> HttpResponse:
    if not is_document(name):
        raise Http404("There is no such document.")
    return show(request, DocumentPage(document(name)))


@require_safe
def document_picture(request: HttpRequest, name: str) -> FileResponse:
    try:
        found = picture(name)
    except KeyError:
        raise Http404("There is no such picture.") from None
    return FileResponse(found.open("rb"))


def _link(name: str) -> Link:
    return Link(reverse("help:document", args=[name]), title_of(name))
